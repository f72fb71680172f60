/* SPDX-License-Identifier: Apache-2.0 */
/* ES9+ and ES11 on the wire: bytes written by hand from sgp22.md 10 and 11, both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tern/es9plus.h"

static uint8_t memory[8192];

#define TRANSACTION TERN_BYTES_TEXT("\x01\x02\xAB")
#define CHALLENGE   TERN_BYTES_TEXT("0123456789abcdef")
#define INFO1       TERN_BYTES_TEXT("\xBF\x20\x00")

static bool has(struct tern_bytes in, struct tern_bytes part)
{
    for (size_t i = 0; i + part.size <= in.size; i++) {
        if (memcmp(in.data + i, part.data, part.size) == 0) {
            return true;
        }
    }
    return false;
}

static void initiate_request_in_json(void **state)
{
    (void)state;
    static const char EXPECTED[] = "{\"euiccChallenge\":\"MDEyMzQ1Njc4OWFiY2RlZg==\","
                                   "\"smdpAddress\":\"a.example\",\"euiccInfo1\":\"vyAA\"}";
    uint8_t buffer[256];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_fault fault;
    struct tern_es9plus_request request = {.function = TERN_ES9PLUS_INITIATE_AUTHENTICATION,
                                           .euicc_challenge = CHALLENGE,
                                           .smdp_address = TERN_BYTES_TEXT("a.example"),
                                           .euicc_info1 = INFO1};
    struct tern_es9plus_request read;
    assert_int_equal(tern_es9plus_request_encode(&out, TERN_ES9PLUS_JSON, &request), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(EXPECTED)));
    assert_int_equal(tern_es9plus_request_decode(&read, TERN_ES9PLUS_JSON, request.function,
                                                 tern_writer_bytes(&out), &arena, &fault),
                     TERN_OK);
    assert_true(tern_bytes_equal(read.euicc_challenge, CHALLENGE));
    assert_true(tern_bytes_equal(read.euicc_info1, INFO1));
}

struct bad_row {
    const char *shows;
    enum tern_es9plus_function function;
    const char *text;
    int status;
    const char *field;
};

/* clang-format off */
static const struct bad_row BAD[] = {
    {"no member",           TERN_ES9PLUS_CANCEL_SESSION,      "{\"transactionId\":\"01\"}",
     TERN_ERR_MISSING, "cancelSessionResponse"                                                            },
    {"an odd hex digit",    TERN_ES9PLUS_AUTHENTICATE_CLIENT, "{\"transactionId\":\"012\"}",
     TERN_ERR_MALFORMED, "transactionId"                                                                  },
    {"17 bytes",            TERN_ES9PLUS_AUTHENTICATE_CLIENT,
     "{\"transactionId\":\"0102030405060708090A0B0C0D0E0F1011\"}", TERN_ERR_RANGE, "transactionId"        },
    {"empty transactionId", TERN_ES9PLUS_AUTHENTICATE_CLIENT, "{\"transactionId\":\"\"}",
     TERN_ERR_RANGE, "transactionId"                                                                      },
    {"a number for text",   TERN_ES9PLUS_AUTHENTICATE_CLIENT, "{\"transactionId\":1}",
     TERN_ERR_UNEXPECTED, "transactionId"                                                                 },
    {"another tag",         TERN_ES9PLUS_HANDLE_NOTIFICATION, "{\"pendingNotification\":\"vyEA\"}",
     TERN_ERR_UNEXPECTED, "pendingNotification"                                                           },
    {"a short challenge",   TERN_ES9PLUS_INITIATE_AUTHENTICATION, "{\"euiccChallenge\":\"MDEy\"}",
     TERN_ERR_RANGE, "euiccChallenge"                                                                     },
    {"broken base64",       TERN_ES9PLUS_INITIATE_AUTHENTICATION, "{\"euiccChallenge\":\"MDE\"}",
     TERN_ERR_MALFORMED, "euiccChallenge"                                                                 },
    {"broken JSON",         TERN_ES9PLUS_INITIATE_AUTHENTICATION, "{\"euiccChallenge\":",
     TERN_ERR_TRUNCATED, NULL                                                                             },
    {"an array",            TERN_ES9PLUS_INITIATE_AUTHENTICATION, "[]",
     TERN_ERR_UNEXPECTED, "euiccChallenge"                                                                },
};
/* clang-format on */

static void bad_requests_name_their_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        struct tern_arena arena = tern_arena(memory, sizeof memory);
        struct tern_es9plus_request request;
        struct tern_fault fault;
        int status = tern_es9plus_request_decode(&request, TERN_ES9PLUS_JSON, BAD[i].function,
                                                 tern_bytes_text(BAD[i].text), &arena, &fault);
        if (status != BAD[i].status) {
            fail_msg("%s: %d, expected %d", BAD[i].shows, status, BAD[i].status);
        }
        if (BAD[i].field == NULL) {
            assert_null(fault.field);
        } else {
            assert_string_equal(fault.field, BAD[i].field);
        }
    }
}

