/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern euicc show: what a card holds, in words or as JSON, or as one digest for "unchanged, byte
 * for byte". No secret is printed. It asks the card the way an IPA does, so that there is one
 * truth.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/euicc.h"
#include "host/card/card_directory.h"
#include "host/config/options.h"
#include "tern/messages/es10b_iot.h"
#include "tern/messages/es10c.h"

#define RECORD_SIZE_MAX 65536

struct show_options {
    bool json, digest;
};

static const struct option_row SHOW_ROWS[] = {
    OPTION_FLAG(struct show_options, json, "json", "print JSON"),
    OPTION_FLAG(struct show_options, digest, "digest",
                "print the SHA-256 over all persistent records, nothing left out"),
};
static const struct option_table SHOW_TABLE =
    OPTION_TABLE("tern euicc show DIR [--json] [--digest]",
                 "Shows the state of a card that nobody serves.", SHOW_ROWS);

/** SHA-256 over key | size | data of every record: hashed one by one, then together. */
static int print_digest(struct card_host *host)
{
    const struct tern_crypto *crypto = host->config.crypto;
    uint8_t digest[TERN_SHA256_SIZE] = {0};
    uint8_t *data = malloc(RECORD_SIZE_MAX);
    int status = data == NULL ? TERN_ERR_NO_SPACE : 1;
    for (uint32_t key = 0; status == 1; key++) {
        uint8_t head[8];
        struct tern_writer out = tern_writer(data, RECORD_SIZE_MAX);
        struct tern_writer front = TERN_WRITER_OF(head);
        status = tern_card_record_next(&host->card, &key, &out);
        if (status != 1) break;
        tern_write_uint(&front, key, 4);
        tern_write_uint(&front, out.size, 4);
        struct tern_bytes parts[] = {TERN_BYTES_OF(digest), TERN_BYTES_OF(head),
                                     tern_writer_bytes(&out)};
        status = crypto->sha256(crypto->context, digest, parts, 3) == TERN_OK ? 1 : TERN_ERR_CRYPTO;
    }
    if (data != NULL) tern_wipe(data, RECORD_SIZE_MAX);
    free(data);
    if (status != 0) return status;
    char text[2 * sizeof digest + 1] = "";
    struct tern_writer hex = tern_writer(text, sizeof text - 1);
    tern_hex_encode(&hex, TERN_BYTES_OF(digest));
    puts(text);
    return TERN_OK;
}

