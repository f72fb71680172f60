/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of commissioning; see commission.h. */
#include "host/ipa/commission.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/config/files.h"
#include "tern/der.h"

#define CODE_FILE     "pairing-code"
#define ATTEMPTS_FILE "pairing-attempts"

/* ---- The device ---- */

static int state_path(char *path, size_t size, const char *folder, const char *name)
{
    return path_join(path, size, folder, name);
}

static int write_attempts(const char *folder, unsigned attempts)
{
    char path[4096];
    char text[16];
    snprintf(text, sizeof(text), "%u\n", attempts);
    int status = state_path(path, sizeof(path), folder, ATTEMPTS_FILE);
    return status == TERN_OK ? file_write(path, tern_bytes_text(text), 0600) : status;
}

static unsigned read_attempts(const char *folder)
{
    char path[4096];
    uint8_t *data;
    size_t size;
    if (state_path(path, sizeof(path), folder, ATTEMPTS_FILE) != TERN_OK ||
        file_read(path, 64, &data, &size) != TERN_OK) {
        return 0;
    }
    unsigned attempts = (unsigned)strtoul((const char *)data, NULL, 10);
    free(data);
    return attempts;
}

int commission_code(const char *state_folder, bool fresh, char code[PAIRING_CODE_SIZE + 1])
{
    char path[4096];
    uint8_t *data;
    size_t size;
    int status = folder_make(state_folder, 0700);
    if (status == TERN_OK) {
        status = state_path(path, sizeof(path), state_folder, CODE_FILE);
    }
    if (status != TERN_OK) {
        return status;
    }
    if (!fresh && file_read(path, 64, &data, &size) == TERN_OK) {
        status = pairing_code_normalise(code, (const char *)data);
        tern_wipe(data, size);
        free(data);
        return status;
    }
    status = pairing_code_make(code);
    if (status == TERN_OK) {
        status = write_attempts(state_folder, 0);
    }
    return status == TERN_OK ? file_write(path, tern_bytes_text(code), 0600) : status;
}

/* One more, durable before the proof is looked at: a cut of power gives nobody a free try. */
static int count_attempt(void *context)
{
    const struct commission_device *device = context;
    unsigned attempts = read_attempts(device->state_folder);
    if (attempts >= PAIRING_ATTEMPTS_MAX) {
        return TERN_ERR_DENIED;
    }
    return write_attempts(device->state_folder, attempts + 1);
}

/* What a platform may ask the card over this link. */
static bool allowed(struct tern_bytes command)
{
    static const uint8_t TAGS[] = {0x57, 0x3E, 0x56, 0x20, 0x22, 0x55, 0x59};
    for (size_t i = 0; i < sizeof(TAGS); i++) {
        if (command.size >= 3 && command.data[0] == 0xBF && command.data[1] == TAGS[i]) {
            return true;
        }
    }
    return false;
}

static int serve_session(const struct commission_device *device, struct pairing *pairing,
                         bool *bound)
{
    static uint8_t request[PAIRING_FRAME_SIZE];
    static uint8_t answer[PAIRING_FRAME_SIZE];
    struct es10 es10;
    int status = es10_open(&es10, device->reader);
    while (status == TERN_OK) {
        struct tern_writer in = TERN_WRITER_OF(request);
        struct tern_writer out = TERN_WRITER_OF(answer);
        int type = pairing_receive(pairing, &in);
        struct tern_bytes command = tern_writer_bytes(&in);
        if (type == PAIRING_DEVICE) {
            tern_write(&out, device->capabilities);
        } else if (type == PAIRING_ES10 && allowed(command)) {
            status = es10_command(&es10, &out, command);
            status = status == TERN_ERR_DENIED ? TERN_OK : status; /* an empty answer */
            *bound |=
                command.data[1] == 0x57 && out.size > 3 && answer[1] == 0x57 && answer[3] == 0xA0;
        } else {
            break;
        }
        if (status == TERN_OK) {
            status = pairing_send(pairing, (enum pairing_frame)type, tern_writer_bytes(&out));
        }
    }
    es10_close(&es10);
    return status;
}

