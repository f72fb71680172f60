/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+ and ES11 in ASN.1: RemoteProfileProvisioningRequest and -Response, SGP.22, 6.6; sgp22.md
 * 10.6.
 *
 *   A2 { BF39 { 81 challenge, 83 address, BF20 }}      A2 { BF39 { A0 {...} | 81 error }}
 *
 * Members are found in the order of their rows and unknown elements in between are stepped over
 * (EXTENSIBILITY IMPLIED). Two forms a peer may send that we never do are accepted by name: the
 * bare choice without its A2, and BF41 or BF37 where automatic tags have A1 and A0.
 */
#include "core/json/es9plus_rows.h"
#include "tern/der.h"

#define TAG_WRAPPER 0xA2
#define TAG_OK      0xA0
#define TAG_ERROR   0x81

/* The integers of the ASN.1 error lists, and the codes they stand for. sgp32.md 5.4 */
struct error_row {
    enum tern_es9plus_function function;
    int number;
    enum tern_status_code code;
};

/* clang-format off */
static const struct error_row ERRORS[] = {
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   1,  TERN_STATUS_SMDP_ADDRESS},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   1,  TERN_STATUS_SMDS_ADDRESS},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   2,  TERN_STATUS_SMDP_SVN},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   2,  TERN_STATUS_SMDS_SVN},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   3,  TERN_STATUS_SMDP_SECURITY},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   3,  TERN_STATUS_SMDP_CERTIFICATE},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   3,  TERN_STATUS_SMDS_SECURITY},
    {TERN_ES9PLUS_INITIATE_AUTHENTICATION,   3,  TERN_STATUS_SMDS_CERTIFICATE},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       1,  TERN_STATUS_EUM_CERTIFICATE},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       2,  TERN_STATUS_EUM_EXPIRED},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       3,  TERN_STATUS_EUICC_CERTIFICATE},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       4,  TERN_STATUS_EUICC_EXPIRED},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       5,  TERN_STATUS_EUICC_SIGNATURE},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       6,  TERN_STATUS_MATCHING_ID_REFUSED},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       7,  TERN_STATUS_EID_REFUSED},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       8,  TERN_STATUS_PROFILE_NOT_ELIGIBLE},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       9,  TERN_STATUS_CI_UNKNOWN},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       10, TERN_STATUS_TRANSACTION_UNKNOWN},
    {TERN_ES9PLUS_AUTHENTICATE_CLIENT,       11, TERN_STATUS_EUICC_MEMORY},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 1,  TERN_STATUS_EUICC_SIGNATURE},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 2,  TERN_STATUS_CONFIRMATION_MISSING},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 3,  TERN_STATUS_CONFIRMATION_REFUSED},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 4,  TERN_STATUS_CONFIRMATION_EXHAUSTED},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 5,  TERN_STATUS_PROFILE_UNAVAILABLE},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 6,  TERN_STATUS_ORDER_EXPIRED},
    {TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, 95, TERN_STATUS_TRANSACTION_UNKNOWN},
    {TERN_ES9PLUS_CANCEL_SESSION,            1,  TERN_STATUS_TRANSACTION_UNKNOWN},
    {TERN_ES9PLUS_CANCEL_SESSION,            2,  TERN_STATUS_EUICC_SIGNATURE},
    {TERN_ES11_AUTHENTICATE_CLIENT,          1,  TERN_STATUS_EUM_CERTIFICATE},
    {TERN_ES11_AUTHENTICATE_CLIENT,          2,  TERN_STATUS_EUM_EXPIRED},
    {TERN_ES11_AUTHENTICATE_CLIENT,          3,  TERN_STATUS_EUICC_CERTIFICATE},
    {TERN_ES11_AUTHENTICATE_CLIENT,          4,  TERN_STATUS_EUICC_EXPIRED},
    {TERN_ES11_AUTHENTICATE_CLIENT,          5,  TERN_STATUS_EUICC_SIGNATURE},
    {TERN_ES11_AUTHENTICATE_CLIENT,          6,  TERN_STATUS_EVENT_UNKNOWN},
    {TERN_ES11_AUTHENTICATE_CLIENT,          7,  TERN_STATUS_TRANSACTION_UNKNOWN},
};
/* clang-format on */

int tern_es9plus_error_number(enum tern_es9plus_function function, const struct tern_status *status)
{
    enum tern_status_code code = tern_status_find(status->subject_code, status->reason_code);
    for (size_t i = 0; i < TERN_COUNT_OF(ERRORS); i++) {
        if (ERRORS[i].function == function && ERRORS[i].code == code) {
            return ERRORS[i].number;
        }
    }
    return 127;
}

