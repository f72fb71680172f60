/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDHOC against RFC 9529, section 3, and the generated sessions of coap-oscore-edhoc.md 13.5 to
 * 13.8; then all methods and suites against each other, with every bit of every message flipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/crypto/openssl.h"
#include "tern/edhoc.h"

#define BUFFER_COUNT 12

static struct tern_bytes hex(const char *text)
{
    static uint8_t buffer[BUFFER_COUNT][512];
    static unsigned turn;
    turn = (turn + 1) % BUFFER_COUNT;
    struct tern_writer out = TERN_WRITER_OF(buffer[turn]);
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(text)), TERN_OK);
    return tern_writer_bytes(&out);
}

static void assert_hex(struct tern_bytes bytes, const char *expected)
{
    if (!tern_bytes_equal(bytes, hex(expected))) {
        char text[1200];
        struct tern_writer out = tern_writer(text, sizeof(text) - 1);
        tern_hex_encode(&out, bytes);
        text[tern_writer_bytes(&out).size] = '\0';
        fail_msg("got %s\nnot %s", text, expected);
    }
}

#define X_SCALAR "368ec1f69aeb659ba37d5a8d45b21bdc0299dceaa8ef235f3ca42ce3530f9525"
#define Y_SCALAR "e2f4126777205e853b437d6eaca1e1f753cdcc3e2c69fa884b0a1a640977e418"
#define G_X      "8af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b6"
#define G_X_Y    "51e8af6c6edb781601ad1d9c5fa8bf7aa15716c7c06a5d038503c614ff80c9b3"
#define G_Y      "419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d5"
#define G_Y_Y    "5e4f0dd8a3da0baa16b9d3ad56a0c1860a940af85914915e25019b402417e99d"
#define R_SCALAR "72cc4761dbd4c78f758931aa589d348d1ef874a7e303ede2f140dcf3e6aa4aac"
#define R_POINT                                                          \
    "04bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0" \
    "4519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072"
#define I_SCALAR "fb13adeb6518cee5f88417660841142e830a81fe334380a953406a1305e8706b"
#define I_POINT                                                          \
    "04ac75e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb6" \
    "6e5de611388a4b8a8211334ac7d37ecb52a387d257e6db3c2a93df21ff3affc8"
#define R_CCS                                                                                      \
    "a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a234148ddc2" \
    "1791a12afbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51ea" \
    "bf6072"
#define I_CCS                                                                                      \
    "a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75e9ece3e5" \
    "0bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a8211334ac7d37ecb52" \
    "a387d257e6db3c2a93df21ff3affc8"
#define R_X509                                                                                     \
    "5901223082011e3081c5a003020102020461e9981e300a06082a8648ce3d04030230153113301106035504030c0a" \
    "4544484f4320526f6f74301e170d3232303132303137313330325a170d3239313233313233303030305a301a3118" \
    "301606035504030c0f4544484f4320526573706f6e6465723059301306072a8648ce3d020106082a8648ce3d0301" \
    "0703420004bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f04519e257236b2a0ce2" \
    "023f0931f1f386ca7afda64fcde0108c224c51eabf6072300a06082a8648ce3d0403020348003045022030194ef5" \
    "fc65c8b795cdcd0bb431bf83ee6741c1370c22c8eb8ee9edd2a70519022100b5830e9c89a62ac73ce1ebce006170" \
    "7db8a88e23709b4acc58a1313b133d0558"
#define I_X509                                                                                     \
    "5901223082011e3081c5a00302010202046232ef6f300a06082a8648ce3d04030230153113301106035504030c0a" \
    "4544484f4320526f6f74301e170d3232303331373038323130335a170d3239313233313233303030305a301a3118" \
    "301606035504030c0f4544484f4320496e69746961746f723059301306072a8648ce3d020106082a8648ce3d0301" \
    "0703420004ac75e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb66e5de611388a4b8a82" \
    "11334ac7d37ecb52a387d257e6db3c2a93df21ff3affc8300a06082a8648ce3d04030203480030450221008c323a" \
    "1f332138aab9d0beafb85f8d5a44073c580f595bc521ef913f6ef48d1102206c0af1a185a4e4de06353699231c73" \
    "3a6e8dd2df6513966c9130152a07a2bede"
#define R_SIGNATURE                                                                                \
    "008b9953b91ca5703f749b3cf624a442538635291e9fdbc94721d6122b32399cfe6b257ae50045578cad4dcc2620" \
    "f8e61081393a85e373f6b01ace8889d7414c"
