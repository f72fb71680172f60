/* SPDX-License-Identifier: Apache-2.0 */
/* The table engine: known answers of sgp32.md 13, the rules of DER, mercy by name, what print says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tern/messages/all.h"
#include "tests/support/hex.h"
#include "tests/support/returns.h"

/* clang-format off */
/* sgp32.md 13.2: what it is, its type, its tag when it is not the type's own, its bytes. */
static const struct {
    const char *what, *type;
    tern_tag tag;
    const char *hex;
} KNOWN[] = {
    {"EPR, enable ok, seq 7", "EuiccPackageResult", 0,
     "BF5175A073302E800F65696D2E6578616D706C652E636F6D810101821000112233445566778899AABBCC"
     "DDEEFF83010730038301005F374011111111111111111111111111111111111111111111111111111111"
     "111111111111111111111111111111111111111111111111111111111111111111111111"},
    {"EPE, replayError", "EuiccPackageResult", 0,
     "BF5170A16E3029800F65696D2E6578616D706C652E636F6D810101821000112233445566778899AABBCC"
     "DDEEFF0201045F3740111111111111111111111111111111111111111111111111111111111111111111"
     "11111111111111111111111111111111111111111111111111111111111111"},
    {"unsigned error with token 5", "EuiccPackageResult", 0,
     "BF5128A226800F65696D2E6578616D706C652E636F6D821000112233445566778899AABBCCDDEEFF8401"
     "05"},
    {"ProvideEimPackageResult with unsigned error, no token", "ProvideEimPackageResult", 0,
     "BF503A5A1089044045930000000000002153893210BF5125A223800F65696D2E6578616D706C652E636F"
     "6D821000112233445566778899AABBCCDDEEFF"},
    {"ProvideEimPackageResultResponse, acks 7 and 8", "ProvideEimPackageResultResponse", 0,
     "BF5009BF5306800107800108"},
    {"emptyResponse", "ProvideEimPackageResultResponse", 0,
     "BF50023000"},
    {"GetEimPackage", "GetEimPackageRequest", 0,
     "BF4F125A1089044045930000000000002153893210"},
    {"GetEimPackage, notify, cause fallback, rPLMN 208-10", "GetEimPackageRequest", 0,
     "BF4F1C5A10890440459300000000000021538932108000810101820302F801"},
    {"GetEimPackage answer: none", "GetEimPackageResponse", 0,
     "BF4F03020101"},
    {"IpaEuiccDataRequest, tx 0102", "IpaEuiccDataRequest", 0,
     "BF520E5C08BF20BF22A0A5A6A883020102"},
    {"IpaEuiccData error incorrectTagList", "IpaEuiccDataResponse", 0,
     "BF5209A10780020102020101"},
    {"Trigger, AC 1$smdp.example.com$ABC, tx 0102", "ProfileDownloadTriggerRequest", 0,
     "BF541EA01880163124736D64702E6578616D706C652E636F6D2441424382020102"},
    {"Trigger, default SM-DP+", "ProfileDownloadTriggerRequest", 0,
     "BF5404A0028100"},
    {"Trigger, SM-DS smds.example.com", "ProfileDownloadTriggerRequest", 0,
     "BF5416A014A2128010736D64732E6578616D706C652E636F6D"},
    {"Trigger, no data", "ProfileDownloadTriggerRequest", 0,
     "BF540482020102"},
    {"Trigger result, error 127", "ProfileDownloadTriggerResult", 0,
     "BF540982020102300380017F"},
    {"BF50 unknownPackage error", "ProvideEimPackageResult", 0,
     "BF501B5A1089044045930000000000002153893210A00780020102020102"},
    {"Transfer answer eimPackageReceived", "TransferEimPackageResponse", 0,
     "BF4E020500"},
    {"Transfer request, ack 7", "TransferEimPackageRequest", 0,
     "BF4E06BF5303800107"},
    {"CancelSession to eIM, card error 5, SM-DP+ transaction 0102", "CancelSessionRequestEsipa", 0,
     "BF410980020102A103810105"},
    {"IpaCapabilities direct+indirect, retrieveHttps", "IpaCapabilities", 0xA8,
     "A808800206C081020780"},
    {"listEim result, one FQDN eIM", "EuiccResultData", 0,
     "AB18A0163014800F65696D2E6578616D706C652E636F6D820102"},
    {"listProfileInfo result error 11", "EuiccResultData", 0,
     "BF2D0381010B"},
    {"setDefaultDpAddress result ok", "EuiccResultData", 0,
     "BF6503800100"},
    {"PSMO enable", "Psmo", 0,
     "A30C5A0A98582232242022848114"},
    {"PSMO disable", "Psmo", 0,
     "A40C5A0A98582232242022848114"},
    {"PSMO delete", "Psmo", 0,
     "A50C5A0A98582232242022848114"},
    {"PSMO listProfileInfo all", "Psmo", 0,
     "BF2D00"},
    {"PSMO listProfileInfo by ICCID, tags 5A 9F70", "Psmo", 0,
     "BF2D13A00C5A0A985822322420228481145C035A9F70"},
    {"PSMO getRAT", "Psmo", 0,
     "A600"},
    {"PSMO configureImmediateEnable flag + address", "Psmo", 0,
     "A71480008210736D64702E6578616D706C652E636F6D"},
    {"PSMO setFallbackAttribute", "Psmo", 0,
     "A80C5A0A98582232242022848114"},
    {"PSMO unsetFallbackAttribute", "Psmo", 0,
     "A900"},
    {"PSMO setDefaultDpAddress", "Psmo", 0,
     "BF65128010736D64702E6578616D706C652E636F6D"},
    {"eCO deleteEim", "Eco", 0,
     "A911800F65696D2E6578616D706C652E636F6D"},
    {"eCO listEim", "Eco", 0,
     "AB00"},
    {"BF2B request for EPRs", "RetrieveNotificationsListRequest", 0,
     "BF2B04A0028200"},
    {"BF30 remove 7", "NotificationSentRequest", 0,
     "BF3003800107"},
    {"BF58 request, refresh TRUE", "ProfileRollbackRequest", 0,
     "BF58038001FF"},
    {"BF58 rollbackNotAllowed", "ProfileRollbackResponse", 0,
     "BF5803020101"},
    {"BF5A noSessionContext", "ImmediateEnableResponse", 0,
     "BF5A03800104"},
    {"BF64 operational profiles + eIM data", "SGP32-EuiccMemoryResetRequest", 0,
     "BF640482020284"},
    {"BF64 answer ok, ok", "SGP32-EuiccMemoryResetResponse", 0,
     "BF6406800100810100"},
    {"BF55 for one eimId", "GetEimConfigurationDataRequest", 0,
     "BF5513A011800F65696D2E6578616D706C652E636F6D"},
    {"BF57 error associatedEimAlreadyExists", "AddInitialEimResponse", 0,
     "BF5703810102"},
    {"BF57 ok, token 1 then no token", "AddInitialEimResponse", 0,
     "BF5707A0058401010500"},
    {"BF57 request, one eIM: FQDN, type 2, counter 0, token request, SPKI key, retrieveHttps, indirect", "AddInitialEimRequest", 0,
     "BF578194A0819130818E800F65696D2E6578616D706C652E636F6D810F65696D2E6578616D706C652E63"
     "6F6D8201028301008401FFA55BA059301306072A8648CE3D020106082A8648CE3D0301070342000460FE"
     "D4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E9"
     "5628BC64F2F1B20C2D7E9F5177A3C294D4462299870207808900"},
    {"addEim result token 3", "EuiccResultData", 0,
     "A803840103"},
    {"addEim result code 2", "EuiccResultData", 0,
     "A803020102"},
};
/* clang-format on */

