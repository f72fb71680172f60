/* SPDX-License-Identifier: Apache-2.0 */
/* `tern smdp show orders|profiles|sessions|codes` and `tern smdp backup`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/smdp.h"
#include "tern/json.h"

struct show {
    struct smdp_options base;
    bool json;
    struct sqlite_store *store;
    struct tern_smdp smdp;
    uint8_t *memory;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct show, base.data, "data", "DIR", "the data directory of the SM-DP+"),
    OPTION_FLAG(struct show, json, "json", "print JSON, one object a line"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern smdp show orders|profiles|sessions|codes [--data DIR]",
                 "What the SM-DP+ keeps, or (codes) all status codes in words. MatchingIDs are "
                 "shown: they are what a device needs to download.",
                 ROWS);

static void put_iccid(struct tern_json_writer *json, struct tern_bytes iccid)
{
    uint8_t digits[20];
    struct tern_writer out = TERN_WRITER_OF(digits);
    if (tern_iccid_to_text(&out, iccid) == TERN_OK) {
        tern_json_write_text(json, "iccid", tern_writer_bytes(&out));
    }
}

static void put_eid(struct tern_json_writer *json, struct tern_bytes eid)
{
    uint8_t digits[32];
    struct tern_writer out = TERN_WRITER_OF(digits);
    if (eid.size == TERN_EID_SIZE) {
        tern_eid_to_text(&out, eid.data);
        tern_json_write_text(json, "eid", tern_writer_bytes(&out));
    }
}

static void put_text(struct tern_json_writer *json, const char *key, struct tern_bytes text)
{
    if (text.data != NULL) {
        tern_json_write_text(json, key, text);
    }
}

static void put_order(struct tern_json_writer *json, const struct tern_smdp_view *view)
{
    put_text(json, "requester", view->requester);
    put_eid(json, view->eid);
    put_text(json, "matchingId", view->matching_id);
    tern_json_write_bool(json, "confirmationCode", view->confirmation_required);
    tern_json_write_int(json, "confirmationFailures", view->confirmation_failures);
    tern_json_write_int(json, "attempts", view->attempts);
    tern_json_write_int(json, "created", view->created);
    tern_json_write_int(json, "expires", view->expires);
    put_text(json, "smdsAddress", view->smds_address);
    put_text(json, "why", view->why);
}

static void print_profile(const struct show *show, const struct tern_smdp_view *view)
{
    uint8_t buffer[4096];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_json_writer json = tern_json_writer(&out);
    const char *state = tern_asn_name(TERN_SMDP_STATE_NAMES, view->state);
    tern_json_begin_object(&json, NULL);
    put_iccid(&json, view->iccid);
    put_text(&json, "profileType", view->profile_type);
    put_text(&json, "owner", view->owner);
    tern_json_write_text(&json, "state", tern_bytes_text(state));
    if (view->state != TERN_SMDP_STATE_Available) {
        put_order(&json, view);
    }
    tern_json_end_object(&json);
    if (show->json) {
        printf("%.*s\n", (int)out.size, (const char *)buffer);
        return;
    }
    uint8_t iccid[20];
    struct tern_writer digits = TERN_WRITER_OF(iccid);
    (void)tern_iccid_to_text(&digits, view->iccid);
    printf("%.*s  %-12s %-16.*s %-32.*s %.*s\n", (int)digits.size, (const char *)iccid, state,
           (int)view->profile_type.size, (const char *)view->profile_type.data,
           (int)view->matching_id.size, (const char *)view->matching_id.data, (int)view->why.size,
           (const char *)view->why.data);
}

static int show_profiles(const struct show *show, bool orders_only)
{
    uint8_t last[TERN_ICCID_SIZE];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (;;) {
        struct tern_arena arena = tern_arena(show->memory, TERN_SMDP_ARENA_SIZE);
        struct tern_smdp_view view;
        int status = tern_smdp_next_profile(&show->smdp, &arena, after, &view);
        if (status <= 0) {
            return status < 0 ? 2 : 0;
        }
        if (!orders_only || view.state != TERN_SMDP_STATE_Available) {
            print_profile(show, &view);
        }
        memcpy(last, view.iccid.data, sizeof last);
        after = TERN_BYTES_OF(last);
    }
}

static int show_sessions(const struct show *show)
{
    uint8_t last[TERN_TRANSACTION_ID_SIZE];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (;;) {
        uint8_t buffer[512];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        struct tern_json_writer json = tern_json_writer(&out);
        struct tern_arena arena = tern_arena(show->memory, TERN_SMDP_ARENA_SIZE);
        struct tern_smdp_session_view view;
        int status = tern_smdp_next_session(&show->smdp, &arena, after, &view);
        if (status <= 0) {
            return status < 0 ? 2 : 0;
        }
        tern_json_begin_object(&json, NULL);
        tern_json_write_hex(&json, "transactionId", view.transaction_id);
        put_eid(&json, view.eid);
        put_iccid(&json, view.iccid);
        tern_json_write_int(&json, "began", view.began);
        tern_json_write_text(&json, "state", tern_bytes_text(view.state));
        tern_json_end_object(&json);
        printf("%.*s\n", (int)out.size, (const char *)buffer);
        if (view.transaction_id.size != sizeof last) {
            return 2;
        }
        memcpy(last, view.transaction_id.data, sizeof last);
        after = TERN_BYTES_OF(last);
    }
}

/* The table of docs/STATUS-CODES.md comes from here. */
static int show_codes(bool json)
{
    for (int code = 1; code < TERN_STATUS_CODE_COUNT; code++) {
        const struct tern_status_text *text = tern_status_text((enum tern_status_code)code);
        if (json) {
            printf("{\"subject\":\"%s\",\"reason\":\"%s\",\"name\":\"%s\",\"meaning\":\"%s\","
                   "\"action\":\"%s\"}\n",
                   text->subject, text->reason, text->name, text->meaning, text->action);
        } else {
            printf("%s/%s  %s; to act: %s\n", text->subject, text->reason, text->meaning,
                   text->action);
        }
    }
    return 0;
}

