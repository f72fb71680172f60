/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE from the network, with a provider whose AEAD lets everything through, so that the search
 * reaches what lies behind it. The first byte says who receives.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tern/cbor.h"
#include "tern/oscore.h"

static int fake_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 'r', size);
    return TERN_OK;
}

static int fake_hash(void *context, uint8_t digest[32], const struct tern_bytes *parts,
                     size_t count)
{
    (void)context;
    memset(digest, 0, 32);
    for (size_t i = 0, at = 0; i < count; i++) {
        for (size_t k = 0; k < parts[i].size; k++, at++) {
            digest[at % 32] = (uint8_t)(digest[at % 32] * 31 + parts[i].data[k]);
        }
    }
    return TERN_OK;
}

static int fake_hmac(void *context, uint8_t mac[32], struct tern_bytes key,
                     const struct tern_bytes *parts, size_t count)
{
    (void)key;
    return fake_hash(context, mac, parts, count);
}

static int fake_seal(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                     struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    (void)key;
    (void)nonce;
    (void)aad;
    memmove(out, in.data, in.size);
    memset(out + in.size, 't', tag_size);
    return TERN_OK;
}

static int fake_open(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                     struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    (void)key;
    (void)nonce;
    (void)aad;
    FUZZ_CHECK(in.size >= tag_size);
    memmove(out, in.data, in.size - tag_size);
    return TERN_OK;
}

static const struct tern_crypto FAKE = {.random = fake_random,
                                        .sha256 = fake_hash,
                                        .hmac_sha256 = fake_hmac,
                                        .aes_ccm_seal = fake_seal,
                                        .aes_ccm_open = fake_open};

static void check_cbor(struct tern_bytes input)
{
    struct tern_bytes rest = input;
    struct tern_bytes raw;
    while (tern_cbor_skip(&rest, &raw) == 1) {
        fuzz_check_inside(raw, input);
        FUZZ_CHECK(raw.size > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_oscore oscore;
    struct tern_bytes rest = tern_bytes_slice(tern_bytes(data, size), 1, size);
    if (size < 1) {
        return 0;
    }
    const struct tern_oscore_keys keys = {.master_secret = TERN_BYTES_TEXT("0123456789abcdef"),
                                          .sender_id = TERN_BYTES_TEXT("\x01"),
                                          .recipient_id = TERN_BYTES_TEXT("")};
    FUZZ_CHECK(tern_oscore_init(&oscore, &FAKE, &keys) == TERN_OK);
    tern_oscore_saved(&oscore);
    oscore.window_known = (data[0] & 1) == 0;
    /* A request of ours is out, for responses to find. */
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    tern_oscore_protect(&oscore, &out, TERN_BYTES_TEXT("\x41\x01\x00\x01\x74"));
    check_cbor(rest);
    while (rest.size >= 2) {
        uint8_t text[TERN_COAP_DATAGRAM_MAX];
        struct tern_bytes piece =
            tern_bytes_slice(rest, 2, (size_t)(rest.data[0] & 7) << 8 | rest.data[1]);
        rest = tern_bytes_slice(rest, 2 + piece.size, rest.size);
        uint8_t *exact = malloc(piece.size == 0 ? 1 : piece.size);
        if (piece.size > 0) {
            memcpy(exact, piece.data, piece.size);
        }
        struct tern_bytes datagram = tern_bytes(exact, piece.size);
        struct tern_writer plain = TERN_WRITER_OF(text);
        struct tern_writer answer = TERN_WRITER_OF(buffer);
        struct tern_coap_message message;
        enum tern_oscore_verdict verdict =
            tern_oscore_unprotect(&oscore, &plain, &answer, datagram);
        if (verdict == TERN_OSCORE_PLAIN) {
            FUZZ_CHECK(tern_writer_status(&plain) == TERN_OK);
            /* A plaintext may be no good message; core/coap says so. One that is can be answered.
             */
            if (tern_coap_parse(&message, tern_writer_bytes(&plain)) == TERN_OK &&
                message.code != TERN_COAP_EMPTY && TERN_COAP_CLASS(message.code) == 0) {
                uint8_t reply[32];
                struct tern_writer response = TERN_WRITER_OF(reply);
                tern_coap_build(&response, TERN_COAP_ACK, TERN_COAP_CONTENT, message.id,
                                message.token);
                out = TERN_WRITER_OF(buffer);
                FUZZ_CHECK(tern_oscore_protect(&oscore, &out, tern_writer_bytes(&response)) == 1);
            }
        } else if (verdict == TERN_OSCORE_ANSWER) {
            FUZZ_CHECK(tern_coap_parse(&message, tern_writer_bytes(&answer)) == TERN_OK);
        }
        free(exact);
    }
    return 0;
}