int commission_accept(const struct commission_device *device, int listen_fd)
{
    char code[PAIRING_CODE_SIZE + 1];
    struct pairing pairing = {.fd = accept(listen_fd, NULL, NULL)};
    struct commission_device own = *device;
    bool bound = false;
    if (pairing.fd < 0) {
        return TERN_ERR_IO;
    }
    int status = commission_code(device->state_folder, false, code);
    if (status == TERN_OK) {
        status = pairing_prove_device(&pairing, code, count_attempt, &own);
        if (status == TERN_OK) {
            status = write_attempts(device->state_folder, 0);
        } else {
            pairing_close(&pairing);
            tern_wipe(code, sizeof(code));
            bool is_void = read_attempts(device->state_folder) >= PAIRING_ATTEMPTS_MAX;
            return is_void ? TERN_ERR_DENIED : 0;
        }
    }
    if (status == TERN_OK) {
        status = serve_session(device, &pairing, &bound);
    }
    pairing_close(&pairing);
    tern_wipe(code, sizeof(code));
    return bound ? 1 : status == TERN_ERR_NOT_FOUND || status == TERN_ERR_CRYPTO ? status : 0;
}

/* ---- The platform ---- */

/* Ask the card; the response stays in the result's memory. */
static int ask(struct commission_result *result, struct pairing *pairing, enum pairing_frame type,
               struct tern_bytes command, struct tern_bytes *answer)
{
    struct tern_writer out = tern_writer(result->memory + result->memory_size,
                                         sizeof(result->memory) - result->memory_size);
    int status = pairing_send(pairing, type, command);
    if (status != TERN_OK) {
        return status;
    }
    int got = pairing_receive(pairing, &out);
    if (got != (int)type) {
        return got < 0 ? got : TERN_ERR_UNEXPECTED;
    }
    *answer = tern_writer_bytes(&out);
    result->memory_size += out.size;
    return TERN_OK;
}

/* eimId and counterValue of the one entry that the file binds. */
static int read_enrolment(struct commission_result *result, struct tern_bytes enrolment)
{
    static const tern_tag ENTRY[] = {0xBF57, 0xA0, 0x30};
    struct tern_tlv entry;
    struct tern_tlv tlv;
    if (tern_der_path(enrolment, ENTRY, TERN_COUNT_OF(ENTRY), &entry) != TERN_OK ||
        tern_der_find(entry.value, 0x80, &tlv) != TERN_OK ||
        tlv.value.size >= sizeof(result->eim_id)) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(result->eim_id, tlv.value.data, tlv.value.size);
    result->eim_id[tlv.value.size] = '\0';
    if (tern_der_find(entry.value, 0x83, &tlv) == TERN_OK) {
        return tern_der_int(tlv.value, &result->initial_counter);
    }
    return TERN_OK;
}

/* BF57{A0{84 token | 05 00}} or BF57{81 code} */
static int read_bound(struct commission_result *result, struct tern_bytes answer)
{
    static const tern_tag TOKEN[] = {0xBF57, 0xA0, 0x84};
    static const tern_tag DONE[] = {0xBF57, 0xA0};
    static const tern_tag ERROR[] = {0xBF57, 0x81};
    struct tern_tlv tlv;
    if (tern_der_path(answer, TOKEN, 3, &tlv) == TERN_OK) {
        return tern_der_int(tlv.value, &result->association_token);
    }
    if (tern_der_path(answer, DONE, 2, &tlv) == TERN_OK) {
        return TERN_OK;
    }
    int64_t code = 127;
    if (tern_der_path(answer, ERROR, 2, &tlv) == TERN_OK) {
        (void)tern_der_int(tlv.value, &code);
    }
    result->eim_error = (int)code;
    return TERN_ERR_DENIED;
}

/* A5 or A6 in place of the certificate's 30, or around it (sgp32.md 0.1, no. 4). In place. */
static struct tern_bytes certificate(struct commission_result *result, const struct tern_tlv *tlv)
{
    struct tern_tlv inner;
    if (tern_der_single(tlv->value, &inner, TERN_DER_LONG_LENGTHS) == TERN_OK &&
        inner.tag == 0x30) {
        return inner.raw;
    }
    result->memory[tlv->raw.data - result->memory] = 0x30;
    return tlv->raw;
}

static int read_certificates(struct commission_result *result, struct tern_bytes answer)
{
    static const tern_tag EUM[] = {0xBF56, 0xA0, 0xA5};
    static const tern_tag EUICC[] = {0xBF56, 0xA0, 0xA6};
    struct tern_tlv eum;
    struct tern_tlv euicc;
    if (tern_der_path(answer, EUM, 3, &eum) == TERN_OK &&
        tern_der_path(answer, EUICC, 3, &euicc) == TERN_OK) {
        result->eum_certificate = certificate(result, &eum);
        result->euicc_certificate = certificate(result, &euicc);
    }
    return TERN_OK;
}

static int read_device(struct commission_result *result, struct tern_bytes answer)
{
    struct tern_tlv tlv;
    int status;
    while ((status = tern_der_next(&answer, &tlv, TERN_DER_STRICT)) == 1) {
        if (tlv.tag == 0xA8) {
            result->capabilities = tlv.raw;
        } else if (tlv.tag == 0xA9) {
            result->device_info = tlv.raw;
        }
    }
    return status;
}

