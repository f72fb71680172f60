/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE against the vectors of RFC 8613, appendix C, and those of coap-oscore-edhoc.md 13; then
 * client and server against each other, with replays, losses and restarts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/crypto/openssl.h"
#include "tern/oscore.h"

#define BUFFER_COUNT 8

static struct tern_bytes hex(const char *text)
{
    static uint8_t buffer[BUFFER_COUNT][256];
    static unsigned turn;
    turn = (turn + 1) % BUFFER_COUNT;
    struct tern_writer out = TERN_WRITER_OF(buffer[turn]);
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(text)), TERN_OK);
    return tern_writer_bytes(&out);
}

static void assert_hex(struct tern_bytes bytes, const char *expected)
{
    if (!tern_bytes_equal(bytes, hex(expected))) {
        char text[600];
        struct tern_writer out = tern_writer(text, sizeof(text) - 1);
        tern_hex_encode(&out, bytes);
        text[tern_writer_bytes(&out).size] = '\0';
        fail_msg("got %s\nnot %s", text, expected);
    }
}

#define SECRET "0102030405060708090a0b0c0d0e0f10"
#define SALT   "9e7ca92223786340"

/* A context of one side; `client` chooses which. */
static struct tern_oscore context(const char *salt, const char *id_context, const char *client_id,
                                  const char *server_id, bool client)
{
    struct tern_oscore oscore;
    const struct tern_oscore_keys keys = {
        .master_secret = hex(SECRET),
        .master_salt = hex(salt),
        .id_context = id_context == NULL ? TERN_BYTES_NONE : hex(id_context),
        .sender_id = hex(client ? client_id : server_id),
        .recipient_id = hex(client ? server_id : client_id),
    };
    assert_int_equal(tern_oscore_init(&oscore, tern_openssl(), &keys), TERN_OK);
    tern_oscore_saved(&oscore);
    return oscore;
}

static void keys_are_derived(void **state)
{
    (void)state;
    /* coap-oscore-edhoc.md 13.1 and 13.4: C.1 to C.3 and the contexts of B.2. */
    static const struct {
        const char *salt, *id_context, *client, *client_key, *server_key, *iv;
    } CASES[] = {
        {SALT, NULL,                               "",   "f0910ed7295e6ad4b54fc793154302ff", "ffb14e093c94c9cac9471648b4f98710",
         "4622d4dd6d944168eefb54987c"                                                                                                                        },
        {"",   NULL,                               "00", "321b26943253c7ffb6003b0b64d74041", "e57b5635815177cd679ab4bcec9d7dda",
         "be35ae297d2dace910c52e99f9"                                                                                                                        },
        {SALT, "37cbf3210017a2d3",                 "",   "af2a1300a5e95788b356336eeecd2b92",
         "e39a0c7c77b43f03b4b39ab9a268699f",                                                                                     "2ca58fb85ff1b81c0b7181b85e"},
        {SALT, "0102030405060708",                 "",   "42bb46cb6388a3ab068c58599fe33da2",
         "b870a93434294dca630670f25ef41bc7",                                                                                     "8de5bd3908895ead3144f72a96"},
        {SALT, "11121314151617180102030405060708", "",   "6d023061ae58f4a738e2dcbb86a02ee1",
         "d22732a47ebb853359fb4975483dab0d",                                                                                     "87d0f4f0877757f27fc3581dcf"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct tern_oscore oscore =
            context(CASES[i].salt, CASES[i].id_context, CASES[i].client, "01", true);
        assert_hex(TERN_BYTES_OF(oscore.sender_key), CASES[i].client_key);
        assert_hex(TERN_BYTES_OF(oscore.recipient_key), CASES[i].server_key);
        assert_hex(TERN_BYTES_OF(oscore.common_iv), CASES[i].iv);
    }
    struct tern_oscore oscore;
    struct tern_oscore_keys same = {
        .master_secret = hex(SECRET), .sender_id = hex("01"), .recipient_id = hex("01")};
    assert_int_equal(tern_oscore_init(&oscore, tern_openssl(), &same), TERN_ERR_RANGE);
    same.sender_id = hex("0102030405060708");
    assert_int_equal(tern_oscore_init(&oscore, tern_openssl(), &same), TERN_ERR_RANGE);
}

#define GET_TV1 "44015d1f00003974396c6f63616c686f737483747631"

static void requests_are_protected(void **state)
{
    (void)state;
    /* C.4 to C.6. */
    static const struct {
        const char *salt, *id_context, *client, *plain, *message;
    } CASES[] = {
        {SALT, NULL,               "",   GET_TV1,
         "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e"  },
        {"",   NULL,               "00", "440171c30000b932396c6f63616c686f737483747631",
         "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0"},
        {SALT, "37cbf3210017a2d3", "",   "44012f8eef9bbf7a396c6f63616c686f737483747631",
         "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff"
         "72cd7273fd331ac45cffbe55c3"                                              },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct tern_oscore client =
            context(CASES[i].salt, CASES[i].id_context, CASES[i].client, "01", true);
        struct tern_oscore server =
            context(CASES[i].salt, CASES[i].id_context, CASES[i].client, "01", false);
        client.sequence = 0x14;
        uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_oscore_protect(&client, &out, hex(CASES[i].plain)), 1);
        assert_hex(tern_writer_bytes(&out), CASES[i].message);
        assert_int_equal(client.sequence, 0x15);
        /* A retransmission is the same bytes and takes no number. */
        out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_oscore_protect(&client, &out, hex(CASES[i].plain)), 1);
        assert_hex(tern_writer_bytes(&out), CASES[i].message);
        assert_int_equal(client.sequence, 0x15);

        uint8_t text[TERN_COAP_DATAGRAM_MAX];
        struct tern_writer plain = TERN_WRITER_OF(text);
        struct tern_oscore_option option;
        assert_int_equal(tern_oscore_look(&option, hex(CASES[i].message)), TERN_OK);
        assert_hex(option.kid, CASES[i].client);
        assert_int_equal(tern_oscore_unprotect(&server, &plain, NULL, hex(CASES[i].message)),
                         TERN_OSCORE_PLAIN);
        assert_hex(tern_writer_bytes(&plain), CASES[i].plain);
    }
}