#define I_SIGNATURE                                                                                \
    "4488c8aacd942c7dd4bf54dd952875fcbf4355fc47ff03817244d0c593f5e57752429fb8ee7518fa443b11117f65" \
    "cc788d7764309e8d55f44a198451487692ac"

/* ---- a provider whose ephemeral keys and signatures are those of the trace ---- */

struct fixed {
    struct tern_crypto crypto;
    uint8_t scalar[32];
    uint8_t point[65];
    uint8_t signature[64];
};

static int fixed_generate(void *context, enum tern_curve curve, uint8_t scalar[32],
                          uint8_t point[65])
{
    const struct fixed *fixed = context;
    assert_int_equal(curve, TERN_CURVE_P256);
    memcpy(scalar, fixed->scalar, 32);
    memcpy(point, fixed->point, 65);
    return TERN_OK;
}

static int fixed_sign(void *context, uint8_t signature[64], struct tern_key key,
                      const struct tern_bytes *parts, size_t count)
{
    const struct fixed *fixed = context;
    (void)key;
    (void)parts;
    (void)count;
    memcpy(signature, fixed->signature, 64);
    return TERN_OK;
}

static struct fixed trace_provider(bool initiator)
{
    struct fixed fixed = {.crypto = *tern_openssl()};
    fixed.crypto.ec_generate = fixed_generate;
    fixed.crypto.ecdsa_sign = fixed_sign;
    memcpy(fixed.scalar, hex(initiator ? X_SCALAR : Y_SCALAR).data, 32);
    fixed.point[0] = 4;
    memcpy(fixed.point + 1, hex(initiator ? G_X : G_Y).data, 32);
    memcpy(fixed.point + 33, hex(initiator ? G_X_Y : G_Y_Y).data, 32);
    memcpy(fixed.signature, hex(initiator ? I_SIGNATURE : R_SIGNATURE).data, 64);
    return fixed;
}

/* Credentials of the trace, in memory that outlives the session. */
struct parties {
    struct fixed x, y;
    struct tern_edhoc_credential initiator, responder;
    uint8_t i_id[20], r_id[20], i_cred[400], r_cred[400], i_scalar[32], r_scalar[32];
};

static struct tern_bytes kept(uint8_t *place, struct tern_bytes bytes)
{
    memcpy(place, bytes.data, bytes.size);
    return tern_bytes(place, bytes.size);
}

static void make_parties(struct parties *parties, bool x509)
{
    static const int HANDLE = 0;
    memset(parties, 0, sizeof(*parties));
    parties->x = trace_provider(true);
    parties->y = trace_provider(false);
    parties->x.crypto.context = &parties->x;
    parties->y.crypto.context = &parties->y;
    memcpy(parties->i_scalar, hex(I_SCALAR).data, 32);
    memcpy(parties->r_scalar, hex(R_SCALAR).data, 32);
    parties->initiator = (struct tern_edhoc_credential){
        .id_cred = kept(parties->i_id, hex(x509 ? "a11822822e48eec73fcbb0162676" : "a104412b")),
        .cred = kept(parties->i_cred, hex(x509 ? I_X509 : I_CCS)),
        .key = {.curve = TERN_CURVE_P256},
        .sign_key = { TERN_CURVE_P256,                 &HANDLE},
        .static_scalar = parties->i_scalar,
    };
    parties->responder = (struct tern_edhoc_credential){
        .id_cred = kept(parties->r_id, hex(x509 ? "a11822822e483480f5fa01a8abf4" : "a1044132")),
        .cred = kept(parties->r_cred, hex(x509 ? R_X509 : R_CCS)),
        .key = {.curve = TERN_CURVE_P256},
        .sign_key = { TERN_CURVE_P256,                 &HANDLE},
        .static_scalar = parties->r_scalar,
    };
    memcpy(parties->initiator.key.point, hex(I_POINT).data, 65);
    memcpy(parties->responder.key.point, hex(R_POINT).data, 65);
}

/* One recorded session: what each message is and what comes out. NULL: not compared. */
struct session {
    enum tern_edhoc_method method;
    uint8_t suite;
    bool x509;
    const char *messages[4];
    const char *secret, *salt;
};

static void check_keys(const struct tern_edhoc *edhoc, const struct session *session)
{
    uint8_t secret[16];
    uint8_t salt[8];
    assert_int_equal(tern_edhoc_export(edhoc, secret, 16, 0, TERN_BYTES_NONE), TERN_OK);
    assert_int_equal(tern_edhoc_export(edhoc, salt, 8, 1, TERN_BYTES_NONE), TERN_OK);
    assert_hex(TERN_BYTES_OF(secret), session->secret);
    assert_hex(TERN_BYTES_OF(salt), session->salt);
}