static void known_answers_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(KNOWN); i++) {
        uint8_t bytes[512];
        uint8_t retagged[512];
        struct tern_bytes der = hex(bytes, sizeof bytes, KNOWN[i].hex);
        const struct tern_asn_record *record = tern_message_by_name(tern_bytes_text(KNOWN[i].type));
        assert_non_null(record);
        if (KNOWN[i].tag != 0) {
            struct tern_writer out = TERN_WRITER_OF(retagged);
            assert_int_equal(tern_asn_retag(&out, record->tag, der), TERN_OK);
            der = tern_writer_bytes(&out);
        }
        assert_returns(record, der);
    }
}

/* sgp32.md 13.1: built from members, signed part first, as an eIM does. */
static void an_euicc_package_is_built(void **state)
{
    (void)state;
    uint8_t expected[256];
    uint8_t bytes[3][128];
    struct tern_bytes eid = hex(bytes[0], 16, "89044045930000000000002153893210");
    struct tern_bytes iccid = hex(bytes[1], 10, "98582232242022848114");
    struct tern_bytes transaction = hex(bytes[2], 16, "00112233445566778899AABBCCDDEEFF");
    uint8_t commands[64];
    struct tern_writer list = TERN_WRITER_OF(commands);
    struct tern_psmo psmo = {
        .arm = TERN_PSMO_IS_ENABLE, .enable = {.iccid = iccid, .rollback_flag = true}
    };
    assert_int_equal(tern_asn_encode(&TERN_PSMO, &list, &psmo), TERN_OK);
    struct tern_euicc_package_request request = {
        .euicc_package_signed = {.eim_id = TERN_BYTES_TEXT("eim.example.com"),
                                 .eid_value = eid,
                                 .counter_value = 1,
                                 .eim_transaction_id = transaction,
                                 .euicc_package = {.arm = TERN_EUICC_PACKAGE_IS_PSMO_LIST,
                                                   .psmo_list = tern_writer_bytes(&list)}}
    };
    uint8_t signed_part[256];
    struct tern_writer out = TERN_WRITER_OF(signed_part);
    assert_int_equal(
        tern_asn_encode(&TERN_EUICC_PACKAGE_SIGNED, &out, &request.euicc_package_signed), TERN_OK);
    struct tern_bytes wanted =
        hex(expected, sizeof expected,
            "304A800F65696D2E6578616D706C652E636F6D5A1089044045930000000000002153893210810101"
            "821000112233445566778899AABBCCDDEEFFA010A30E5A0A985822322420228481140500");
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), wanted));

    uint8_t signature[64];
    memset(signature, 0x11, sizeof signature);
    request.euicc_package_signed.raw = tern_writer_bytes(&out);
    request.eim_signature = TERN_BYTES_OF(signature);
    uint8_t whole[256];
    struct tern_writer message = TERN_WRITER_OF(whole);
    assert_int_equal(tern_asn_encode(&TERN_EUICC_PACKAGE_REQUEST, &message, &request), TERN_OK);
    assert_int_equal(message.size, 4 + wanted.size + 3 + 64);
    assert_memory_equal(whole, "\xBF\x51\x81\x8F", 4);
    assert_memory_equal(whole + 4, wanted.data, wanted.size);
    assert_memory_equal(whole + 4 + wanted.size, "\x5F\x37\x40\x11", 4);
}