static void failed_status_in_both_bindings(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_fault fault;
    struct tern_es9plus_response read;
    struct tern_es9plus_response response = {.function = TERN_ES9PLUS_AUTHENTICATE_CLIENT,
                                             .status =
                                                 tern_status(TERN_STATUS_MATCHING_ID_REFUSED)};
    assert_int_equal(tern_es9plus_response_encode(&out, TERN_ES9PLUS_JSON, &response), TERN_OK);
    assert_true(has(tern_writer_bytes(&out),
                    TERN_BYTES_TEXT("{\"header\":{\"functionExecutionStatus\":{\"status\":"
                                    "\"Failed\",\"statusCodeData\":{\"subjectCode\":\"8.2.6\","
                                    "\"reasonCode\":\"3.8\"")));
    assert_int_equal(tern_es9plus_response_decode(&read, TERN_ES9PLUS_JSON, response.function,
                                                  tern_writer_bytes(&out), &arena, &fault),
                     TERN_OK);
    assert_false(tern_status_ok(&read.status));
    assert_true(tern_bytes_equal(read.status.reason_code, TERN_BYTES_TEXT("3.8")));

    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_es9plus_response_encode(&out, TERN_ES9PLUS_ASN1, &response), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out),
                                 TERN_BYTES_TEXT("\xA2\x06\xBF\x3B\x03\x81\x01\x06")));
    assert_int_equal(tern_es9plus_response_decode(&read, TERN_ES9PLUS_ASN1, response.function,
                                                  tern_writer_bytes(&out), &arena, &fault),
                     TERN_OK);
    assert_true(tern_bytes_equal(read.status.subject_code, TERN_BYTES_TEXT("8.2.6")));
}

/* Cancel: the tag that automatic tagging replaces, the two forms of peers that do not. */
static void cancel_session_in_asn1(void **state)
{
    (void)state;
    static const char *const FORMS[] = {
        "\xA2\x0F\xBF\x41\x0C\x80\x03\x01\x02\xAB\xA1\x05\x81\x03\x05\x05\x05",
        "\xA2\x12\xBF\x41\x0F\x80\x03\x01\x02\xAB\xA1\x08\xBF\x41\x05\x81\x03\x05\x05\x05",
        "\xBF\x41\x0D\x80\x03\x01\x02\xAB\xBF\x41\x05\x81\x03\x05\x05\x05",
    };
    struct tern_es9plus_request request;
    struct tern_fault fault;
    for (size_t i = 0; i < TERN_COUNT_OF(FORMS); i++) {
        struct tern_arena arena = tern_arena(memory, sizeof memory);
        assert_int_equal(tern_es9plus_request_decode(&request, TERN_ES9PLUS_ASN1, 0,
                                                     tern_bytes_text(FORMS[i]), &arena, &fault),
                         TERN_OK);
        assert_int_equal(request.function, TERN_ES9PLUS_CANCEL_SESSION);
        assert_true(tern_bytes_equal(request.transaction_id, TRANSACTION));
        assert_true(tern_bytes_equal(request.cancel_session_response,
                                     TERN_BYTES_TEXT("\xBF\x41\x05\x81\x03\x05\x05\x05")));
    }
    uint8_t buffer[64];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_es9plus_request_encode(&out, TERN_ES9PLUS_ASN1, &request), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(FORMS[0])));
    struct tern_es9plus_response done = {.function = TERN_ES9PLUS_CANCEL_SESSION};
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_es9plus_response_encode(&out, TERN_ES9PLUS_ASN1, &done), TERN_OK);
    assert_true(
        tern_bytes_equal(tern_writer_bytes(&out), tern_bytes("\xA2\x05\xBF\x41\x02\xA0\x00", 7)));
}