static void check_message(struct tern_bytes message, const char *expected)
{
    if (expected != NULL) {
        assert_hex(message, expected);
    }
}

static void play(const struct session *session)
{
    struct parties parties;
    struct tern_edhoc i, r;
    uint8_t buffers[5][TERN_EDHOC_MESSAGE_SIZE_MAX];
    struct tern_writer message[5];
    for (size_t n = 0; n < 5; n++) {
        message[n] = TERN_WRITER_OF(buffers[n]);
    }
    make_parties(&parties, session->x509);
    tern_edhoc_initiate(&i, &parties.x.crypto, &parties.initiator, session->method, session->suite,
                        hex("37"));
    tern_edhoc_respond(&r, &parties.y.crypto, &parties.responder, hex("27"));
    assert_int_equal(tern_edhoc_message_1(&i, &message[0]), TERN_OK);
    check_message(tern_writer_bytes(&message[0]), session->messages[0]);
    assert_int_equal(tern_edhoc_take_1(&r, &message[4], tern_writer_bytes(&message[0])), TERN_OK);
    assert_int_equal(tern_edhoc_message_2(&r, &message[1]), TERN_OK);
    check_message(tern_writer_bytes(&message[1]), session->messages[1]);
    assert_int_equal(tern_edhoc_take_2(&i, tern_writer_bytes(&message[1])), TERN_OK);
    assert_true(tern_bytes_equal(i.peer_id_cred, parties.responder.id_cred));
    assert_int_equal(tern_edhoc_verify(&i, &parties.responder), TERN_OK);
    assert_int_equal(tern_edhoc_message_3(&i, &message[2]), TERN_OK);
    check_message(tern_writer_bytes(&message[2]), session->messages[2]);
    assert_int_equal(tern_edhoc_take_3(&r, tern_writer_bytes(&message[2])), TERN_OK);
    assert_true(tern_bytes_equal(r.peer_id_cred, parties.initiator.id_cred));
    assert_int_equal(tern_edhoc_verify(&r, &parties.initiator), TERN_OK);
    assert_int_equal(tern_edhoc_message_4(&r, &message[3]), TERN_OK);
    check_message(tern_writer_bytes(&message[3]), session->messages[3]);
    assert_int_equal(tern_edhoc_take_4(&i, tern_writer_bytes(&message[3])), TERN_OK);
    check_keys(&i, session);
    check_keys(&r, session);
    assert_int_equal(tern_edhoc_take_3(&r, tern_writer_bytes(&message[2])), TERN_ERR_STATE);
}

#define M1_3(suite) "03" suite "5820" G_X "37"

static void recorded_sessions_come_out(void **state)
{
    (void)state;
    static const struct session SESSIONS[] = {
        {3,
         2, false,
         {M1_3("02"), NULL, NULL, NULL},
         "06bf15e79aef401b00edd784713a277b", "ad3a4d180742bab6"},
        {3,
         2, true,
         {M1_3("02"), NULL, NULL, NULL},
         "c6c32659d68bf24912beccccd1fd1c70", "921d401ac3752f5c"},
        {3,
         3, false,
         {M1_3("03"),
          "5833419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d5739f7227d72301b64dd0"
          "dc255647253bbed032",
          "5822730d9bcba681813233df04809aceea704acdea5437e0c1e2fe1b3257fd1feee02155",
          "503602a7ee7b72c8d51499b3af4902ece0"},
         "5f1555ecbee9df4c6d51718cd5b63fb7", "c92e67fc11f22ce7"},
        {3,
         3, true,
         {M1_3("03"), NULL, NULL, NULL},
         "c41ba1b957a07b97170e36cc23bd176b", "4f3a610394ce8ae5"},
        {0,
         2, true,
         {"00025820" G_X "37",
          "5871419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d55fd72d5c6e04b7fdb4c0"
          "15ae9a1a1647010e1bd9fa4b30f716cbdbef3825b9465f54c94e2aa2c58c29e6aded0c4c2b72623bd863a725"
          "2a9aaed2a9f790921bd3e1f95e1164f0a5bc516165484526728c74",
          "585830a9f671bcfe075e3d2f8a3c7a463e94539e62904a58c050fdcd48693decc869dde39caabf649f024182"
          "f42923da7bd2f31c78f1bb3db5a5f12f0ef3680a005f97cebd20d40794f9cef89db9aeee6a6824a53ebfaf64"
          "3a9a",
          "4883d1ef64738cb41c"},
         "83bce0c6e3001492258e3cb1af346590", "a1bf9fbb2b624865"},
    };
    for (size_t n = 0; n < TERN_COUNT_OF(SESSIONS); n++) {
        play(&SESSIONS[n]);
    }
}