/* What a peer sends, what strict DER has instead: accepted with its mercy only. */
/* clang-format off */
static const struct {
    const char *what;
    const struct tern_asn_record *record;
    unsigned mercy;
    const char *sent, *strict;
} MERCIES[] = {
    {"a length in more bytes", &TERN_NOTIFICATION_SENT_REQUEST, TERN_MERCY_LONG_LENGTHS,
     "BF308103800107",
     "BF3003800107"},
    {"certificates nested in A5, A6", &TERN_GET_CERTS_RESPONSE, TERN_MERCY_NESTED_X509,
     "BF5618A016A509300730003000030100A609300730003000030100",
     "BF5614A012A50730003000030100A60730003000030100"},
    {"BF51{BF51{..}}", &TERN_EUICC_PACKAGE_RESULT, TERN_MERCY_DOUBLE_WRAP,
     "BF5108BF5105A203800161",
     "BF5105A203800161"},
    {"A1{BF41{..}}", &TERN_CANCEL_SESSION_REQUEST_ES9, TERN_MERCY_DOUBLE_WRAP,
     "BF410B800101A106BF4103810105",
     "BF4108800101A103810105"},
    {"BF38{BF38{..}}", &TERN_AUTHENTICATE_CLIENT_REQUEST, TERN_MERCY_DOUBLE_WRAP,
     "BF3B11800101BF380BBF3808A106800101020101",
     "BF3B0E800101BF3808A106800101020101"},
    {"EPR without A0", &TERN_EUICC_PACKAGE_RESULT, TERN_MERCY_EPR_WITHOUT_A0,
     "BF5111300B80016181010183010130005F370111",
     "BF5113A011300B80016181010183010130005F370111"},
    {"refreshFlag as 01", &TERN_PROFILE_ROLLBACK_REQUEST, TERN_MERCY_REFRESH_FLAG,
     "BF58030101FF",
     "BF58038001FF"},
    {"rollbackFlag as 81", &TERN_PSMO, TERN_MERCY_ROLLBACK_FLAG,
     "A30E5A0A985822322420228481148100",
     "A30E5A0A985822322420228481140500"},
    {"euiccCiPKId as 04", &TERN_GET_CERTS_REQUEST, TERN_MERCY_GET_CERTS,
     "BF56030401AA",
     "BF56038001AA"},
    {"cmdResult as 80", &TERN_PROFILE_ROLLBACK_RESPONSE, TERN_MERCY_CMD_RESULT,
     "BF5803800101",
     "BF5803020101"},
    {"default SM-DP+ address as 80", &TERN_IPA_EUICC_DATA, TERN_MERCY_VERSION_1_0,
     "3003800161",
     "3003810161"},
    {"capabilities as 88", &TERN_IPA_EUICC_DATA, TERN_MERCY_VERSION_1_0,
     "30068804800206C0",
     "3006A804800206C0"},
    {"notifications in BF2B", &TERN_IPA_EUICC_DATA, TERN_MERCY_VERSION_1_0,
     "302BBF2B28BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111",
     "302AA028BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111"},
    {"notifications in BF2B{A0}", &TERN_IPA_EUICC_DATA, TERN_MERCY_VERSION_1_0,
     "302DBF2B2AA028BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F37"
     "0111",
     "302AA028BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111"},
    {"an outer A2", &TERN_GET_EIM_PACKAGE_RESPONSE, TERN_MERCY_ES9_WRAPPER,
     "A206BF4F03020101",
     "BF4F03020101"},
    {"an outer A2 around any message", &TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA, TERN_MERCY_ES9_WRAPPER,
     "A206BF4F03020101",
     "BF4F03020101"},
    {"a notification without A0", &TERN_HANDLE_NOTIFICATION, TERN_MERCY_BARE_CHOICE,
     "BF3D28BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111",
     "BF3D2AA028BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111"},
    {"the same to the eIM", &TERN_HANDLE_NOTIFICATION_ESIPA, TERN_MERCY_BARE_CHOICE,
     "BF3D28BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111",
     "BF3D2AA028BF3725BF271E800101BF2F09800101810207800C00060388370AA208A1068001008101015F370111"},
    {"a bare BF41 for A1", &TERN_CANCEL_SESSION_REQUEST_ES9, TERN_MERCY_BARE_CHOICE,
     "BF4109800101BF4103810105",
     "BF4108800101A103810105"},
    {"TRUE as 01", &TERN_PROFILE_ROLLBACK_REQUEST, TERN_MERCY_BOOLEAN,
     "BF5803800101",
     "BF58038001FF"},
    {"200 without its 00", &TERN_NOTIFICATION_SENT_REQUEST, TERN_MERCY_UNSIGNED,
     "BF30038001C8",
     "BF3004800200C8"},
    {"DEFAULT FALSE written out", &TERN_PROFILE_INFO, TERN_MERCY_DEFAULT,
     "E3049F260100",
     "E300"},
    {"DEFAULT operational written out", &TERN_STORE_METADATA_REQUEST, TERN_MERCY_DEFAULT,
     "BF25135A0A9800103254769810321491009200950102",
     "BF25105A0A9800103254769810321491009200"},
};
/* clang-format on */

