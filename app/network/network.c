/* SPDX-License-Identifier: Apache-2.0 */
/* `tern network`: a home network and a card's way into it. */
#include <stddef.h>

#include "app/verbs.h"
#include "host/config/options.h"

int verb_network(int argc, char **argv)
{
    static const struct command_row ROWS[] = {
        {NULL, NULL, NULL},
    };
    return command_run("tern network COMMAND [ARGUMENT ...]", ROWS, argc, argv);
}