enum tern_status_code tern_es9plus_error_code(enum tern_es9plus_function function, int64_t number)
{
    for (size_t i = 0; i < TERN_COUNT_OF(ERRORS); i++) {
        if (ERRORS[i].function == function && ERRORS[i].number == number) {
            return ERRORS[i].code;
        }
    }
    return TERN_STATUS_FUNCTION_FAILED;
}

/* The content of an element that is known to be whole. */
static struct tern_bytes content_of(struct tern_bytes element)
{
    struct tern_tlv tlv;
    return tern_der_single(element, &tlv, TERN_DER_LONG_LENGTHS) == TERN_OK ? tlv.value
                                                                            : TERN_BYTES_NONE;
}

static void write_row(struct tern_writer *out, const struct row *row, struct tern_bytes value)
{
    switch (row->kind) {
    case ROW_ELEMENT:
        tern_write(out, value);
        break;
    case ROW_CANCEL:
        tern_der_write(out, 0xA1, content_of(value));
        break;
    default:
        tern_der_write(out, row->tag, value);
    }
}

/* The members; writes nothing but counts when `out` has no buffer. */
static void write_rows(struct tern_writer *out, const struct row *rows, size_t count,
                       const void *message)
{
    for (size_t i = 0; i < count; i++) {
        struct tern_bytes value = row_value(&rows[i], message);
        if (value.data != NULL || rows[i].kind == ROW_EVENTS) {
            write_row(out, &rows[i], value);
        }
    }
}

static size_t rows_size(const struct row *rows, size_t count, const void *message)
{
    struct tern_writer none = tern_writer(NULL, 0);
    write_rows(&none, rows, count, message);
    return none.size;
}

int es9plus_request_encode_asn1(struct tern_writer *out, const struct tern_es9plus_request *request)
{
    const struct rows *rows = es9plus_rows(request->function);
    size_t size = rows_size(rows->request, rows->request_count, request);
    tern_der_write_header(out, TAG_WRAPPER, tern_der_header_size(rows->request_tag, size) + size);
    tern_der_write_header(out, rows->request_tag, size);
    write_rows(out, rows->request, rows->request_count, request);
    return tern_writer_status(out);
}

/* A2 { tag { A0 {...} } } or A2 { tag { 81 error } }. */
int es9plus_response_encode_asn1(struct tern_writer *out,
                                 const struct tern_es9plus_response *response)
{
    const struct rows *rows = es9plus_rows(response->function);
    bool ok = tern_status_ok(&response->status);
    size_t size = rows_size(rows->response, rows->response_count, response);
    uint8_t error = (uint8_t)tern_es9plus_error_number(response->function, &response->status);
    size_t arm = ok ? tern_der_header_size(TAG_OK, size) + size : 3;
    tern_der_write_header(out, TAG_WRAPPER, tern_der_header_size(rows->response_tag, arm) + arm);
    tern_der_write_header(out, rows->response_tag, arm);
    if (!ok) {
        tern_der_write(out, TAG_ERROR, tern_bytes(&error, 1));
        return tern_writer_status(out);
    }
    tern_der_write_header(out, TAG_OK, size);
    write_rows(out, rows->response, rows->response_count, response);
    return tern_writer_status(out);
}

/* Put the tag back that automatic tagging replaced: A1 {...} becomes BF41 {...}. */
static int rewrap_cancel(const struct tern_tlv *element, struct tern_arena *arena,
                         struct tern_bytes *member)
{
    struct tern_tlv inner;
    bool nested = tern_der_single(element->value, &inner, TERN_DER_LONG_LENGTHS) == TERN_OK &&
                  inner.tag == 0xBF41;
    if (element->tag == 0xBF41 || nested) {
        *member = nested ? inner.raw : element->raw;
        return TERN_OK;
    }
    struct tern_writer out = tern_arena_writer(arena);
    tern_der_write(&out, 0xBF41, element->value);
    *member = tern_arena_keep(arena, &out);
    return member->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static bool row_matches(const struct row *row, tern_tag tag)
{
    switch (row->kind) {
    case ROW_CANCEL:
        return tag == 0xA1 || tag == 0xBF41;
    case ROW_NOTIFICATION:
        return tag == 0xA0 || tag == 0xBF37 || tag == 0x30;
    default:
        return tag == row->tag;
    }
}

static int read_row(const struct row *row, const struct tern_tlv *element, struct tern_arena *arena,
                    struct tern_bytes *member)
{
    int status = TERN_OK;
    switch (row->kind) {
    case ROW_ELEMENT:
        *member = element->raw;
        break;
    case ROW_CANCEL:
        status = rewrap_cancel(element, arena, member);
        break;
    case ROW_NOTIFICATION:
        *member = element->tag == 0xA0 ? element->value : element->raw;
        break;
    default:
        *member = element->value;
    }
    return status < 0 ? status : row_check(row, *member);
}

static int read_rows(struct tern_bytes content, const struct row *rows, size_t count, void *message,
                     struct tern_arena *arena, struct tern_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        struct tern_tlv element;
        *fault = (struct tern_fault){rows[i].name, 0};
        int status;
        do {
            status = tern_der_next(&content, &element, TERN_DER_LONG_LENGTHS);
        } while (status == 1 && !row_matches(&rows[i], element.tag));
        if (status <= 0) {
            return status < 0 ? status : TERN_ERR_MISSING;
        }
        status = read_row(&rows[i], &element, arena, row_member(&rows[i], message));
        if (status < 0) {
            return status;
        }
    }
    *fault = (struct tern_fault){NULL, 0};
    return TERN_OK;
}

