/* SPDX-License-Identifier: Apache-2.0 */
/* What each ES9+ and ES11 message consists of, in the order of its ASN.1. SGP.22, 5.6, 6.5.2, 6.6.
 */
#include "core/json/es9plus_rows.h"

#include "tern/limits.h"

#define REQUEST(member)  offsetof(struct tern_es9plus_request, member)
#define RESPONSE(member) offsetof(struct tern_es9plus_response, member)

/* clang-format off */
static const struct row INITIATE_REQUEST[] = {
    {"euiccChallenge", REQUEST(euicc_challenge), ROW_CONTENT, 0x81},
    {"smdpAddress",    REQUEST(smdp_address),    ROW_TEXT,    0x83},
    {"euiccInfo1",     REQUEST(euicc_info1),     ROW_ELEMENT, 0xBF20},
};
static const struct row INITIATE_RESPONSE[] = {
    {"transactionId",       RESPONSE(transaction_id),           ROW_TRANSACTION, 0x80},
    {"serverSigned1",       RESPONSE(server_signed1),           ROW_ELEMENT,     0x30},
    {"serverSignature1",    RESPONSE(server_signature1),        ROW_ELEMENT,     0x5F37},
    {"euiccCiPKIdToBeUsed", RESPONSE(euicc_ci_pkid_to_be_used), ROW_ELEMENT,     0x04},
    {"serverCertificate",   RESPONSE(server_certificate),       ROW_ELEMENT,     0x30},
};
static const struct row AUTHENTICATE_REQUEST[] = {
    {"transactionId",              REQUEST(transaction_id),               ROW_TRANSACTION, 0x80},
    {"authenticateServerResponse", REQUEST(authenticate_server_response), ROW_ELEMENT,     0xBF38},
};
static const struct row AUTHENTICATE_RESPONSE[] = {
    {"transactionId",   RESPONSE(transaction_id),   ROW_TRANSACTION, 0x80},
    {"profileMetadata", RESPONSE(profile_metadata), ROW_ELEMENT,     0xBF25},
    {"smdpSigned2",     RESPONSE(smdp_signed2),     ROW_ELEMENT,     0x30},
    {"smdpSignature2",  RESPONSE(smdp_signature2),  ROW_ELEMENT,     0x5F37},
    {"smdpCertificate", RESPONSE(smdp_certificate), ROW_ELEMENT,     0x30},
};
static const struct row GET_PACKAGE_REQUEST[] = {
    {"transactionId",           REQUEST(transaction_id),            ROW_TRANSACTION, 0x80},
    {"prepareDownloadResponse", REQUEST(prepare_download_response), ROW_ELEMENT,     0xBF21},
};
static const struct row GET_PACKAGE_RESPONSE[] = {
    {"transactionId",       RESPONSE(transaction_id),        ROW_TRANSACTION, 0x80},
    {"boundProfilePackage", RESPONSE(bound_profile_package), ROW_ELEMENT,     0xBF36},
};
static const struct row NOTIFICATION_REQUEST[] = {
    {"pendingNotification", REQUEST(pending_notification), ROW_NOTIFICATION, 0xA0},
};
static const struct row CANCEL_REQUEST[] = {
    {"transactionId",         REQUEST(transaction_id),          ROW_TRANSACTION, 0x80},
    {"cancelSessionResponse", REQUEST(cancel_session_response), ROW_CANCEL,      0xBF41},
};
static const struct row EVENTS_RESPONSE[] = {
    {"transactionId", RESPONSE(transaction_id), ROW_TRANSACTION, 0x80},
    {"eventEntries",  RESPONSE(event_entries),  ROW_EVENTS,      0xA1},
};