static int ask_card(struct commission_result *result, struct pairing *pairing)
{
    static const uint8_t GET_EID[] = {0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};
    static const uint8_t CERTS[] = {0xBF, 0x56, 0x00};
    static const uint8_t INFO1[] = {0xBF, 0x20, 0x00};
    static const uint8_t INFO2[] = {0xBF, 0x22, 0x00};
    struct tern_bytes answer;
    int status = ask(result, pairing, PAIRING_ES10, TERN_BYTES_OF(GET_EID), &answer);
    if (status == TERN_OK && answer.size != 21) {
        status = TERN_ERR_MALFORMED;
    }
    if (status == TERN_OK) {
        memcpy(result->eid, answer.data + 5, sizeof(result->eid));
        status = ask(result, pairing, PAIRING_ES10, TERN_BYTES_OF(CERTS), &answer);
    }
    if (status == TERN_OK) {
        status = read_certificates(result, answer);
    }
    if (status == TERN_OK) {
        status = ask(result, pairing, PAIRING_ES10, TERN_BYTES_OF(INFO1), &result->euicc_info1);
    }
    if (status == TERN_OK) {
        status = ask(result, pairing, PAIRING_ES10, TERN_BYTES_OF(INFO2), &result->euicc_info2);
    }
    if (status == TERN_OK) {
        status = ask(result, pairing, PAIRING_DEVICE, TERN_BYTES_NONE, &answer);
    }
    return status == TERN_OK ? read_device(result, answer) : status;
}

int commission_bind(struct commission_result *result, const char *link, const char *code,
                    struct tern_bytes enrolment)
{
    char normal[PAIRING_CODE_SIZE + 1];
    struct pairing pairing;
    struct tern_bytes answer;
    memset(result, 0, sizeof(*result));
    int status = pairing_code_normalise(normal, code);
    if (status == TERN_OK) {
        status = read_enrolment(result, enrolment);
    }
    if (status == TERN_OK) {
        status = pairing_connect(&pairing, link);
    }
    if (status != TERN_OK) {
        return status;
    }
    status = pairing_prove_platform(&pairing, normal);
    if (status == TERN_OK) {
        status = ask_card(result, &pairing);
    }
    if (status == TERN_OK) { /* last: a device that is half asked is not bound yet */
        status = ask(result, &pairing, PAIRING_ES10, enrolment, &answer);
    }
    if (status == TERN_OK) {
        status = read_bound(result, answer);
    }
    (void)pairing_send(&pairing, PAIRING_DONE, TERN_BYTES_NONE);
    pairing_close(&pairing);
    tern_wipe(normal, sizeof(normal));
    return status;
}

/* ---- The file ---- */

static void add_base64(cJSON *object, const char *name, struct tern_bytes bytes)
{
    static char text[32768];
    struct tern_writer out = tern_writer(text, sizeof(text) - 1);
    if (bytes.size == 0) {
        return;
    }
    tern_base64_encode(&out, bytes);
    text[tern_writer_bytes(&out).size] = '\0';
    cJSON_AddStringToObject(object, name, text);
}

void commission_write_file(struct tern_writer *out, const struct commission_result *result,
                           const char *label)
{
    char eid[33] = "";
    struct tern_writer text = tern_writer(eid, 32);
    cJSON *object = cJSON_CreateObject();
    tern_eid_to_text(&text, result->eid);
    cJSON_AddStringToObject(object, "format", "tern-device-1");
    cJSON_AddStringToObject(object, "eid", eid);
    cJSON_AddStringToObject(object, "eim_id", result->eim_id);
    cJSON_AddNumberToObject(object, "initial_counter", (double)result->initial_counter);
    if (result->association_token > 0) {
        cJSON_AddNumberToObject(object, "association_token", (double)result->association_token);
    }
    add_base64(object, "euicc_certificate", result->euicc_certificate);
    add_base64(object, "eum_certificate", result->eum_certificate);
    add_base64(object, "euicc_info1", result->euicc_info1);
    add_base64(object, "euicc_info2", result->euicc_info2);
    add_base64(object, "ipa_capabilities", result->capabilities);
    add_base64(object, "device_info", result->device_info);
    if (label != NULL) {
        cJSON_AddStringToObject(object, "label", label);
    }
    char *printed = cJSON_PrintUnformatted(object);
    if (printed != NULL) {
        tern_write_text(out, printed);
        tern_write_byte(out, '\n');
        cJSON_free(printed);
    }
    cJSON_Delete(object);
}