/* A server that has taken the request of C.4. */
static struct tern_oscore server_after_c4(void)
{
    struct tern_oscore server = context(SALT, NULL, "", "01", false);
    uint8_t text[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer plain = TERN_WRITER_OF(text);
    assert_int_equal(
        tern_oscore_unprotect(
            &server, &plain, NULL,
            hex("44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e")),
        TERN_OSCORE_PLAIN);
    return server;
}

static struct tern_oscore client_after_c4(void)
{
    struct tern_oscore client = context(SALT, NULL, "", "01", true);
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    client.sequence = 0x14;
    assert_int_equal(tern_oscore_protect(&client, &out, hex(GET_TV1)), 1);
    return client;
}

#define RESPONSE "64455d1f00003974ff48656c6c6f20576f726c6421"
#define C7       "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106"
#define C8       "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e"

static void responses_are_protected(void **state)
{
    (void)state;
    struct tern_oscore server = server_after_c4();
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_protect(&server, &out, hex(RESPONSE)), 1);
    assert_hex(tern_writer_bytes(&out), C7);
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_protect(&server, &out, hex(RESPONSE)), 1);
    assert_hex(tern_writer_bytes(&out), C7); /* repeated, not sealed anew */
    assert_int_equal(server.sequence, 0);
    /* Another response to the same request takes a Partial IV of its own. */
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(
        tern_oscore_protect(&server, &out, hex("64455d1f00003974ff48656c6c6f20576f726c6422")), 1);
    assert_int_equal(server.sequence, 1);
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_protect(&server, &out, hex("64455d1f00003975ff48")),
                     TERN_ERR_NOT_FOUND);

    static const char *const MESSAGES[] = {C7, C8};
    for (size_t i = 0; i < 2; i++) {
        struct tern_oscore client = client_after_c4();
        struct tern_writer plain = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_oscore_unprotect(&client, &plain, NULL, hex(MESSAGES[i])),
                         TERN_OSCORE_PLAIN);
        assert_hex(tern_writer_bytes(&plain), RESPONSE);
    }
}

