/* SPDX-License-Identifier: Apache-2.0 */
/* `tern network`: a home network and a card's way into it. */
#include "app/network/network.h"

#include <stddef.h>

#include "app/verbs.h"
#include "host/config/options.h"

int verb_network(int argc, char **argv)
{
    static const struct command_row ROWS[] = {
        {"serve",  network_serve_command,  "run a home network: subscribers, AuC, attach"   },
        {"attach", network_attach_command, "attach a card behind a reader, say why it fails"},
        {NULL,     NULL,                   NULL                                             },
    };
    return command_run("tern network COMMAND [ARGUMENT ...]", ROWS, argc, argv);
}