#define RFC_1 "0382060258208af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b637"
#define RFC_2 \
    "582b419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d59862a1eef9e0e7e1886fcd"
#define RFC_3 "52e562097bc417dd5919485ac7891ffd90a9fc"
#define RFC_4 "4828c966b7ca304f83"

/* RFC 9529, section 3: the Initiator would like suite 6, gets an error, and says [6, 2]. */
static void the_trace_of_rfc_9529(void **state)
{
    (void)state;
    struct parties parties;
    struct tern_edhoc i, r;
    uint8_t buffer[TERN_EDHOC_MESSAGE_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    const struct session session = {.secret = "f9868f6a3aca78a05d1485b35030b162",
                                    .salt = "ada24c7dbfc85eeb"};
    make_parties(&parties, false);
    tern_edhoc_respond(&r, &parties.y.crypto, &parties.responder, hex("27"));
    assert_int_equal(
        tern_edhoc_take_1(
            &r, &out,
            hex("03065820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e")),
        TERN_ERR_UNSUPPORTED);
    assert_hex(tern_writer_bytes(&out), "02820203");

    tern_edhoc_respond(&r, &parties.y.crypto, &parties.responder, hex("27"));
    assert_int_equal(tern_edhoc_take_1(&r, &out, hex(RFC_1)), TERN_OK);
    assert_int_equal(r.suite, 2);
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_edhoc_message_2(&r, &out), TERN_OK);
    assert_hex(tern_writer_bytes(&out), RFC_2);
    assert_int_equal(tern_edhoc_take_3(&r, hex(RFC_3)), TERN_OK);
    assert_int_equal(tern_edhoc_verify(&r, &parties.initiator), TERN_OK);
    assert_hex(TERN_BYTES_OF(r.prk_out),
               "2c71afc1a9338a940bb3529ca734b886f30d1aba0b4dc51beeaeabdfea9ecbf8");
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_edhoc_message_4(&r, &out), TERN_OK);
    assert_hex(tern_writer_bytes(&out), RFC_4);
    check_keys(&r, &session);

    /* Ours names one suite; the transcript is made that of the trace. */
    tern_edhoc_initiate(&i, &parties.x.crypto, &parties.initiator, TERN_EDHOC_STATIC_STATIC, 2,
                        hex("37"));
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_edhoc_message_1(&i, &out), TERN_OK);
    memcpy(i.h_message_1,
           hex("ca02cabda5a8902749b42f711050bb4dbd52153e87527594b39f50cdf019888c").data, 32);
    assert_int_equal(tern_edhoc_take_2(&i, hex(RFC_2)), TERN_OK);
    assert_int_equal(tern_edhoc_verify(&i, &parties.responder), TERN_OK);
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_edhoc_message_3(&i, &out), TERN_OK);
    assert_hex(tern_writer_bytes(&out), RFC_3);
    assert_int_equal(tern_edhoc_take_4(&i, hex(RFC_4)), TERN_OK);
    check_keys(&i, &session);

    struct tern_oscore client, server;
    assert_int_equal(tern_edhoc_oscore(&i, &client), TERN_OK);
    assert_int_equal(tern_edhoc_oscore(&r, &server), TERN_OK);
    assert_hex(TERN_BYTES_OF(client.sender_key), "91e8f919572df76ea216ed512dc9b720");
    assert_hex(TERN_BYTES_OF(client.recipient_key), "3e4d766c19f13fa132c0ff856bea88ad");
    assert_hex(TERN_BYTES_OF(client.common_iv), "9912e1944bd392cfef9125c08b");
    assert_memory_equal(server.sender_key, client.recipient_key, 16);
}