static void mercy_is_granted_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(MERCIES); i++) {
        uint8_t bytes[512];
        uint8_t strict_bytes[512];
        uint8_t encoded[512];
        uint8_t memory[4096];
        const struct tern_asn_record *record = MERCIES[i].record;
        assert_true(record->size <= sizeof memory);
        struct tern_bytes sent = hex(bytes, sizeof bytes, MERCIES[i].sent);
        struct tern_bytes strict = hex(strict_bytes, sizeof strict_bytes, MERCIES[i].strict);
        unsigned others = (unsigned)TERN_MERCY_ALL & ~MERCIES[i].mercy;
        for (unsigned turn = 0; turn < 3; turn++) {
            unsigned mercy = turn == 0 ? TERN_MERCY_NONE : turn == 1 ? others : MERCIES[i].mercy;
            struct tern_writer out = TERN_WRITER_OF(encoded);
            int error = tern_asn_decode_as(record, memory, NULL, sent, 0, mercy);
            error = error != TERN_OK ? error : tern_asn_encode(record, &out, memory);
            bool understood = error == TERN_OK && tern_bytes_equal(tern_writer_bytes(&out), strict);
            if (understood != (turn == 2)) {
                fprintf(stderr, "%s, mercy %x: %s\n", MERCIES[i].what, mercy,
                        tern_error_name(error));
            }
            assert_true(understood == (turn == 2));
        }
        assert_returns(record, strict);
    }
}

/* An element under its own tag and once more under a peer's tag is there twice. */
static void an_alias_does_not_double(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct tern_fault fault;
    struct tern_bytes in = hex(bytes, sizeof bytes, "3006 810161 800162");
    assert_int_equal(
        tern_asn_decode_as(&TERN_IPA_EUICC_DATA, NULL, &fault, in, 0, TERN_MERCY_VERSION_1_0),
        TERN_ERR_UNEXPECTED);
    assert_string_equal(fault.field, "defaultSmdpAddress");
    assert_int_equal(fault.offset, 5);
}