#define SOME(rows) rows, TERN_COUNT_OF(rows)
#define NONE       NULL, 0
#define PATH       "/gsma/rsp2/es9plus/"
static const struct rows FUNCTIONS[TERN_ES9PLUS_FUNCTION_COUNT] = {
    [TERN_ES9PLUS_INITIATE_AUTHENTICATION] = {"ES9+.InitiateAuthentication", PATH "initiateAuthentication",
        0xBF39, 0xBF39, SOME(INITIATE_REQUEST), SOME(INITIATE_RESPONSE)},
    [TERN_ES9PLUS_AUTHENTICATE_CLIENT] = {"ES9+.AuthenticateClient", PATH "authenticateClient",
        0xBF3B, 0xBF3B, SOME(AUTHENTICATE_REQUEST), SOME(AUTHENTICATE_RESPONSE)},
    [TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE] = {"ES9+.GetBoundProfilePackage", PATH "getBoundProfilePackage",
        0xBF3A, 0xBF3A, SOME(GET_PACKAGE_REQUEST), SOME(GET_PACKAGE_RESPONSE)},
    [TERN_ES9PLUS_HANDLE_NOTIFICATION] = {"ES9+.HandleNotification", PATH "handleNotification",
        0xBF3D, 0, SOME(NOTIFICATION_REQUEST), NONE},
    [TERN_ES9PLUS_CANCEL_SESSION] = {"ES9+.CancelSession", PATH "cancelSession",
        0xBF41, 0xBF41, SOME(CANCEL_REQUEST), NONE},
    [TERN_ES11_AUTHENTICATE_CLIENT] = {"ES11.AuthenticateClient", PATH "authenticateClient",
        0xBF3B, 0xBF40, SOME(AUTHENTICATE_REQUEST), SOME(EVENTS_RESPONSE)},
};
/* clang-format on */

const struct rows *es9plus_rows(enum tern_es9plus_function function)
{
    size_t index = (size_t)function;
    bool known = index > 0 && index < TERN_COUNT_OF(FUNCTIONS);
    return known ? &FUNCTIONS[index] : NULL;
}

const char *tern_es9plus_path(enum tern_es9plus_function function)
{
    const struct rows *rows = es9plus_rows(function);
    return rows == NULL ? NULL : rows->path;
}

const char *tern_es9plus_name(enum tern_es9plus_function function)
{
    const struct rows *rows = es9plus_rows(function);
    return rows == NULL ? "ES9+" : rows->name;
}

enum tern_es9plus_function tern_es9plus_function_of_path(struct tern_bytes path)
{
    for (size_t i = 1; i < TERN_ES11_AUTHENTICATE_CLIENT; i++) {
        if (tern_bytes_equal(path, tern_bytes_text(FUNCTIONS[i].path))) {
            return (enum tern_es9plus_function)i;
        }
    }
    return TERN_ES9PLUS_NONE;
}

static int check_element(struct tern_bytes value, tern_tag tag, tern_tag other)
{
    struct tern_tlv element;
    int status = tern_der_single(value, &element, TERN_DER_LONG_LENGTHS);
    if (status < 0) {
        return status;
    }
    return element.tag == tag || element.tag == other ? TERN_OK : TERN_ERR_UNEXPECTED;
}

int row_check(const struct row *row, struct tern_bytes value)
{
    switch (row->kind) {
    case ROW_TRANSACTION:
        return value.size >= 1 && value.size <= TERN_TRANSACTION_ID_SIZE ? TERN_OK : TERN_ERR_RANGE;
    case ROW_CONTENT: /* euiccChallenge, Octet16 */
        return value.size == 16 ? TERN_OK : TERN_ERR_RANGE;
    case ROW_TEXT:
        return value.size <= TERN_ADDRESS_SIZE && tern_utf8_valid(value) ? TERN_OK : TERN_ERR_RANGE;
    case ROW_NOTIFICATION:
        return check_element(value, 0xBF37, 0x30);
    case ROW_CANCEL:
    case ROW_ELEMENT:
        return check_element(value, row->tag, row->tag);
    default:
        return TERN_OK;
    }
}
