/* SPDX-License-Identifier: Apache-2.0 */
/* `tern sim`: worlds that are expensive to have. */
#include "app/sim.h"

#include "app/verbs.h"
#include "host/config/options.h"

int verb_sim(int argc, char **argv)
{
    static const struct command_row COMMANDS[] = {
        {"link", sim_link, "a modelled link: what exchanges cost over it, or between processes"},
        {NULL,   NULL,     NULL                                                                },
    };
    return command_run("tern sim COMMAND", COMMANDS, argc, argv);
}
