/* SPDX-License-Identifier: Apache-2.0 */
/* `tern profile`: packages from descriptions and back. Each sub-command in its file. */
#include <stdio.h>
#include <stdlib.h>

#include "app/profile/profile.h"
#include "app/verbs.h"
#include "host/config/options.h"

int profile_write(const char *path, struct tern_bytes bytes)
{
    if (path == NULL || (path[0] == '-' && path[1] == '\0')) {
        return fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size ? TERN_OK : TERN_ERR_IO;
    }
    int status = file_write(path, bytes, 0600);
    if (status != TERN_OK) fprintf(stderr, "tern: cannot write %s\n", path);
    return status;
}

int verb_profile(int argc, char **argv)
{
    static const struct command_row ROWS[] = {
        {"build",       profile_build,       "a package (UPP) from a description in YAML"                 },
        {"show",        profile_show,        "any package as YAML, from which build makes the same bytes" },
        {"lint",        profile_lint,        "what is wrong or wasteful in a package; --trim takes it out"},
        {"personalise", profile_personalise, "thousands of packages from a template and a CSV"            },
        {"try",         profile_try,         "install a package in memory and answer APDUs"               },
        {NULL,          NULL,                NULL                                                         },
    };
    return command_run("tern profile COMMAND [ARGUMENT ...]", ROWS, argc, argv);
}