static void malformed_messages_are_refused(void **state)
{
    (void)state;
    /* coap-oscore-edhoc.md 13.8. */
    static const char *const BAD[] = {
        "8403025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e",
        "03025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa9410e",
        "0381025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e",
        "03027820206972206973207065656420697220697320706565642069722069732070650e",
        "03820218185820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e",
        "03025820ffffffff00000001000000000000000000000000ffffffffffffffffffffffff0e",
        "03025820a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a0e",
        "0302581fd9697725d23a688b12d1c7e0108a08c9f71a85a09c20814976ab21122248fc0e",
        "190003025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e",
        "039f0602ff5820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e",
        "04025820" G_X "37",     /* no such method */
        "03025820" G_X "27",     /* C_I is our C_R */
        "03025820" G_X "373863", /* critical external data */
        "03025820" G_X "374100", /* a value without a label */
        ("0382020358"
         "20" G_X "37"), /* suite 3 although 2 is liked better and supported */
        "03025820" G_X,
        "",
    };
    for (size_t n = 0; n < TERN_COUNT_OF(BAD); n++) {
        struct parties parties;
        struct tern_edhoc r;
        uint8_t buffer[64];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        make_parties(&parties, false);
        tern_edhoc_respond(&r, &parties.y.crypto, &parties.responder, hex("27"));
        if (tern_edhoc_take_1(&r, &out, hex(BAD[n])) == TERN_OK) {
            fail_msg("taken: %s", BAD[n]);
        }
        assert_true(out.size > 0);
    }
    /* Padding and unknown data that is not critical are passed over. */
    struct parties parties;
    struct tern_edhoc r;
    uint8_t buffer[64];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    make_parties(&parties, false);
    tern_edhoc_respond(&r, &parties.y.crypto, &parties.responder, hex("27"));
    assert_int_equal(tern_edhoc_take_1(&r, &out,
                                       hex("03025820" G_X "37004100"
                                           "1819")),
                     TERN_OK);
}

/* ---- real keys, all methods, every bit flipped ---- */

struct real {
    const struct tern_crypto *crypto;
    uint8_t scalar[2][32];
    struct tern_edhoc_credential credentials[2];
    uint8_t id[2][4];
    uint8_t cred[2][8];
};

static void make_real(struct real *real)
{
    real->crypto = tern_openssl();
    for (uint8_t n = 0; n < 2; n++) {
        struct tern_edhoc_credential *own = &real->credentials[n];
        *own = (struct tern_edhoc_credential){.key = {.curve = TERN_CURVE_P256}};
        assert_int_equal(real->crypto->ec_generate(real->crypto->context, TERN_CURVE_P256,
                                                   real->scalar[n], own->key.point),
                         TERN_OK);
        memcpy(real->id[n], (uint8_t[]){0xA1, 0x04, 0x41, (uint8_t)(0x10 + n)}, 4);
        memcpy(real->cred[n], (uint8_t[]){0x47, 'c', 'r', 'e', 'd', ' ', ' ', (uint8_t)('0' + n)},
               8);
        own->id_cred = TERN_BYTES_OF(real->id[n]);
        own->cred = TERN_BYTES_OF(real->cred[n]);
        own->static_scalar = real->scalar[n];
        assert_int_equal(
            tern_openssl_key_from_scalar(&own->sign_key, TERN_CURVE_P256, real->scalar[n]),
            TERN_OK);
    }
}

static void free_real(struct real *real)
{
    tern_openssl_key_free(&real->credentials[0].sign_key);
    tern_openssl_key_free(&real->credentials[1].sign_key);
}

/* Play a session, message `number` changed at `bit`. How many of the five steps went well. */
static int play_flipped(const struct real *real, enum tern_edhoc_method method, uint8_t suite,
                        int number, size_t bit, size_t sizes[3])
{
    struct tern_edhoc i, r;
    uint8_t buffers[3][TERN_EDHOC_MESSAGE_SIZE_MAX];
    uint8_t error[32];
    struct tern_writer out[3];
    struct tern_writer error_out = TERN_WRITER_OF(error);
    for (size_t n = 0; n < 3; n++) {
        out[n] = TERN_WRITER_OF(buffers[n]);
    }
#define FLIP(n)                                            \
    sizes[n] = out[n].size;                                \
    if (number == n && bit / 8 < out[n].size) {            \
        buffers[n][bit / 8] ^= (uint8_t)(1u << (bit % 8)); \
    }
    tern_edhoc_initiate(&i, real->crypto, &real->credentials[0], method, suite,
                        TERN_BYTES_TEXT("\x07"));
    tern_edhoc_respond(&r, real->crypto, &real->credentials[1], TERN_BYTES_TEXT("rr"));
    assert_int_equal(tern_edhoc_message_1(&i, &out[0]), TERN_OK);
    FLIP(0)
    if (tern_edhoc_take_1(&r, &error_out, tern_writer_bytes(&out[0])) != TERN_OK) {
        return 0;
    }
    assert_int_equal(tern_edhoc_message_2(&r, &out[1]), TERN_OK);
    FLIP(1)
    if (tern_edhoc_take_2(&i, tern_writer_bytes(&out[1])) != TERN_OK ||
        tern_edhoc_verify(&i, &real->credentials[1]) != TERN_OK) {
        return 1;
    }
    assert_int_equal(tern_edhoc_message_3(&i, &out[2]), TERN_OK);
    FLIP(2)
    if (tern_edhoc_take_3(&r, tern_writer_bytes(&out[2])) != TERN_OK ||
        tern_edhoc_verify(&r, &real->credentials[0]) != TERN_OK) {
        return 2;
    }
    uint8_t ours[16], theirs[16];
    assert_int_equal(tern_edhoc_export(&i, ours, 16, 0, TERN_BYTES_NONE), TERN_OK);
    assert_int_equal(tern_edhoc_export(&r, theirs, 16, 0, TERN_BYTES_NONE), TERN_OK);
    return memcmp(ours, theirs, 16) == 0 ? 3 : 2;
#undef FLIP
}

