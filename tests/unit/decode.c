/* SPDX-License-Identifier: Apache-2.0 */
/* What `tern decode` says of each form of input, in text and in JSON, and of damaged input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/decode/decode.h"
#include "tests/support/hex.h"

static char text[1 << 16];

static int say(const char *input, size_t size, const char *name, bool json, char complaint[200])
{
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    struct decode decode = {.out = &out, .json = json, .name = name};
    int error = decode_input(&decode, tern_bytes(input, size));
    text[out.size] = '\0';
    memcpy(complaint, decode.complaint, sizeof decode.complaint);
    return error;
}

static const struct {
    const char *what, *input, *text, *json;
} FORMS[] = {
    {"hex with white space and colons",                        "BF:4F 03\n020101\n",
     "GetEimPackageResponse BF4F\n  eimPackageError: 1 (noEimPackageAvailable)\n",                                                                                                                "{\"elements\":[{\"type\":\"GetEimPackageResponse\",\"interface\":\"ESipa\",\"size\":6,"
     "\"strict\":true,\"value\":{\"eimPackageError\":{\"value\":1,"
     "\"name\":\"noEimPackageAvailable\"}}}]}\n"                                                                                                                                                         },
    {"base64",                                                 "v08DAgEB\n",
     "GetEimPackageResponse BF4F\n  eimPackageError: 1 (noEimPackageAvailable)\n",                                                                                                                NULL                                                                                     },
    {"PEM, two blocks",
     "junk\n-----BEGIN X-----\nv08D\nAgEB\n-----END X-----\n"
     "-----BEGIN Y-----\nv1ADAgEC\n-----END Y-----\n",                                                         "GetEimPackageResponse BF4F\n  eimPackageError: 1 (noEimPackageAvailable)\n"
     "ProvideEimPackageResultResponse BF50\n  provideEimPackageResultError: 2 (eidNotFound)\n",                                             NULL                                                                                     },
    {"two messages one after the other",                       "BF2000BF4300",
     "GetEuiccInfo1Request BF20\nGetRatRequest BF43\n",                                                                                                                                           NULL                                                                                     },
    {"a deviation of a peer",                                  "BF5803800101",
     "ProfileRollbackRequest BF58\n  refreshFlag: TRUE\n"
     "(not strict: accepted with mercy for deployed peers)\n",                                                                                                                                    NULL                                                                                     },
    {"nobody's element",                                       "DF7F03010203",                                 "DF7F: 010203\n",
     "{\"elements\":[{\"type\":null,\"size\":6,\"value\":\"DF7F03010203\"}]}\n"                                                                                                                                                                                                            },
    {"an unknown element inside",                              "BF300780010789020102",
     "NotificationSentRequest BF30\n  seqNumber: 7\n  (unknown)\n    89: 0102\n",                                                                                                                 NULL                                                                                     },
    {"a JSON body with DER in base64",
     "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":"
     "{\"subjectCode\":\"8.2.6\",\"reasonCode\":\"3.8\"}}},\"smdpSigned2\":\"MAaAAQEBAQA=\"}",                 "JSON\n"
     "  header: \n    functionExecutionStatus: \n      status: \"Failed\"\n"
     "      statusCodeData: \n        subjectCode: \"8.2.6\"\n        reasonCode: \"3.8\"\n"
     "        (no order has this MatchingID)\n"
     "  smdpSigned2: \n    SmdpSigned2 30\n      transactionId: 01\n      ccRequiredFlag: FALSE\n", "{\"json\":{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","
     "\"statusCodeData\":{\"subjectCode\":\"8.2.6\",\"reasonCode\":\"3.8\","
     "\"meaning\":\"no order has this MatchingID\"}}},"
     "\"smdpSigned2\":[{\"type\":\"SmdpSigned2\",\"interface\":\"ES10b\",\"size\":8,"
     "\"strict\":true,\"value\":{\"transactionId\":\"01\",\"ccRequiredFlag\":false}}]}}\n"},
    {"APDUs: a chain of two blocks, a response in two pieces",
     "# ES10b.GetEID\n> 80E21100 03 BF3E03\n< 9000\n> 80E29101 03 5C015A\n< 610A\n"
     "> 00C000000A\n< BF3E125A108904404593 610B\n> 00C000000B\n< 0000000000002153893210 9000\n",               "> 80E2110003BF3E03  STORE DATA\n< 9000  ok\n> 80E29101035C015A  STORE DATA\n"
     "  GetEuiccDataRequest BF3E\n    tagList: 5A\n"
     "< 610A  ok, response data waits\n> 00C000000A  GET RESPONSE\n"
     "< BF3E125A108904404593610B  ok, response data waits\n> 00C000000B  GET RESPONSE\n"
     "< 00000000000021538932109000  ok\n"
     "  GetEuiccDataResponse BF3E\n    eidValue: 89044045930000000000002153893210\n",             NULL                                                                                     },
    {"an ICCID, a list of tags",                               "BF2D13A00C5A0A985822322420228481145C035A9F70",
     "ProfileInfoListRequest BF2D\n  searchCriteria A0\n"
     "    iccid: 98582232242022848114 (89852223420222481841)\n  tagList: 5A9F70 (5A 9F70)\n",                                                                                                     NULL                                                                                     },
    {"PLMNs of two and of three digits",
     "BF4F175A10890440459300000000000021538932108203 02F801"
     "BF4F175A10890440459300000000000021538932108203 130062",                                                  "GetEimPackageRequest BF4F\n  eidValue: 89044045930000000000002153893210\n"
     "  rPLMN: 02F801 (208-10)\n"
     "GetEimPackageRequest BF4F\n  eidValue: 89044045930000000000002153893210\n"
     "  rPLMN: 130062 (310-260)\n",                                                                                                  NULL                                                                                     },
    {"a status word",                                          "> 00A40004023F00\n< 6A82\n",
     "> 00A40004023F00  SELECT\n< 6A82  file or application not found\n",                                                                                                                         "{\"apdus\":[{\"direction\":\"command\",\"apdu\":\"00A40004023F00\",\"meaning\":\"SELECT\"},"
     "{\"direction\":\"response\",\"apdu\":\"6A82\",\"meaning\":\"file or application not "
     "found\"}]}\n"                                                                                                                                                                                               },
};

static void every_form_is_understood(void **state)
{
    (void)state;
    char complaint[200];
    for (size_t i = 0; i < TERN_COUNT_OF(FORMS); i++) {
        int error = say(FORMS[i].input, strlen(FORMS[i].input), NULL, false, complaint);
        if (error != TERN_OK) {
            fprintf(stderr, "%s: %s\n", FORMS[i].what, complaint);
        }
        assert_int_equal(error, TERN_OK);
        assert_string_equal(text, FORMS[i].text);
        if (FORMS[i].json != NULL) {
            assert_int_equal(say(FORMS[i].input, strlen(FORMS[i].input), NULL, true, complaint),
                             TERN_OK);
            assert_string_equal(text, FORMS[i].json);
        }
        /* Whatever it is, its JSON is JSON. */
        struct tern_json value;
        (void)say(FORMS[i].input, strlen(FORMS[i].input), "x.der", true, complaint);
        assert_int_equal(tern_json_parse(&value, tern_bytes_text(text)), TERN_OK);
    }
}