static void signatures_are_plain_or_der_by_mercy(void **state)
{
    (void)state;
    uint8_t bytes[80];
    uint8_t plain[64];
    uint8_t expected[64] = {0};
    expected[31] = 0x05;
    expected[32] = 0x80;
    expected[63] = 0x01;
    /* r = 5, s = 80 00 .. 01: a short one and one with its leading 00. */
    struct tern_bytes der = hex(bytes, sizeof bytes,
                                "3026 020105 022100 80000000000000000000000000000000"
                                "00000000000000000000000000000001");
    assert_int_equal(tern_asn_signature(plain, der, TERN_MERCY_NONE), TERN_ERR_MALFORMED);
    assert_int_equal(tern_asn_signature(plain, der, TERN_MERCY_DER_SIGNATURE), TERN_OK);
    assert_memory_equal(plain, expected, 64);
    assert_int_equal(tern_asn_signature(plain, TERN_BYTES_OF(expected), TERN_MERCY_NONE), TERN_OK);
    /* r of 33 bytes that do not begin with 00. */
    der =
        hex(bytes, sizeof bytes,
            "3026 022101 8000000000000000000000000000000000000000000000000000000000000000 020105");
    assert_int_equal(tern_asn_signature(plain, der, TERN_MERCY_DER_SIGNATURE), TERN_ERR_MALFORMED);
    for (size_t size = 0; size < der.size; size++) {
        assert_int_equal(
            tern_asn_signature(plain, tern_bytes(der.data, size), TERN_MERCY_DER_SIGNATURE),
            TERN_ERR_MALFORMED);
    }
}

/* What is refused, and where it says so. */
/* clang-format off */
static const struct {
    const char *what;
    const struct tern_asn_record *record;
    const char *hex;
    int error;
    const char *field;
    size_t offset;
} REFUSED[] = {
    {"nothing",                &TERN_GET_EIM_PACKAGE_REQUEST, "",                       TERN_ERR_TRUNCATED,  "GetEimPackageRequest", 0},
    {"another tag",            &TERN_GET_EIM_PACKAGE_REQUEST, "BF5003020101",           TERN_ERR_UNEXPECTED, "GetEimPackageRequest", 0},
    {"bytes behind it",        &TERN_GET_EIM_PACKAGE_RESPONSE, "BF4F0302010100",        TERN_ERR_MALFORMED,  "GetEimPackageResponse", 6},
    {"mandatory missing",      &TERN_GET_EIM_PACKAGE_REQUEST, "BF4F028000",             TERN_ERR_MISSING,    "eidValue", 5},
    {"EID of 15 bytes",        &TERN_GET_EIM_PACKAGE_REQUEST, "BF4F115A0F890440459300000000000021538932", TERN_ERR_RANGE, "eidValue", 5},
    {"doubled element",        &TERN_NOTIFICATION_SENT_REQUEST, "BF3006800107800108",   TERN_ERR_UNEXPECTED, "seqNumber", 6},
    {"out of order",           &TERN_EIM_ID_INFO, "3006 820102 800161",                 TERN_ERR_UNEXPECTED, "eimId", 5},
    {"padded INTEGER",         &TERN_NOTIFICATION_SENT_REQUEST, "BF300480020007",       TERN_ERR_MALFORMED,  "seqNumber", 5},
    {"empty INTEGER",          &TERN_NOTIFICATION_SENT_REQUEST, "BF30028000",           TERN_ERR_MALFORMED,  "seqNumber", 5},
    {"INTEGER of nine bytes",  &TERN_NOTIFICATION_SENT_REQUEST, "BF300B8009010000000000000000", TERN_ERR_RANGE, "seqNumber", 5},
    {"negative where none is", &TERN_NOTIFICATION_SENT_REQUEST, "BF30038001FF",         TERN_ERR_RANGE,      "seqNumber", 5},
    {"bad UTF-8",              &TERN_EIM_ID_INFO, "30038001FF",                         TERN_ERR_MALFORMED,  "eimId", 4},
    {"empty eimId",            &TERN_EIM_ID_INFO, "30028000",                           TERN_ERR_RANGE,      "eimId", 4},
    {"NULL with content",      &TERN_PSMO, "A30F5A0A98582232242022848114050100",        TERN_ERR_MALFORMED,  "rollbackFlag", 16},
    {"BOOLEAN of two bytes",   &TERN_PROFILE_ROLLBACK_REQUEST, "BF58048002FFFF",        TERN_ERR_MALFORMED,  "refreshFlag", 5},
    {"BIT STRING without count", &TERN_IPA_CAPABILITIES, "30028000",                    TERN_ERR_MALFORMED,  "ipaFeatures", 4},
    {"eight unused bits",      &TERN_IPA_CAPABILITIES, "300480020880",                  TERN_ERR_MALFORMED,  "ipaFeatures", 4},
    {"OID that ends inside",   &TERN_DP_PROPRIETARY_DATA, "3004800288B7",               TERN_ERR_MALFORMED,  "dpOid", 4},
    {"OID with padded arc",    &TERN_DP_PROPRIETARY_DATA, "300580032A8001",             TERN_ERR_MALFORMED,  "dpOid", 4},
    {"element too long for its parent", &TERN_EIM_ID_INFO, "3003800261",                TERN_ERR_TRUNCATED,  "EimIdInfo", 2},
    {"indefinite length",      &TERN_EIM_ID_INFO, "30808001610000",                     TERN_ERR_MALFORMED,  "EimIdInfo", 0},
    {"stranger in SEQUENCE OF", &TERN_EIM_ACKNOWLEDGEMENTS, "BF5303810107",             TERN_ERR_UNEXPECTED, "EimAcknowledgements", 3},
    {"two arms in a wrapper",  &TERN_GET_EIM_PACKAGE_RESPONSE, "BF4F06020101020102",    TERN_ERR_MALFORMED,  "GetEimPackageResponse", 6},
    {"empty CHOICE",           &TERN_GET_EIM_PACKAGE_RESPONSE, "BF4F00",                TERN_ERR_MISSING,    "GetEimPackageResponse", 3},
};
/* clang-format on */