static void no_flipped_bit_goes_through(void **state)
{
    (void)state;
    struct real real;
    make_real(&real);
    for (int method = 0; method < 4; method++) {
        for (uint8_t suite = 2; suite <= 3; suite++) {
            size_t sizes[3] = {0};
            size_t ignored[3];
            assert_int_equal(
                play_flipped(&real, (enum tern_edhoc_method)method, suite, -1, 0, sizes), 3);
            for (int number = 0; number < 3; number++) {
                for (size_t bit = 0; bit < sizes[number] * 8; bit += method == 3 ? 1 : 7) {
                    int steps = play_flipped(&real, (enum tern_edhoc_method)method, suite, number,
                                             bit, ignored);
                    if (steps == 3) {
                        fail_msg("method %d suite %u message %d bit %zu", method, suite, number + 1,
                                 bit);
                    }
                }
            }
        }
    }
    free_real(&real);
}

static void nobody_is_taken_for_another(void **state)
{
    (void)state;
    struct real real, other;
    struct tern_edhoc i, r;
    uint8_t buffers[2][TERN_EDHOC_MESSAGE_SIZE_MAX];
    uint8_t error[32];
    make_real(&real);
    make_real(&other);
    for (int wrong = 0; wrong < 2; wrong++) {
        struct tern_writer one = TERN_WRITER_OF(buffers[0]);
        struct tern_writer two = TERN_WRITER_OF(buffers[1]);
        struct tern_writer error_out = TERN_WRITER_OF(error);
        tern_edhoc_initiate(&i, real.crypto, &real.credentials[0], TERN_EDHOC_STATIC_STATIC, 2,
                            TERN_BYTES_TEXT("\x07"));
        tern_edhoc_respond(&r, real.crypto, &real.credentials[1], TERN_BYTES_TEXT("\x08"));
        assert_int_equal(tern_edhoc_verify(&i, &real.credentials[1]), TERN_ERR_STATE);
        tern_edhoc_initiate(&i, real.crypto, &real.credentials[0], TERN_EDHOC_STATIC_STATIC, 2,
                            TERN_BYTES_TEXT("\x07"));
        assert_int_equal(tern_edhoc_message_1(&i, &one), TERN_OK);
        assert_int_equal(tern_edhoc_take_1(&r, &error_out, tern_writer_bytes(&one)), TERN_OK);
        assert_int_equal(tern_edhoc_message_2(&r, &two), TERN_OK);
        assert_int_equal(tern_edhoc_take_2(&i, tern_writer_bytes(&two)), TERN_OK);
        /* Another key under the same name; then our own credential reflected. */
        assert_int_equal(
            tern_edhoc_verify(&i, wrong == 0 ? &other.credentials[1] : &real.credentials[0]),
            TERN_ERR_SIGNATURE);
        one = TERN_WRITER_OF(buffers[0]);
        assert_int_equal(tern_edhoc_message_3(&i, &one), TERN_ERR_STATE);
        uint8_t secret[16];
        assert_int_equal(tern_edhoc_export(&i, secret, 16, 0, TERN_BYTES_NONE), TERN_ERR_STATE);
    }
    free_real(&real);
    free_real(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_sessions_come_out),
        cmocka_unit_test(the_trace_of_rfc_9529),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(no_flipped_bit_goes_through),
        cmocka_unit_test(nobody_is_taken_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
