/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong or wasteful in a package. */
#ifndef APP_PROFILE_LINT_H
#define APP_PROFILE_LINT_H

#include "engine/profile/image.h"
#include "tern/profile.h"

#define FINDING_COUNT_MAX 256

enum finding_kind { FINDING_ERROR, FINDING_WARNING, FINDING_WASTE };

struct finding {
    enum finding_kind kind;
    char element[32];
    char text[200];
    size_t bytes; /* what could be saved; 0 when that is not the point */
};

struct findings {
    struct finding rows[FINDING_COUNT_MAX];
    size_t count;
};

void finding_add(struct findings *findings, enum finding_kind kind, const char *element,
                 size_t bytes, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A package installed in memory. `data` is malloc'ed. */
struct installed {
    uint8_t *data;
    struct tern_image_memory memory;
    struct tern_image image;
    struct tern_profile_install install;
    bool ok;
};
void install_package(struct installed *installed, struct tern_bytes upp);
void install_free(struct installed *installed);

/* trim.c: the package without what a meter does not need. False when the result would not be the
 * same profile elsewhere; `why` says so then. */
bool trim_package(struct tern_bytes upp, struct tern_writer *out, const char **why);

/* Is an element CDMA or GSM ballast? */
bool is_ballast(unsigned number);

#endif