static void faults_say_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(REFUSED); i++) {
        uint8_t bytes[64];
        struct tern_fault fault;
        struct tern_bytes in = hex(bytes, sizeof bytes, REFUSED[i].hex);
        int error = tern_asn_decode(REFUSED[i].record, NULL, &fault, in);
        if (error != REFUSED[i].error || fault.field == NULL ||
            strcmp(fault.field, REFUSED[i].field) != 0 || fault.offset != REFUSED[i].offset) {
            fprintf(stderr, "%s: %s, %s at %zu\n", REFUSED[i].what, tern_error_name(error),
                    fault.field, fault.offset);
        }
        assert_int_equal(error, REFUSED[i].error);
        assert_string_equal(fault.field, REFUSED[i].field);
        assert_int_equal(fault.offset, REFUSED[i].offset);
    }
}

/* EXTENSIBILITY IMPLIED: strangers are skipped anywhere in a SEQUENCE. sgp32.md 0.2 */
static void unknown_elements_are_skipped(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct tern_eim_id_info info;
    struct tern_bytes in = hex(bytes, sizeof bytes, "3011 9F2A0100 800161 BF7F020500 820102 8F00");
    assert_int_equal(tern_asn_decode(&TERN_EIM_ID_INFO, &info, NULL, in), TERN_OK);
    assert_true(tern_bytes_equal(info.eim_id, TERN_BYTES_TEXT("a")));
    assert_true(info.has_eim_id_type);
    assert_int_equal(info.eim_id_type, TERN_EIM_ID_TYPE_eimIdTypeFqdn);
}

/* A result list in which a card put 02 01 07 for an unknown command, a private 9F55, and a damaged
 * enableResult: the rest of the list stands. */
static void a_stranger_in_a_list_is_alone(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct tern_euicc_package_result_data_signed data;
    struct tern_bytes in =
        hex(bytes, sizeof bytes, "301D80016181010183010730128301009F5501018300840105BF6503800100");
    assert_int_equal(tern_asn_decode(&TERN_EUICC_PACKAGE_RESULT_DATA_SIGNED, &data, NULL, in),
                     TERN_OK);
    static const int ARMS[] = {TERN_EUICC_RESULT_DATA_IS_ENABLE_RESULT, TERN_ASN_RAW, 0,
                               TERN_EUICC_RESULT_DATA_IS_DISABLE_RESULT,
                               TERN_EUICC_RESULT_DATA_IS_SET_DEFAULT_DP_ADDRESS_RESULT};
    struct tern_bytes rest = data.euicc_result;
    assert_int_equal(tern_asn_count(rest), TERN_COUNT_OF(ARMS));
    for (size_t i = 0; i < TERN_COUNT_OF(ARMS); i++) {
        struct tern_euicc_result_data result;
        int got = tern_asn_next(&TERN_EUICC_RESULT_DATA, &result, &rest, 0);
        assert_int_equal(got, ARMS[i] == 0 ? TERN_ERR_MALFORMED : 1);
        assert_true(ARMS[i] == 0 || result.arm == ARMS[i]);
    }
    assert_int_equal(rest.size, 0);
}