/* The element inside A2, or the bare one. */
static int unwrap(struct tern_bytes body, struct tern_tlv *choice)
{
    int status = tern_der_single(body, choice, TERN_DER_LONG_LENGTHS);
    if (status == TERN_OK && choice->tag == TAG_WRAPPER) {
        status = tern_der_single(choice->value, choice, TERN_DER_LONG_LENGTHS);
    }
    return status;
}

int es9plus_request_decode_asn1(struct tern_es9plus_request *request, struct tern_bytes body,
                                struct tern_arena *arena, struct tern_fault *fault)
{
    struct tern_tlv choice;
    int status = unwrap(body, &choice);
    request->function = TERN_ES9PLUS_NONE;
    if (status < 0) {
        return status;
    }
    for (unsigned i = 1; i < TERN_ES11_AUTHENTICATE_CLIENT; i++) {
        const struct rows *rows = es9plus_rows((enum tern_es9plus_function)i);
        if (rows->request_tag == choice.tag) {
            request->function = (enum tern_es9plus_function)i;
            return read_rows(choice.value, rows->request, rows->request_count, request, arena,
                             fault);
        }
    }
    return TERN_ERR_UNEXPECTED;
}

int es9plus_response_decode_asn1(struct tern_es9plus_response *response, struct tern_bytes body,
                                 struct tern_arena *arena, struct tern_fault *fault)
{
    const struct rows *rows = es9plus_rows(response->function);
    struct tern_tlv choice;
    struct tern_tlv arm;
    int64_t number;
    int status = unwrap(body, &choice);
    if (status < 0 || choice.tag != rows->response_tag) {
        return status < 0 ? status : TERN_ERR_UNEXPECTED;
    }
    if ((status = tern_der_single(choice.value, &arm, TERN_DER_LONG_LENGTHS)) < 0) {
        return status;
    }
    if (arm.tag == TAG_ERROR) {
        status = tern_der_int(arm.value, &number);
        response->status = tern_status(tern_es9plus_error_code(response->function, number));
        return status;
    }
    if (arm.tag != TAG_OK) {
        return TERN_ERR_UNEXPECTED;
    }
    return read_rows(arm.value, rows->response, rows->response_count, response, arena, fault);
}

int tern_es11_next_event(struct tern_bytes *entries, struct tern_es11_event *event)
{
    struct tern_tlv entry;
    struct tern_tlv member;
    int status = tern_der_next(entries, &entry, TERN_DER_LONG_LENGTHS);
    if (status <= 0) {
        return status;
    }
    if (entry.tag != 0x30) {
        return TERN_ERR_UNEXPECTED;
    }
    if ((status = tern_der_find(entry.value, 0x80, &member)) < 0) {
        return status;
    }
    event->event_id = member.value;
    if ((status = tern_der_find(entry.value, 0x81, &member)) < 0) {
        return status;
    }
    event->rsp_server_address = member.value;
    return tern_utf8_valid(event->event_id) && tern_utf8_valid(event->rsp_server_address)
               ? 1
               : TERN_ERR_MALFORMED;
}

void tern_es11_write_event(struct tern_writer *entries, const struct tern_es11_event *event)
{
    size_t size = tern_der_header_size(0x80, event->event_id.size) + event->event_id.size +
                  tern_der_header_size(0x81, event->rsp_server_address.size) +
                  event->rsp_server_address.size;
    tern_der_write_header(entries, 0x30, size);
    tern_der_write(entries, 0x80, event->event_id);
    tern_der_write(entries, 0x81, event->rsp_server_address);
}
