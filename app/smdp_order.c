/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern smdp order`: DownloadOrder and ConfirmOrder for one or many profiles, and what the MSP
 * hands over: activation codes on the terminal, as CSV (docs/FORMATS.md) or as QR images.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/qr.h"
#include "app/smdp_link.h"
#include "host/config/files.h"

struct order {
    struct es2_options link;
    const char *iccid;
    const char *type;
    const char *eid;
    const char *matching_id;
    const char *confirmation_code;
    const char *smds;
    const char *csv;
    const char *qr;
    uint64_t count;
    bool no_confirm;
    bool no_release;
    bool default_smdp;
};

static const struct option_row ROWS[] = {
    ES2_OPTIONS(order),
    OPTION_TEXT(struct order, iccid, "iccid", "DIGITS", "the profile with this ICCID"),
    OPTION_TEXT(struct order, type, "type", "NAME", "any profile of this profileType"),
    OPTION_TEXT(struct order, eid, "eid", "DIGITS", "only for this eUICC"),
    OPTION_UINT(struct order, count, "count", 1, 100000, "how many"),
    OPTION_TEXT(struct order, matching_id, "matching-id", "TEXT", "instead of a random one"),
    OPTION_TEXT(struct order, confirmation_code, "confirmation-code", "CODE",
                "the device has to give it"),
    OPTION_TEXT(struct order, smds, "smds", "FQDN", "announce it at this SM-DS"),
    OPTION_FLAG(struct order, default_smdp, "default-smdp",
                "no MatchingID: found by the EID alone"),
    OPTION_FLAG(struct order, no_confirm, "no-confirm", "DownloadOrder only"),
    OPTION_FLAG(struct order, no_release, "no-release", "ConfirmOrder without releasing"),
    OPTION_TEXT(struct order, csv, "csv", "FILE", "activation codes as CSV; - is stdout"),
    OPTION_TEXT(struct order, qr, "qr", "DIR", "one PNG an order, named by its ICCID"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern smdp order (--es2 URL --pki DIR | --data DIR) --operator NAME [OPTION ...]",
                 "Orders profiles and prints their activation codes.", ROWS);

/* One order as the server answered. */
struct ordered {
    char iccid[24];
    char matching_id[TERN_MATCHING_ID_SIZE + 1];
    char address[TERN_ADDRESS_SIZE + 1];
    char code[TERN_ACTIVATION_CODE_SIZE + 300]; /* activation code, "" when there is none */
};

static int download(struct es2_link *link, const struct order *order, struct ordered *ordered)
{
    struct es2_request request;
    struct es2_response response;
    es2_begin(link, &request, TERN_ES2PLUS_DOWNLOAD_ORDER);
    es2_add(&request, "eid", order->eid);
    es2_add(&request, "iccid", order->iccid);
    es2_add(&request, "profileType", order->type);
    if (es2_send(link, &request, &response) < 0) {
        return 2;
    }
    if (!tern_status_ok(&response.status)) {
        return es2_refused(&response);
    }
    es2_text(link, &response, "iccid", ordered->iccid, sizeof ordered->iccid);
    return 0;
}

static int confirm(struct es2_link *link, const struct order *order, struct ordered *ordered)
{
    struct es2_request request;
    struct es2_response response;
    es2_begin(link, &request, TERN_ES2PLUS_CONFIRM_ORDER);
    es2_add(&request, "iccid", ordered->iccid);
    es2_add(&request, "eid", order->eid);
    es2_add(&request, "matchingId", order->default_smdp ? "" : order->matching_id);
    es2_add(&request, "confirmationCode", order->confirmation_code);
    es2_add(&request, "smdsAddress", order->smds);
    tern_json_write_bool(&request.json, "releaseFlag", !order->no_release);
    if (es2_send(link, &request, &response) < 0) {
        return 2;
    }
    if (!tern_status_ok(&response.status)) {
        return es2_refused(&response);
    }
    es2_text(link, &response, "matchingId", ordered->matching_id, sizeof ordered->matching_id);
    es2_text(link, &response, "smdpAddress", ordered->address, sizeof ordered->address);
    if (ordered->matching_id[0] != '\0' && order->smds == NULL) {
        snprintf(ordered->code, sizeof ordered->code, "1$%s$%s%s", ordered->address,
                 ordered->matching_id, order->confirmation_code == NULL ? "" : "$$1");
    }
    return 0;
}

static int write_qr(const struct order *order, const struct ordered *ordered)
{
    char path[700];
    char text[TERN_ACTIVATION_CODE_SIZE + 310];
    snprintf(text, sizeof text, "LPA:%s", ordered->code);
    snprintf(path, sizeof path, "%s/%s.png", order->qr, ordered->iccid);
    int status = folder_make(order->qr, 0700);
    if (status == TERN_OK) {
        status = qr_write_png(path, text);
    }
    if (status < 0) {
        fprintf(stderr, "tern smdp: cannot write %s\n", path);
        return 2;
    }
    return 0;
}

static void print(const struct order *order, const struct ordered *ordered, FILE *csv)
{
    if (csv != NULL) {
        fprintf(csv, "%s,%s,%s,%s,\n", ordered->code,
                order->confirmation_code == NULL ? "" : order->confirmation_code, ordered->iccid,
                order->link.operator_name == NULL ? "" : order->link.operator_name);
    }
    if (order->link.json) {
        printf("{\"iccid\":\"%s\",\"matchingId\":\"%s\",\"smdpAddress\":\"%s\","
               "\"activationCode\":\"%s\"}\n",
               ordered->iccid, ordered->matching_id, ordered->address, ordered->code);
    } else if (csv != stdout) {
        printf("%s %s\n", ordered->iccid, ordered->code);
    }
}

static int order_one(struct es2_link *link, const struct order *order, FILE *csv)
{
    struct ordered ordered = {"", "", "", ""};
    int status = download(link, order, &ordered);
    if (status == 0 && !order->no_confirm) {
        status = confirm(link, order, &ordered);
    }
    if (status == 0 && order->qr != NULL && ordered.code[0] != '\0') {
        status = write_qr(order, &ordered);
    }
    if (status == 0) {
        print(order, &ordered, csv);
    }
    return status;
}

static int order_all(struct es2_link *link, const struct order *order)
{
    FILE *csv = NULL;
    int status = 0;
    if (order->csv != NULL) {
        csv = strcmp(order->csv, "-") == 0 ? stdout : fopen(order->csv, "w");
        if (csv == NULL) {
            fprintf(stderr, "tern smdp: cannot write %s\n", order->csv);
            return 2;
        }
        fputs("activation_code,confirmation_code,iccid,operator,note\n", csv);
    }
    for (uint64_t i = 0; status == 0 && i < order->count; i++) {
        status = order_one(link, order, csv);
    }
    if (csv != NULL && csv != stdout && fclose(csv) != 0) {
        status = 2;
    }
    return status;
}

int smdp_order(int argc, char **argv)
{
    struct order order = {.count = 1};
    struct es2_link link;
    int status = options_parse(&TABLE, &order, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (order.iccid == NULL && order.type == NULL) {
        fprintf(stderr, "tern smdp order: --iccid or --type is missing\n");
        return 2;
    }
    status = es2_open(&link, &order.link) == TERN_OK ? order_all(&link, &order) : 2;
    es2_close(&link);
    return status;
}