/* coap-oscore-edhoc.md 13.3. */
static void echo_observe_and_blocks(void **state)
{
    (void)state;
    static const struct {
        uint64_t sequence;
        const char *plain, *message;
    } REQUESTS[] = {
        {0x15, "44015d2000003975b3747631d8e40011223344556677",
         "44025d2000003975920915ff93b67c7adb62543f1c1e23b4826cd3bc339d7ee244e70c"},
        {0x16, "44015d21000039766053747631",
         "44055d210000397660320916ff8cf4caa2a08cb41aedd21f984f9b"                },
        {0x17, "44035d2200003977b3747631112ad10208ff000102030405060708090a0b0c0d0e0f",
         "44025d2200003977920917ffcf42870d91814871a8894e04e0c0ab903dca866316fab8c56cf88fceeafaa5193"
         "86383"                                                                 },
    };
    struct tern_oscore client = context(SALT, NULL, "", "01", true);
    struct tern_oscore server = context(SALT, NULL, "", "01", false);
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    for (size_t i = 0; i < TERN_COUNT_OF(REQUESTS); i++) {
        struct tern_writer out = TERN_WRITER_OF(buffer);
        client.sequence = REQUESTS[i].sequence;
        assert_int_equal(tern_oscore_protect(&client, &out, hex(REQUESTS[i].plain)), 1);
        assert_hex(tern_writer_bytes(&out), REQUESTS[i].message);
        out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_oscore_unprotect(&server, &out, NULL, hex(REQUESTS[i].message)),
                         TERN_OSCORE_PLAIN);
        assert_hex(tern_writer_bytes(&out), REQUESTS[i].plain);
    }
    static const struct {
        const char *plain, *message;
    } RESPONSES[] = {
        {"64455d21000039766101ff48656c6c6f20576f726c6421",
         "64455d2100003976610130ffae76036fcf0bf6456f5cfd881f3a3fb6124cf6fcee2537"                        },
        {"54457a01000039766102ff48656c6c6f20576f726c6421",
         "54457a010000397661023302012dffd1507b576c74bdc36f78b183f50149851b67dabf6cf610"                  },
        {"645f5d2200003977d10e08",                         "64445d220000397790ff442aee73add080e7e3dc6aed"},
    };
    server.sequence = 0x12D;
    server.reserved = 0x200;
    for (size_t i = 0; i < TERN_COUNT_OF(RESPONSES); i++) {
        struct tern_writer out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_oscore_protect(&server, &out, hex(RESPONSES[i].plain)), 1);
        assert_hex(tern_writer_bytes(&out), RESPONSES[i].message);
    }
}

static void a_restarted_server_asks_for_echo(void **state)
{
    (void)state;
    struct tern_oscore server = context(SALT, NULL, "", "01", false);
    uint8_t saved[8];
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    uint8_t reply[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(saved);
    tern_write_uint(&out, 0x12C, 8);
    assert_int_equal(tern_oscore_restore(&server, TERN_BYTES_OF(saved)), TERN_OK);
    const char *request = "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e";
    struct tern_writer plain = TERN_WRITER_OF(buffer);
    struct tern_writer answer = TERN_WRITER_OF(reply);
    /* Nothing is sent before the reservation is durable. */
    assert_int_equal(tern_oscore_unprotect(&server, &plain, &answer, hex(request)),
                     TERN_OSCORE_DROPPED);
    tern_oscore_saved(&server);
    static const uint8_t ECHO[8] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
    memcpy(server.echo, ECHO, sizeof(ECHO));
    plain = TERN_WRITER_OF(buffer);
    answer = TERN_WRITER_OF(reply);
    assert_int_equal(tern_oscore_unprotect(&server, &plain, &answer, hex(request)),
                     TERN_OSCORE_ANSWER);
    assert_int_equal(plain.size, 0);
    assert_hex(tern_writer_bytes(&answer),
               "64445d1f000039749302012cfffc14e7f2d8f3d5a9df385713c2c3239a3a96f2");

    struct tern_oscore client = client_after_c4();
    plain = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_unprotect(&client, &plain, NULL, tern_writer_bytes(&answer)),
                     TERN_OSCORE_PLAIN);
    assert_hex(tern_writer_bytes(&plain), "64815d1f00003974d8ef0011223344556677");

    const char *again = "44025d2000003975920915ff93b67c7adb62543f1c1e23b4826cd3bc339d7ee244e70c";
    plain = TERN_WRITER_OF(buffer);
    answer = TERN_WRITER_OF(reply);
    assert_int_equal(tern_oscore_unprotect(&server, &plain, &answer, hex(again)),
                     TERN_OSCORE_PLAIN);
    assert_true(server.window_known);
    /* What came before the Echo is a replay now. */
    plain = TERN_WRITER_OF(buffer);
    answer = TERN_WRITER_OF(reply);
    server.exchanges[0].state = 0; /* forgotten as an exchange */
    server.exchanges[1].state = 0;
    server.exchanges[2].state = 0;
    assert_int_equal(tern_oscore_unprotect(&server, &plain, &answer, hex(request)),
                     TERN_OSCORE_ANSWER);
    struct tern_coap_message message;
    assert_int_equal(tern_coap_parse(&message, tern_writer_bytes(&answer)), TERN_OK);
    assert_true(tern_bytes_equal(message.payload, TERN_BYTES_TEXT("Replay detected")));
}