/* sgp32.md 0.1 rule 3: the card's BF41 is given as it is and goes out under A1. */
static void a_kept_element_takes_the_tag_of_its_row(void **state)
{
    (void)state;
    uint8_t card[8];
    uint8_t transaction[] = {1, 2};
    uint8_t encoded[32];
    uint8_t expected[32];
    struct tern_cancel_session_request_es9 request = {.transaction_id = TERN_BYTES_OF(transaction),
                                                      .cancel_session_response =
                                                          hex(card, sizeof card, "BF4103810105")};
    struct tern_writer out = TERN_WRITER_OF(encoded);
    assert_int_equal(tern_asn_encode(&TERN_CANCEL_SESSION_REQUEST_ES9, &out, &request), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out),
                                 hex(expected, sizeof expected, "BF410980020102A103810105")));
    request.cancel_session_response = TERN_BYTES_NONE;
    assert_int_equal(tern_asn_encode(&TERN_CANCEL_SESSION_REQUEST_ES9, &out, &request),
                     TERN_ERR_MISSING);
}

/* What a signature covers goes on as it came, extensions and all. sgp32.md 0.2 */
static void signed_bytes_are_kept(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint8_t encoded[64];
    struct tern_smdp_signed2 view;
    struct tern_prepare_download_request request;
    struct tern_bytes in =
        hex(bytes, sizeof bytes, "BF211830098001010101FF8F01555F370111300730003000030100");
    assert_int_equal(tern_asn_decode(&TERN_PREPARE_DOWNLOAD_REQUEST, &request, NULL, in), TERN_OK);
    assert_int_equal(request.smdp_signed2.raw.size, 11);
    assert_true(request.smdp_signed2.cc_required_flag);
    struct tern_writer out = TERN_WRITER_OF(encoded);
    assert_int_equal(tern_asn_encode(&TERN_PREPARE_DOWNLOAD_REQUEST, &out, &request), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), in));
    assert_int_equal(tern_asn_decode(&TERN_SMDP_SIGNED2, &view, NULL, request.smdp_signed2.raw),
                     TERN_OK);
}

static void bits_are_trimmed_and_tolerated(void **state)
{
    (void)state;
    static const struct {
        const char *sent;
        uint64_t bits;
        const char *strict;
    } ROWS[] = {
        {"30048002 06C0",                 3,  "3004800206C0"},
        {"30048002 00C0",                 3,  "3004800206C0"},
        {"30058003 00C000",               3,  "3004800206C0"},
        {"30038001 00",                   0,  "3003800100"  },
        {"30048002 0004",                 32, "300480020204"},
        {"300C800A 00800000000000000080", 1,  "300480020780"}, /* bit 64 has no name and no place */
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        uint8_t bytes[32];
        uint8_t strict[32];
        uint8_t encoded[32];
        struct tern_ipa_capabilities capabilities;
        assert_int_equal(tern_asn_decode(&TERN_IPA_CAPABILITIES, &capabilities, NULL,
                                         hex(bytes, sizeof bytes, ROWS[i].sent)),
                         TERN_OK);
        assert_int_equal(capabilities.ipa_features, ROWS[i].bits);
        struct tern_writer out = TERN_WRITER_OF(encoded);
        assert_int_equal(tern_asn_encode(&TERN_IPA_CAPABILITIES, &out, &capabilities), TERN_OK);
        assert_true(
            tern_bytes_equal(tern_writer_bytes(&out), hex(strict, sizeof strict, ROWS[i].strict)));
    }
}

static void text_is_counted_in_characters(void **state)
{
    (void)state;
    uint8_t encoded[256];
    uint8_t iccid[10] = {0x98};
    char name[64 * 2 + 2];
    for (size_t i = 0; i < sizeof name; i += 2) {
        memcpy(name + i, "\xC3\xA5", 2);
    }
    struct tern_set_nickname_request request = {.iccid = TERN_BYTES_OF(iccid),
                                                .profile_nickname = tern_bytes(name, 128)};
    struct tern_writer out = TERN_WRITER_OF(encoded);
    assert_int_equal(tern_asn_encode(&TERN_SET_NICKNAME_REQUEST, &out, &request), TERN_OK);
    assert_int_equal(
        tern_asn_decode(&TERN_SET_NICKNAME_REQUEST, NULL, NULL, tern_writer_bytes(&out)), TERN_OK);
    request.profile_nickname.size = 130;
    assert_int_equal(tern_asn_encode(&TERN_SET_NICKNAME_REQUEST, &out, &request), TERN_ERR_RANGE);
    request.profile_nickname.size = 127;
    assert_int_equal(tern_asn_encode(&TERN_SET_NICKNAME_REQUEST, &out, &request),
                     TERN_ERR_MALFORMED);
}