/** Ask the ISD-R one ES10 command; the response TLV lies in `buffer`. */
static struct tern_bytes ask(struct card_host *host, struct tern_writer *buffer, const char *hex)
{
    static const uint8_t SELECT[] = {0x00, 0xA4, 0x04, 0x0C, 0x10, 0xA0, 0x00,
                                     0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    uint8_t apdu[300];
    uint8_t answer[TERN_CARD_RESPONSE_SIZE];
    uint8_t body[256];
    struct tern_writer response = TERN_WRITER_OF(answer);
    struct tern_writer content = TERN_WRITER_OF(body);
    struct tern_writer command = TERN_WRITER_OF(apdu);
    tern_card_transmit(&host->card, &response, TERN_BYTES_OF(SELECT));
    tern_hex_decode(&content, tern_bytes_text(hex));
    tern_write_uint(&command, 0x80E29100, 4);
    tern_write_byte(&command, (uint8_t)content.size);
    tern_write(&command, tern_writer_bytes(&content));
    struct tern_bytes next = tern_writer_bytes(&command);
    buffer->size = 0;
    for (;;) {
        response.size = 0;
        tern_card_transmit(&host->card, &response, next);
        tern_write(buffer, tern_bytes(answer, response.size - 2));
        if (answer[response.size - 2] != 0x61) break;
        command.size = 0;
        tern_write_uint(&command, 0x80C00000, 4);
        tern_write_byte(&command, answer[response.size - 1]);
        next = tern_writer_bytes(&command);
    }
    return tern_writer_bytes(buffer);
}

static void add_text(cJSON *object, const char *name, struct tern_bytes text)
{
    char buffer[300];
    if (text.data == NULL) return;
    snprintf(buffer, sizeof buffer, "%.*s", (int)text.size, (const char *)text.data);
    cJSON_AddStringToObject(object, name, buffer);
}

static void add_hex(cJSON *object, const char *name, struct tern_bytes bytes)
{
    char buffer[128] = "";
    struct tern_writer out = tern_writer(buffer, sizeof buffer - 1);
    tern_hex_encode(&out, bytes);
    cJSON_AddStringToObject(object, name, buffer);
}

static cJSON *profiles(struct card_host *host, struct tern_writer *buffer)
{
    static const char *const CLASSES[] = {"test", "provisioning", "operational"};
    struct tern_profile_info_list_response response;
    cJSON *list = cJSON_CreateArray();
    struct tern_bytes tlv = ask(host, buffer, "BF2D125C105A4F9F7090919295B7999F7B9F269F67");
    if (tern_asn_decode(&TERN_PROFILE_INFO_LIST_RESPONSE, &response, NULL, tlv) != TERN_OK ||
        response.arm != TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_OK) {
        return list;
    }
    struct tern_bytes rest = response.profile_info_list_ok;
    struct tern_profile_info info;
    while (tern_asn_next(&TERN_PROFILE_INFO, &info, &rest, 0) == 1) {
        cJSON *item = cJSON_CreateObject();
        char iccid[24] = "";
        struct tern_writer digits = tern_writer(iccid, sizeof iccid - 1);
        (void)tern_iccid_to_text(&digits, info.iccid);
        cJSON_AddStringToObject(item, "iccid", iccid);
        cJSON_AddStringToObject(item, "state", info.profile_state == 1 ? "enabled" : "disabled");
        add_hex(item, "aid", info.isdp_aid);
        add_text(item, "serviceProviderName", info.service_provider_name);
        add_text(item, "profileName", info.profile_name);
        add_text(item, "nickname", info.profile_nickname);
        if (info.profile_class >= 0 && info.profile_class < 3) {
            cJSON_AddStringToObject(item, "class", CLASSES[info.profile_class]);
        }
        cJSON_AddBoolToObject(item, "fallback", info.fallback_attribute);
        cJSON_AddBoolToObject(item, "emergency", info.ecall_indication);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *eims(struct card_host *host, struct tern_writer *buffer)
{
    struct tern_get_eim_configuration_data_response response;
    cJSON *list = cJSON_CreateArray();
    struct tern_bytes tlv = ask(host, buffer, "BF5500");
    if (tern_asn_decode(&TERN_GET_EIM_CONFIGURATION_DATA_RESPONSE, &response, NULL, tlv) !=
        TERN_OK) {
        return list;
    }
    struct tern_bytes rest = response.eim_configuration_data_list;
    struct tern_eim_configuration_data data;
    while (tern_asn_next(&TERN_EIM_CONFIGURATION_DATA, &data, &rest, 0) == 1) {
        cJSON *item = cJSON_CreateObject();
        add_text(item, "eimId", data.eim_id);
        add_text(item, "eimFqdn", data.eim_fqdn);
        if (data.has_association_token) {
            cJSON_AddNumberToObject(item, "associationToken", (double)data.association_token);
        }
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static int count_pending(struct card_host *host)
{
    int count = 0;
    uint8_t *data = malloc(RECORD_SIZE_MAX);
    for (uint32_t key = 6u << 24; data != NULL; key++) { /* RECORD_PENDING */
        struct tern_writer out = tern_writer(data, RECORD_SIZE_MAX);
        if (tern_card_record_next(&host->card, &key, &out) != 1 || key >> 24 != 6) break;
        count++;
    }
    free(data);
    return count;
}

static cJSON *describe(struct card_host *host, struct tern_writer *buffer)
{
    const struct tern_card *card = &host->card;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "eid", host->eid);
    cJSON_AddNumberToObject(root, "memory", (double)host->config.memory);
    cJSON_AddNumberToObject(root, "free", (double)tern_card_memory_free(card));
    cJSON_AddItemToObject(root, "profiles", profiles(host, buffer));
    cJSON_AddItemToObject(root, "eims", eims(host, buffer));
    cJSON_AddNumberToObject(root, "sequenceNumber", (double)card->numbers.sequence_number);
    cJSON_AddNumberToObject(root, "pending", count_pending(host));
    cJSON_AddNumberToObject(root, "dropped", (double)card->numbers.dropped);
    cJSON_AddBoolToObject(root, "rollbackGranted", card->numbers.rollback_granted);
    cJSON_AddBoolToObject(root, "fallbackActive", card->numbers.fallback_active);
    cJSON_AddBoolToObject(root, "emergencyActive", card->numbers.emergency_active);
    struct tern_euicc_configured_addresses_response addresses;
    struct tern_bytes tlv = ask(host, buffer, "BF3C00");
    if (tern_asn_decode(&TERN_EUICC_CONFIGURED_ADDRESSES_RESPONSE, &addresses, NULL, tlv) ==
        TERN_OK) {
        add_text(root, "defaultDpAddress", addresses.default_dp_address);
        add_text(root, "rootDsAddress", addresses.root_ds_address);
    }
    return root;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text == NULL ? "-" : text;
}

static double number_of(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void print_words(const cJSON *root)
{
    const cJSON *item = NULL;
    printf("EID       %s\n", text_of(root, "eid"));
    printf("memory    %.0f bytes, %.0f free for profiles\n", number_of(root, "memory"),
           number_of(root, "free"));
    printf("SM-DP+    %s\nSM-DS     %s\n", text_of(root, "defaultDpAddress"),
           text_of(root, "rootDsAddress"));
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "eims"))
    {
        printf("eIM       %s at %s\n", text_of(item, "eimId"), text_of(item, "eimFqdn"));
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "profiles"))
    {
        printf("profile   %s  %-8s  %s, %s (%s)%s%s\n", text_of(item, "iccid"),
               text_of(item, "state"), text_of(item, "serviceProviderName"),
               text_of(item, "profileName"), text_of(item, "class"),
               is_true(item, "fallback") ? ", fallback" : "",
               is_true(item, "emergency") ? ", emergency" : "");
    }
    printf("pending   %.0f notifications and results, last number %.0f\n",
           number_of(root, "pending"), number_of(root, "sequenceNumber"));
    if (number_of(root, "dropped") > 0) {
        printf("dropped   %.0f of them for want of room\n", number_of(root, "dropped"));
    }
    if (is_true(root, "rollbackGranted")) printf("rollback  granted\n");
    if (is_true(root, "fallbackActive")) printf("fallback  executed\n");
    if (is_true(root, "emergencyActive")) printf("emergency profile enabled\n");
}

static int show(struct card_host *host, const struct show_options *options)
{
    if (options->digest) return print_digest(host);
    uint8_t *work = malloc(TERN_CARD_WORK_SIZE);
    uint8_t *data = malloc(RECORD_SIZE_MAX);
    if (work == NULL || data == NULL) {
        free(work);
        free(data);
        return TERN_ERR_NO_SPACE;
    }
    tern_card_lend(&host->card, work, TERN_CARD_WORK_SIZE);
    struct tern_writer buffer = tern_writer(data, RECORD_SIZE_MAX);
    cJSON *root = describe(host, &buffer);
    if (options->json) {
        char *text = cJSON_PrintUnformatted(root);
        puts(text == NULL ? "{}" : text);
        free(text);
    } else {
        print_words(root);
    }
    cJSON_Delete(root);
    (void)tern_card_reset(&host->card);
    tern_card_lend(&host->card, NULL, 0);
    free(work);
    free(data);
    return TERN_OK;
}

int euicc_run_show(int argc, char **argv)
{
    static struct show_options options;
    options = (struct show_options){.json = false};
    int status = options_parse(&SHOW_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", SHOW_TABLE.usage);
        return 2;
    }
    static struct card_host host;
    struct card_error error;
    status = card_directory_open(&host, argv[1], &error);
    if (status != TERN_OK) {
        fprintf(stderr, "tern euicc: %s\n", error.text);
        return 2;
    }
    status = show(&host, &options);
    card_directory_close(&host);
    if (status == TERN_OK) return 0;
    fprintf(stderr, "tern euicc: %s\n", tern_error_text(status));
    return 2;
}