static void every_response_survives_both_bindings(void **state)
{
    (void)state;
    uint8_t entries_buffer[64];
    struct tern_writer entries = TERN_WRITER_OF(entries_buffer);
    struct tern_es11_event event = {TERN_BYTES_TEXT("EV-1"), TERN_BYTES_TEXT("b.example")};
    tern_es11_write_event(&entries, &event);
    tern_es11_write_event(&entries, &event);
    struct tern_es9plus_response response = {
        .transaction_id = TRANSACTION,
        .server_signed1 = TERN_BYTES_TEXT("\x30\x01\x01"),
        .server_signature1 = TERN_BYTES_TEXT("\x5F\x37\x01\x02"),
        .euicc_ci_pkid_to_be_used = TERN_BYTES_TEXT("\x04\x01\x03"),
        .server_certificate = TERN_BYTES_TEXT("\x30\x01\x04"),
        .profile_metadata = TERN_BYTES_TEXT("\xBF\x25\x01\x05"),
        .smdp_signed2 = TERN_BYTES_TEXT("\x30\x01\x06"),
        .smdp_signature2 = TERN_BYTES_TEXT("\x5F\x37\x01\x07"),
        .smdp_certificate = TERN_BYTES_TEXT("\x30\x01\x08"),
        .bound_profile_package = TERN_BYTES_TEXT("\xBF\x36\x01\x09"),
        .event_entries = tern_writer_bytes(&entries),
    };
    for (unsigned function = 1; function < TERN_ES9PLUS_FUNCTION_COUNT; function++) {
        for (unsigned binding = 0; binding < 2; binding++) {
            uint8_t first[1024];
            uint8_t second[1024];
            struct tern_writer out = TERN_WRITER_OF(first);
            struct tern_writer again = TERN_WRITER_OF(second);
            struct tern_arena arena = tern_arena(memory, sizeof memory);
            struct tern_es9plus_response read;
            struct tern_fault fault;
            response.function = (enum tern_es9plus_function)function;
            assert_int_equal(tern_es9plus_response_encode(&out, binding, &response), TERN_OK);
            assert_int_equal(tern_es9plus_response_decode(&read, binding, response.function,
                                                          tern_writer_bytes(&out), &arena, &fault),
                             TERN_OK);
            assert_int_equal(tern_es9plus_response_encode(&again, binding, &read), TERN_OK);
            assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_writer_bytes(&again)));
        }
    }
}

static void events_in_json(void **state)
{
    (void)state;
    static const char BODY[] =
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},"
        "\"transactionId\":\"0102ab\",\"eventEntries\":[{\"eventId\":\"E\\u002D1\","
        "\"rspServerAddress\":\"b.example\"},{\"eventId\":\"E2\",\"rspServerAddress\":\"c\"}]}";
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_es9plus_response read;
    struct tern_es11_event event;
    struct tern_fault fault;
    assert_int_equal(tern_es9plus_response_decode(&read, TERN_ES9PLUS_JSON,
                                                  TERN_ES11_AUTHENTICATE_CLIENT,
                                                  tern_bytes_text(BODY), &arena, &fault),
                     TERN_OK);
    assert_true(tern_bytes_equal(read.event_entries, TERN_BYTES_TEXT("\x30\x10\x80\x03"
                                                                     "E-1\x81\x09"
                                                                     "b.example\x30\x07\x80\x02"
                                                                     "E2\x81\x01"
                                                                     "c")));
    assert_int_equal(tern_es11_next_event(&read.event_entries, &event), 1);
    assert_int_equal(tern_es11_next_event(&read.event_entries, &event), 1);
    assert_true(tern_bytes_equal(event.event_id, TERN_BYTES_TEXT("E2")));
    assert_int_equal(tern_es11_next_event(&read.event_entries, &event), 0);
}

static void status_codes_are_unique_and_found(void **state)
{
    (void)state;
    for (int i = 1; i < TERN_STATUS_CODE_COUNT; i++) {
        const struct tern_status_text *text = tern_status_text((enum tern_status_code)i);
        assert_int_equal(
            tern_status_find(tern_bytes_text(text->subject), tern_bytes_text(text->reason)), i);
        assert_true(strlen(text->meaning) > 10);
        assert_true(strlen(text->action) > 10);
    }
    assert_string_equal(tern_status_text((enum tern_status_code)9999)->subject, "");
}

/* undefinedError of the ASN.1 lists is 1.3/4.2 here, and so is a number that nobody knows. */
static void unknown_numbers_are_our_failure(void **state)
{
    (void)state;
    static const int64_t NUMBERS[] = {127, 0, -1, 42, INT64_MAX};
    for (size_t i = 0; i < TERN_COUNT_OF(NUMBERS); i++) {
        assert_int_equal(tern_es9plus_error_code(TERN_ES9PLUS_AUTHENTICATE_CLIENT, NUMBERS[i]),
                         TERN_STATUS_FUNCTION_FAILED);
    }
    struct tern_status status = tern_status(TERN_STATUS_FUNCTION_FAILED);
    assert_int_equal(tern_es9plus_error_number(TERN_ES9PLUS_CANCEL_SESSION, &status), 127);
    assert_true(tern_bytes_equal(status.subject_code, TERN_BYTES_TEXT("1.3")));
    assert_true(tern_bytes_equal(status.reason_code, TERN_BYTES_TEXT("4.2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initiate_request_in_json),
        cmocka_unit_test(bad_requests_name_their_member),
        cmocka_unit_test(failed_status_in_both_bindings),
        cmocka_unit_test(cancel_session_in_asn1),
        cmocka_unit_test(every_response_survives_both_bindings),
        cmocka_unit_test(events_in_json),
        cmocka_unit_test(status_codes_are_unique_and_found),
        cmocka_unit_test(unknown_numbers_are_our_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