static const struct {
    const char *what, *input, *complaint;
} DAMAGED[] = {
    {"nothing",                  "",                           "nothing to decode"                                         },
    {"odd hex",                  "BF4",                        "not hex: stopped at byte 3"                                },
    {"prose",                    "hello, world",               "not DER, hex or base64: stopped at byte 5"                 },
    {"cut off",                  "BF4F03020101BF4F0302",       "not DER: the input ends inside an element at byte 6"       },
    {"a wrong EID",              "BF4F045A020102",
     "GetEimPackageRequest: eidValue: a value is outside its range at byte 5"                                              },
    {"not DER inside",           "3003040201",                 "not DER inside: the input ends inside an element at byte 2"},
    {"half a JSON",              "{\"a\":1",                   "not JSON: the input ends inside an element"                },
    {"bad base64 in JSON",       "{\"serverSigned1\":\"M!\"}", "serverSigned1: not base64 at byte 1"                       },
    {"an APDU trace with prose", "> 00A4\nprose\n",            "no APDU in line 1"                                         },
    {"PEM without an end",       "-----BEGIN X-----\nAAAA\n",  "not PEM: stopped at byte 23"                               },
};

static void damage_is_named_with_its_place(void **state)
{
    (void)state;
    char complaint[200];
    for (size_t i = 0; i < TERN_COUNT_OF(DAMAGED); i++) {
        for (int json = 0; json <= 1; json++) {
            int error = say(DAMAGED[i].input, strlen(DAMAGED[i].input), NULL, json, complaint);
            if (strcmp(complaint, DAMAGED[i].complaint) != 0) {
                fprintf(stderr, "%s: %s\n", DAMAGED[i].what, complaint);
            }
            assert_int_not_equal(error, TERN_OK);
            assert_string_equal(complaint, DAMAGED[i].complaint);
            struct tern_json value;
            assert_true(!json || tern_json_parse(&value, tern_bytes_text(text)) == TERN_OK);
        }
    }
}

/* BF41{81 05}: a card's answer, or the eIM's. The name of the file decides. */
static void the_name_of_a_file_is_a_hint(void **state)
{
    (void)state;
    char complaint[200];
    static const char INPUT[] = "BF4103810101";
    assert_int_equal(
        say(INPUT, strlen(INPUT), "1-ipa-ES10b.CancelSession-response.der", false, complaint),
        TERN_OK);
    assert_non_null(strstr(text, "CancelSessionResponse BF41"));
    assert_int_equal(
        say(INPUT, strlen(INPUT), "1-ipa-ESipa.CancelSession-response.der", false, complaint),
        TERN_OK);
    assert_non_null(strstr(text, "CancelSessionResponseEs9 BF41"));
}

static void a_small_writer_is_told_how_much(void **state)
{
    (void)state;
    struct tern_writer out = tern_writer(text, 10);
    struct decode decode = {.out = &out};
    assert_int_equal(decode_input(&decode, TERN_BYTES_TEXT("BF4F03020101")), TERN_ERR_NO_SPACE);
    assert_int_equal(out.size, strlen(FORMS[1].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_understood),
        cmocka_unit_test(damage_is_named_with_its_place),
        cmocka_unit_test(the_name_of_a_file_is_a_hint),
        cmocka_unit_test(a_small_writer_is_told_how_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