static int show_what(struct show *show, const char *what)
{
    if (strcmp(what, "orders") == 0 || strcmp(what, "profiles") == 0) {
        return show_profiles(show, what[0] == 'o');
    }
    if (strcmp(what, "sessions") == 0) {
        return show_sessions(show);
    }
    fprintf(stderr, "usage: %s\n", TABLE.usage);
    return 2;
}

int smdp_show(int argc, char **argv)
{
    struct show show = {.json = false};
    int status = options_parse(&TABLE, &show, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc == 2 && strcmp(argv[1], "codes") == 0) {
        return show_codes(show.json);
    }
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", TABLE.usage);
        return 2;
    }
    if (smdp_open(&show.base, &show.store, &show.smdp) != TERN_OK) {
        return 2;
    }
    show.memory = malloc(TERN_SMDP_ARENA_SIZE);
    status = show.memory == NULL ? 2 : show_what(&show, argv[1]);
    free(show.memory);
    sqlite_store_close(show.store);
    tern_wipe(&show.smdp, sizeof show.smdp);
    return status;
}

static const struct option_row BACKUP_ROWS[] = {
    OPTION_TEXT(struct show, base.data, "data", "DIR", "the data directory of the SM-DP+"),
};
static const struct option_table BACKUP =
    OPTION_TABLE("tern smdp backup --data DIR TARGET",
                 "Copies the data directory to TARGET while the server runs. TARGET then holds "
                 "everything, keys included: keep it as safe as the original. To restore, start "
                 "the server with --data TARGET.",
                 BACKUP_ROWS);

int smdp_backup(int argc, char **argv)
{
    struct show show = {.json = false};
    uint8_t secret[SMDP_SECRET_SIZE];
    int status = options_parse(&BACKUP, &show, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", BACKUP.usage);
        return 2;
    }
    if (smdp_open(&show.base, &show.store, &show.smdp) != TERN_OK) {
        return 2;
    }
    memcpy(secret, show.smdp.server.secret, TERN_RSP_SECRET_SIZE);
    memcpy(secret + TERN_RSP_SECRET_SIZE, show.smdp.seal_key, TERN_SMDP_SEAL_KEY_SIZE);
    status = rsp_backup(show.store, "smdp.db", TERN_BYTES_OF(secret), argv[1]);
    tern_wipe(secret, sizeof secret);
    sqlite_store_close(show.store);
    tern_wipe(&show.smdp, sizeof show.smdp);
    return status;
}