static void oids_are_written_in_dots(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"2.999.10",          "88370A"        },
        {"2.23.146.1",        "67811201"      },
        {"1.2.840.10045.2.1", "2A8648CE3D0201"},
        {"0.0",               "00"            },
        {"1.39",              "4F"            },
        {"2.0",               "50"            },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        uint8_t bytes[16];
        uint8_t text[64];
        struct tern_writer out = TERN_WRITER_OF(text);
        struct tern_bytes content = hex(bytes, sizeof bytes, ROWS[i][1]);
        assert_int_equal(tern_asn_oid_to_text(&out, content), TERN_OK);
        assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(ROWS[i][0])));
        out = TERN_WRITER_OF(text);
        assert_int_equal(tern_asn_oid_from_text(&out, tern_bytes_text(ROWS[i][0])), TERN_OK);
        assert_true(tern_bytes_equal(tern_writer_bytes(&out), content));
    }
    static const char *const BAD[] = {"",     "1",    "3.1",   "1.40", "1.2.",
                                      ".1.2", "1..2", "1.2.x", "1.2 ", "1.2.99999999999999999999"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        uint8_t content[32];
        struct tern_writer out = TERN_WRITER_OF(content);
        assert_int_equal(tern_asn_oid_from_text(&out, tern_bytes_text(BAD[i])), TERN_ERR_MALFORMED);
        assert_int_equal(out.size, 0);
    }
}

static void assert_prints(const struct tern_asn_record *record, const char *hex_text,
                          const char *expected)
{
    uint8_t bytes[256];
    char text[1024];
    struct tern_writer out = TERN_WRITER_OF(text);
    assert_int_equal(tern_asn_print(record, &out, hex(bytes, sizeof bytes, hex_text), 0, NULL),
                     TERN_OK);
    tern_write_byte(&out, 0);
    assert_string_equal(text, expected);
}

static void print_uses_the_names_of_the_spec(void **state)
{
    (void)state;
    assert_prints(&TERN_ERROR_RESULT, "3006 800105 81010D",
                  "ErrorResult 30\n"
                  "  bppCommandId: 5 (loadProfileElements)\n"
                  "  errorReason: 13 (installFailedDueToDataMismatch)\n");
    assert_prints(&TERN_GET_EIM_PACKAGE_REQUEST,
                  "BF4F1C5A10890440459300000000000021538932108000810101820302F801",
                  "GetEimPackageRequest BF4F\n"
                  "  eidValue: 89044045930000000000002153893210\n"
                  "  notifyStateChange: NULL\n"
                  "  stateChangeCause: 1 (fallback)\n"
                  "  rPLMN: 02F801\n");
    assert_prints(&TERN_ADD_EIM_RESULT, "8401FF", "AddEimResult 84\n  associationToken: -1\n");
    assert_prints(&TERN_ADD_EIM_RESULT, "84088000000000000000",
                  "AddEimResult 84\n  associationToken: -9223372036854775808\n");
    assert_prints(&TERN_EUICC_RESULT_DATA, "830142",
                  "EuiccResultData 83\n  enableResult: 66 (not in the spec)\n");
    assert_prints(
        &TERN_IPA_CAPABILITIES, "3004800206C0",
        "IpaCapabilities 30\n"
        "  ipaFeatures: {directRspServerCommunication, indirectRspServerCommunication}\n");
    assert_prints(&TERN_REPLACE_SESSION_KEYS_REQUEST, "BF2609 8001AA 8101BB 8201CC",
                  "ReplaceSessionKeysRequest BF26\n"
                  "  initialMacChainingValue: (secret)\n"
                  "  ppkEnc: (secret)\n"
                  "  ppkCmac: (secret)\n");
    assert_prints(&TERN_EIM_ID_INFO, "3007 800161 A1020500",
                  "EimIdInfo 30\n  eimId: \"a\"\n  (unknown)\n    A1\n      05 NULL: NULL\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_come_back),
        cmocka_unit_test(an_euicc_package_is_built),
        cmocka_unit_test(mercy_is_granted_by_name),
        cmocka_unit_test(an_alias_does_not_double),
        cmocka_unit_test(signatures_are_plain_or_der_by_mercy),
        cmocka_unit_test(faults_say_where),
        cmocka_unit_test(unknown_elements_are_skipped),
        cmocka_unit_test(a_stranger_in_a_list_is_alone),
        cmocka_unit_test(a_kept_element_takes_the_tag_of_its_row),
        cmocka_unit_test(signed_bytes_are_kept),
        cmocka_unit_test(bits_are_trimmed_and_tolerated),
        cmocka_unit_test(text_is_counted_in_characters),
        cmocka_unit_test(oids_are_written_in_dots),
        cmocka_unit_test(print_uses_the_names_of_the_spec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