static enum tern_oscore_verdict give(struct tern_oscore *server, uint64_t sequence, uint16_t id)
{
    struct tern_oscore client = context(SALT, NULL, "", "01", true);
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    uint8_t text[TERN_COAP_DATAGRAM_MAX];
    uint8_t reply[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer plain = TERN_WRITER_OF(text);
    struct tern_coap_builder builder =
        tern_coap_build(&plain, TERN_COAP_CON, TERN_COAP_GET, id, TERN_BYTES_NONE);
    (void)builder;
    client.sequence = sequence;
    client.reserved = sequence + 1;
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_protect(&client, &out, tern_writer_bytes(&plain)), 1);
    plain = TERN_WRITER_OF(text);
    struct tern_writer answer = TERN_WRITER_OF(reply);
    return tern_oscore_unprotect(server, &plain, &answer, tern_writer_bytes(&out));
}

static void replays_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t sequence;
        enum tern_oscore_verdict verdict;
    } STEPS[] = {
        {70,           TERN_OSCORE_PLAIN },
        {70,           TERN_OSCORE_ANSWER},
        {7,            TERN_OSCORE_PLAIN },
        {7,            TERN_OSCORE_ANSWER},
        {6,            TERN_OSCORE_ANSWER},
        {69,           TERN_OSCORE_PLAIN },
        {71,           TERN_OSCORE_PLAIN },
        {7,            TERN_OSCORE_ANSWER},
        {8,            TERN_OSCORE_PLAIN },
        {1000,         TERN_OSCORE_PLAIN },
        {71,           TERN_OSCORE_ANSWER},
        {999,          TERN_OSCORE_PLAIN },
        {0xFFFFFFFFFF, TERN_OSCORE_PLAIN },
        {1000,         TERN_OSCORE_ANSWER},
        {0xFFFFFFFFFF, TERN_OSCORE_ANSWER},
    };
    struct tern_oscore server = context(SALT, NULL, "", "01", false);
    for (size_t i = 0; i < TERN_COUNT_OF(STEPS); i++) {
        enum tern_oscore_verdict verdict = give(&server, STEPS[i].sequence, (uint16_t)(100 + i));
        if (verdict != STEPS[i].verdict) {
            fail_msg("step %zu: %d", i, (int)verdict);
        }
    }
    /* The same message again, under the same message ID, is core/coap's to answer. */
    server = context(SALT, NULL, "", "01", false);
    assert_int_equal(give(&server, 5, 1), TERN_OSCORE_PLAIN);
    assert_int_equal(give(&server, 5, 1), TERN_OSCORE_PLAIN);
    assert_int_equal(give(&server, 5, 2), TERN_OSCORE_ANSWER);
}

