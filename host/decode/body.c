/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON bodies of ES2+, ES9+, ES11, ES12 and ESipa: printed as they are, with the DER inside their
 * base64 members decoded (sgp22.md 10, sgp32.md 7.5) and the status code in words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/decode/decode.h"
#include "host/decode/input.h"
#include "tern/status_code.h"

/* Members that carry DER. */
static const char *const DER_MEMBERS[] = {
    "euiccInfo1",
    "serverSigned1",
    "serverSignature1",
    "euiccCiPKIdToBeUsed",
    "euiccCiPKIdentifierToBeUsed",
    "serverCertificate",
    "authenticateServerResponse",
    "profileMetadata",
    "smdpSigned2",
    "smdpSignature2",
    "smdpCertificate",
    "prepareDownloadResponse",
    "boundProfilePackage",
    "pendingNotification",
    "cancelSessionResponse",
    "ctxParams1",
    "profileDownloadTrigger",
    "euiccPackageRequest",
    "ipaEuiccDataRequest",
    "eimAcknowledgements",
    "profileDownloadTriggerRequest",
    "euiccPackageResult",
    "notificationList",
    "ipaEuiccDataResponse",
    "eimPackageResult",
    "provideEimPackageResult",
};

#define KEY_SIZE 128

static void indent_line(struct tern_writer *out, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++) {
        tern_write_text(out, "  ");
    }
}

/* A string without its quotes; escapes stay as they are. */
static struct tern_bytes inside(const struct tern_json *string)
{
    return tern_bytes_slice(string->raw, 1, string->raw.size - 2);
}

static bool carries_der(struct tern_bytes key)
{
    for (size_t i = 0; i < TERN_COUNT_OF(DER_MEMBERS); i++) {
        if (tern_bytes_equal(key, tern_bytes_text(DER_MEMBERS[i]))) {
            return true;
        }
    }
    return false;
}

static int say_der(struct decode *decode, struct tern_json_writer *json, const char *key,
                   struct tern_bytes text, unsigned indent)
{
    uint8_t *data = NULL;
    size_t size = 0;
    size_t offset = 0;
    int error = input_base64(text, &data, &size, &offset);
    if (error == TERN_OK) {
        if (json != NULL) {
            tern_json_begin_array(json, key);
        } else {
            tern_write_byte(decode->out, '\n');
        }
        decode->hint = key;
        error = decode_elements(decode, json, tern_bytes(data, size), indent + 1);
        decode->hint = decode->name;
        if (json != NULL) {
            tern_json_end_array(json);
        }
    } else {
        snprintf(decode->complaint, sizeof decode->complaint, "%s: not base64 at byte %zu", key,
                 offset);
        if (json != NULL) {
            tern_json_write_raw(json, key, TERN_BYTES_TEXT("null"));
        } else {
            tern_write_text(decode->out, "(not base64)\n");
        }
    }
    free(data);
    return error;
}

/* "8.2.6/3.8": what it means. */
static void say_status(struct decode *decode, struct tern_json_writer *json,
                       const struct tern_json *object, unsigned indent)
{
    uint8_t room[512];
    struct tern_arena arena = tern_arena(room, sizeof room);
    struct tern_bytes subject;
    struct tern_bytes reason;
    if (tern_json_member_text(object, "subjectCode", &arena, &subject) != TERN_OK ||
        tern_json_member_text(object, "reasonCode", &arena, &reason) != TERN_OK) {
        return;
    }
    enum tern_status_code code = tern_status_find(subject, reason);
    if (code == TERN_STATUS_SUCCESS) {
        return;
    }
    const struct tern_status_text *text = tern_status_text(code);
    if (json != NULL) {
        tern_json_write_text(json, "meaning", tern_bytes_text(text->meaning));
        return;
    }
    indent_line(decode->out, indent);
    tern_write_text(decode->out, "(");
    tern_write_text(decode->out, text->meaning);
    tern_write_text(decode->out, ")\n");
}

static int say_value(struct decode *decode, struct tern_json_writer *json, const char *key,
                     const struct tern_json *value, unsigned indent);

static int say_members(struct decode *decode, struct tern_json_writer *json,
                       const struct tern_json *container, unsigned indent)
{
    struct tern_json_walk walk;
    struct tern_json key;
    struct tern_json value;
    int error = tern_json_walk(&walk, container);
    bool object = container->kind == TERN_JSON_OBJECT;
    while (error == TERN_OK && tern_json_next(&walk, object ? &key : NULL, &value) == 1) {
        char name[KEY_SIZE] = "-";
        if (object) {
            struct tern_bytes text = tern_bytes_slice(inside(&key), 0, sizeof name - 1);
            memcpy(name, text.data, text.size);
            name[text.size] = '\0';
        }
        if (json == NULL) {
            indent_line(decode->out, indent);
            tern_write_text(decode->out, name);
            tern_write_text(decode->out, object ? ": " : " ");
        }
        int worse = say_value(decode, json, object ? name : NULL, &value, indent);
        error = error == TERN_OK ? worse : error;
    }
    if (object) {
        say_status(decode, json, container, indent);
    }
    return error;
}

static int say_value(struct decode *decode, struct tern_json_writer *json, const char *key,
                     const struct tern_json *value, unsigned indent)
{
    bool object = value->kind == TERN_JSON_OBJECT;
    if (object || value->kind == TERN_JSON_ARRAY) {
        if (json == NULL) {
            tern_write_byte(decode->out, '\n');
        } else if (object) {
            tern_json_begin_object(json, key);
        } else {
            tern_json_begin_array(json, key);
        }
        int error = say_members(decode, json, value, indent + 1);
        if (json != NULL && object) {
            tern_json_end_object(json);
        } else if (json != NULL) {
            tern_json_end_array(json);
        }
        return error;
    }
    if (value->kind == TERN_JSON_STRING && key != NULL && carries_der(tern_bytes_text(key))) {
        return say_der(decode, json, key, inside(value), indent);
    }
    if (json != NULL) {
        tern_json_write_raw(json, key, value->raw);
    } else {
        tern_write(decode->out, value->raw);
        tern_write_byte(decode->out, '\n');
    }
    return TERN_OK;
}

int decode_json_body(struct decode *decode, struct tern_bytes text)
{
    struct tern_json body;
    struct tern_json_writer writer = tern_json_writer(decode->out);
    struct tern_json_writer *json = decode->json ? &writer : NULL;
    int error = tern_json_parse(&body, text);
    if (json != NULL) {
        tern_json_begin_object(json, NULL);
        if (decode->name != NULL) {
            tern_json_write_text(json, "file", tern_bytes_text(decode->name));
        }
    }
    if (error != TERN_OK) {
        snprintf(decode->complaint, sizeof decode->complaint, "not JSON: %s",
                 tern_error_text(error));
    } else if (json != NULL) {
        error = say_value(decode, json, "json", &body, 0);
    } else {
        tern_write_text(decode->out, "JSON\n");
        error = say_members(decode, NULL, &body, 1);
    }
    if (json != NULL) {
        if (error != TERN_OK) {
            tern_json_write_text(json, "error", tern_bytes_text(decode->complaint));
        }
        tern_json_end_object(json);
    }
    return error;
}
