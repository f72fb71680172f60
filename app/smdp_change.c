/* SPDX-License-Identifier: Apache-2.0 */
/* `tern smdp confirm|release|cancel`: one ES2+ call about an ICCID each. */
#include <stdio.h>
#include <string.h>

#include "app/smdp_link.h"

struct change {
    struct es2_options link;
    const char *iccid;
    const char *eid;
    const char *matching_id;
    const char *confirmation_code;
    const char *smds;
    const char *final_status;
    bool no_release;
    bool default_smdp;
};

static const struct option_row CONFIRM_ROWS[] = {
    ES2_OPTIONS(change),
    OPTION_TEXT(struct change, iccid, "iccid", "DIGITS", "of the order"),
    OPTION_TEXT(struct change, eid, "eid", "DIGITS", "only for this eUICC"),
    OPTION_TEXT(struct change, matching_id, "matching-id", "TEXT", "instead of a random one"),
    OPTION_TEXT(struct change, confirmation_code, "confirmation-code", "CODE",
                "the device has to give it"),
    OPTION_TEXT(struct change, smds, "smds", "FQDN", "announce it at this SM-DS"),
    OPTION_FLAG(struct change, default_smdp, "default-smdp", "found by the EID alone"),
    OPTION_FLAG(struct change, no_release, "no-release", "without releasing"),
};
static const struct option_row RELEASE_ROWS[] = {
    ES2_OPTIONS(change),
    OPTION_TEXT(struct change, iccid, "iccid", "DIGITS", "of the order"),
};
static const struct option_row CANCEL_ROWS[] = {
    ES2_OPTIONS(change),
    OPTION_TEXT(struct change, iccid, "iccid", "DIGITS", "of the order"),
    OPTION_TEXT(struct change, eid, "eid", "DIGITS", "of the order, where it has one"),
    OPTION_TEXT(struct change, matching_id, "matching-id", "TEXT", "of the order"),
    OPTION_TEXT(struct change, final_status, "final-status", "Available|Unavailable",
                "what becomes of the profile; default Available"),
};

#define USAGE(verb) \
    "tern smdp " verb " (--es2 URL --pki DIR | --data DIR) --iccid DIGITS [OPTION ...]"
static const struct option_table CONFIRM =
    OPTION_TABLE(USAGE("confirm"), "ES2+.ConfirmOrder.", CONFIRM_ROWS);
static const struct option_table RELEASE =
    OPTION_TABLE(USAGE("release"), "ES2+.ReleaseProfile.", RELEASE_ROWS);
static const struct option_table CANCEL =
    OPTION_TABLE(USAGE("cancel"), "ES2+.CancelOrder.", CANCEL_ROWS);

static int send_change(const struct change *change, enum tern_es2plus_function function)
{
    struct es2_link link;
    struct es2_request request;
    struct es2_response response;
    int result = 2;
    if (es2_open(&link, &change->link) == TERN_OK) {
        es2_begin(&link, &request, function);
        es2_add(&request, "iccid", change->iccid);
        es2_add(&request, "eid", change->eid);
        es2_add(&request, "matchingId", change->default_smdp ? "" : change->matching_id);
        es2_add(&request, "confirmationCode", change->confirmation_code);
        es2_add(&request, "smdsAddress", change->smds);
        es2_add(&request, "finalProfileStatusIndicator", change->final_status);
        if (function == TERN_ES2PLUS_CONFIRM_ORDER) {
            tern_json_write_bool(&request.json, "releaseFlag", !change->no_release);
        }
        if (es2_send(&link, &request, &response) == TERN_OK) {
            result = tern_status_ok(&response.status) ? 0 : es2_refused(&response);
        }
        if (result == 0 && change->link.json) {
            printf("%.*s\n", (int)response.object.raw.size, (const char *)response.object.raw.data);
        }
    }
    es2_close(&link);
    return result;
}

static int run(const struct option_table *table, struct change *change,
               enum tern_es2plus_function function, int argc, char **argv)
{
    int status = options_parse(table, change, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (change->iccid == NULL) {
        fprintf(stderr, "usage: %s\n", table->usage);
        return 2;
    }
    return send_change(change, function);
}

int smdp_confirm(int argc, char **argv)
{
    struct change change = {.iccid = NULL};
    return run(&CONFIRM, &change, TERN_ES2PLUS_CONFIRM_ORDER, argc, argv);
}

int smdp_release(int argc, char **argv)
{
    struct change change = {.iccid = NULL};
    return run(&RELEASE, &change, TERN_ES2PLUS_RELEASE_PROFILE, argc, argv);
}

int smdp_cancel(int argc, char **argv)
{
    struct change change = {.final_status = "Available"};
    return run(&CANCEL, &change, TERN_ES2PLUS_CANCEL_ORDER, argc, argv);
}