static void numbers_are_reserved_before_use(void **state)
{
    (void)state;
    struct tern_oscore client;
    const struct tern_oscore_keys keys = {
        .master_secret = hex(SECRET), .sender_id = hex("00"), .recipient_id = hex("01")};
    assert_int_equal(tern_oscore_init(&client, tern_openssl(), &keys), TERN_OK);
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_true(tern_oscore_wants_save(&client));
    assert_int_equal(tern_oscore_protect(&client, &out, hex("4001000174")), TERN_ERR_TRUNCATED);
    assert_int_equal(tern_oscore_protect(&client, &out, hex("40010001")), TERN_ERR_STATE);
    uint8_t saved[TERN_OSCORE_SAVED_SIZE];
    struct tern_writer bytes = TERN_WRITER_OF(saved);
    tern_oscore_save(&client, &bytes);
    tern_oscore_saved(&client);
    unsigned sent = 0;
    for (uint16_t id = 1; id < 1000; id++) {
        uint8_t plain[4] = {0x40, 0x01, (uint8_t)(id >> 8), (uint8_t)id};
        out = TERN_WRITER_OF(buffer);
        if (tern_oscore_protect(&client, &out, TERN_BYTES_OF(plain)) != 1) {
            break;
        }
        sent++;
    }
    assert_int_equal(sent, TERN_OSCORE_RESERVE);
    /* After a power cut no number comes again. */
    struct tern_oscore later;
    assert_int_equal(tern_oscore_init(&later, tern_openssl(), &keys), TERN_OK);
    assert_int_equal(tern_oscore_restore(&later, TERN_BYTES_OF(saved)), TERN_OK);
    assert_true(later.sequence >= client.sequence);
    client.sequence = client.reserved = TERN_OSCORE_SEQUENCE_END;
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_oscore_protect(&client, &out, hex("400103e9")), TERN_ERR_EXPIRED);
}

static void options_are_read_strictly(void **state)
{
    (void)state;
    struct tern_oscore_option option;
    assert_int_equal(tern_oscore_read_option(&option, hex("090525")), TERN_OK);
    assert_hex(option.kid, "25");
    assert_hex(option.partial_iv, "05");
    assert_int_equal(tern_oscore_read_option(&option, hex("19050544616c656b")), TERN_OK);
    assert_hex(option.kid_context, "44616c656b");
    assert_non_null(option.kid.data);
    assert_int_equal(option.kid.size, 0);
    static const char *const BAD[] = {"00", "06",   "07",     "0e",       "20",    "40",
                                      "80", "29",   "02",     "0205",     "01",    "010001",
                                      "11", "1100", "110005", "11000544", "020001"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        if (tern_oscore_read_option(&option, hex(BAD[i])) != TERN_ERR_MALFORMED) {
            fail_msg("%s", BAD[i]);
        }
    }
}

/* No flipped bit of C.4 passes, and none harms. Outside, only what the RFC leaves open may change.
 */
static void flipped_bits_are_noticed(void **state)
{
    (void)state;
    struct tern_bytes good =
        hex("44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e");
    for (size_t bit = 0; bit < good.size * 8; bit++) {
        struct tern_oscore server = context(SALT, NULL, "", "01", false);
        uint8_t bytes[64];
        uint8_t text[TERN_COAP_DATAGRAM_MAX];
        uint8_t reply[TERN_COAP_DATAGRAM_MAX];
        memcpy(bytes, good.data, good.size);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        struct tern_writer plain = TERN_WRITER_OF(text);
        struct tern_writer answer = TERN_WRITER_OF(reply);
        enum tern_oscore_verdict verdict =
            tern_oscore_unprotect(&server, &plain, &answer, tern_bytes(bytes, good.size));
        if (bit / 8 >= 19) { /* option value, marker and ciphertext */
            assert_int_not_equal(verdict, TERN_OSCORE_PLAIN);
            assert_false(server.window_used);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_derived),
        cmocka_unit_test(requests_are_protected),
        cmocka_unit_test(responses_are_protected),
        cmocka_unit_test(echo_observe_and_blocks),
        cmocka_unit_test(a_restarted_server_asks_for_echo),
        cmocka_unit_test(replays_are_refused),
        cmocka_unit_test(numbers_are_reserved_before_use),
        cmocka_unit_test(options_are_read_strictly),
        cmocka_unit_test(flipped_bits_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
