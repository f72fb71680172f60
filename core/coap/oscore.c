/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE's keys, nonces, sequence numbers, replay window and option: see tern/oscore.h.
 * RFC 8613, 3, 5.2, 5.4, 6.1, 7.4, B.1.
 */
#include "core/coap/oscore.h"

#include <string.h>

#include "tern/cbor.h"
#include "tern/hkdf.h"

#define AEAD_ALGORITHM 10 /* AES-CCM-16-64-128 */
#define WINDOW_SIZE    64

struct partial_iv partial_iv(uint64_t sequence)
{
    struct partial_iv made = {.size = 1};
    while (made.size < 5 && sequence >> (8 * made.size) != 0) {
        made.size++;
    }
    struct tern_writer out = TERN_WRITER_OF(made.data);
    tern_write_uint(&out, sequence, made.size);
    return made;
}

void oscore_nonce(const struct tern_oscore *oscore, uint8_t nonce[TERN_OSCORE_NONCE_SIZE],
                  struct tern_bytes id, struct tern_bytes sequence)
{
    memset(nonce, 0, TERN_OSCORE_NONCE_SIZE);
    nonce[0] = (uint8_t)id.size;
    if (id.size > 0) {
        memcpy(nonce + 8 - id.size, id.data, id.size);
    }
    memcpy(nonce + TERN_OSCORE_NONCE_SIZE - sequence.size, sequence.data, sequence.size);
    for (size_t i = 0; i < TERN_OSCORE_NONCE_SIZE; i++) {
        nonce[i] ^= oscore->common_iv[i];
    }
}

/*
 *     83 "Encrypt0" 40 bstr( 85 01 81 0A bstr(kid) bstr(Partial IV) 40 )
 */
struct tern_bytes oscore_aad(uint8_t buffer[40], struct tern_bytes kid, struct tern_bytes sequence)
{
    uint8_t array[20];
    struct tern_writer inner = TERN_WRITER_OF(array);
    struct tern_writer out = tern_writer(buffer, 40);
    tern_cbor_write_head(&inner, TERN_CBOR_ARRAY, 5);
    tern_cbor_write_int(&inner, 1);
    tern_cbor_write_head(&inner, TERN_CBOR_ARRAY, 1);
    tern_cbor_write_int(&inner, AEAD_ALGORITHM);
    tern_cbor_write_bytes(&inner, kid);
    tern_cbor_write_bytes(&inner, sequence);
    tern_cbor_write_bytes(&inner, TERN_BYTES_NONE);
    tern_cbor_write_head(&out, TERN_CBOR_ARRAY, 3);
    tern_cbor_write_text(&out, "Encrypt0");
    tern_cbor_write_bytes(&out, TERN_BYTES_NONE);
    tern_cbor_write_bytes(&out, tern_writer_bytes(&inner));
    return tern_writer_bytes(&out);
}

/* One output of the key schedule. RFC 8613, 3.2.1. */
static int derive(const struct tern_oscore *oscore, uint8_t *out, size_t size,
                  const uint8_t prk[TERN_SHA256_SIZE], struct tern_bytes id, const char *type,
                  bool has_id_context)
{
    uint8_t text[64];
    struct tern_writer info = TERN_WRITER_OF(text);
    tern_cbor_write_head(&info, TERN_CBOR_ARRAY, 5);
    tern_cbor_write_bytes(&info, id);
    if (has_id_context) {
        tern_cbor_write_bytes(&info, tern_bytes(oscore->id_context, oscore->id_context_size));
    } else {
        tern_cbor_write_head(&info, TERN_CBOR_SIMPLE, TERN_CBOR_NULL);
    }
    tern_cbor_write_int(&info, AEAD_ALGORITHM);
    tern_cbor_write_text(&info, type);
    tern_cbor_write_int(&info, (int64_t)size);
    struct tern_bytes part = tern_writer_bytes(&info);
    return tern_hkdf_expand(oscore->crypto, out, size, prk, &part, 1);
}

static void copy_id(uint8_t *id, uint8_t *size, struct tern_bytes from)
{
    *size = (uint8_t)from.size;
    if (from.size > 0) {
        memcpy(id, from.data, from.size);
    }
}

int tern_oscore_init(struct tern_oscore *oscore, const struct tern_crypto *crypto,
                     const struct tern_oscore_keys *keys)
{
    memset(oscore, 0, sizeof(*oscore));
    if (keys->sender_id.size > TERN_OSCORE_ID_SIZE_MAX ||
        keys->recipient_id.size > TERN_OSCORE_ID_SIZE_MAX ||
        keys->id_context.size > TERN_OSCORE_CONTEXT_SIZE_MAX ||
        tern_bytes_equal(keys->sender_id, keys->recipient_id)) {
        return TERN_ERR_RANGE;
    }
    uint8_t prk[TERN_SHA256_SIZE];
    bool context = keys->id_context.data != NULL;
    oscore->crypto = crypto;
    oscore->window_known = true;
    copy_id(oscore->sender_id, &oscore->sender_id_size, keys->sender_id);
    copy_id(oscore->recipient_id, &oscore->recipient_id_size, keys->recipient_id);
    copy_id(oscore->id_context, &oscore->id_context_size, keys->id_context);
    oscore->send_id_context = context;
    int status = tern_hkdf_extract(crypto, prk, keys->master_salt, keys->master_secret);
    if (status == TERN_OK) {
        status = derive(oscore, oscore->sender_key, sizeof(oscore->sender_key), prk,
                        keys->sender_id, "Key", context);
    }
    if (status == TERN_OK) {
        status = derive(oscore, oscore->recipient_key, sizeof(oscore->recipient_key), prk,
                        keys->recipient_id, "Key", context);
    }
    if (status == TERN_OK) {
        status = derive(oscore, oscore->common_iv, sizeof(oscore->common_iv), prk, TERN_BYTES_NONE,
                        "IV", context);
    }
    tern_wipe(prk, sizeof(prk));
    return status;
}

/* ---- sequence numbers ---- */

void tern_oscore_save(const struct tern_oscore *oscore, struct tern_writer *out)
{
    tern_write_uint(out, oscore->reserved + TERN_OSCORE_RESERVE, TERN_OSCORE_SAVED_SIZE);
}

void tern_oscore_saved(struct tern_oscore *oscore)
{
    oscore->reserved += TERN_OSCORE_RESERVE;
}

bool tern_oscore_wants_save(const struct tern_oscore *oscore)
{
    return oscore->reserved - oscore->sequence < TERN_OSCORE_RESERVE / 4;
}

int tern_oscore_restore(struct tern_oscore *oscore, struct tern_bytes saved)
{
    if (saved.size != TERN_OSCORE_SAVED_SIZE) {
        return TERN_ERR_MALFORMED;
    }
    oscore->sequence = oscore->reserved = tern_read_uint(saved);
    oscore->window_known = false;
    return TERN_OK;
}

int oscore_take_sequence(struct tern_oscore *oscore, uint64_t *sequence)
{
    if (oscore->sequence >= TERN_OSCORE_SEQUENCE_END) {
        return TERN_ERR_EXPIRED;
    }
    if (oscore->sequence >= oscore->reserved) {
        return TERN_ERR_STATE;
    }
    *sequence = oscore->sequence++;
    return TERN_OK;
}

bool oscore_window_allows(const struct tern_oscore *oscore, uint64_t sequence)
{
    if (!oscore->window_used || sequence > oscore->window_top) {
        return true;
    }
    uint64_t behind = oscore->window_top - sequence;
    return behind < WINDOW_SIZE && (oscore->window_bits >> behind & 1) == 0;
}

void oscore_window_accept(struct tern_oscore *oscore, uint64_t sequence)
{
    if (oscore->window_used && sequence <= oscore->window_top) {
        oscore->window_bits |= (uint64_t)1 << (oscore->window_top - sequence);
        return;
    }
    uint64_t shift = oscore->window_used ? sequence - oscore->window_top : WINDOW_SIZE;
    oscore->window_bits = (shift < WINDOW_SIZE ? oscore->window_bits << shift : 0) | 1;
    oscore->window_top = sequence;
    oscore->window_used = true;
}

/* ---- the option (RFC 8613, 6.1) ---- */

/*     flags: 000 | h kid context | k kid | n length of Partial IV        then PIV, s | context, kid
 */
#define FLAG_CONTEXT  0x10
#define FLAG_KID      0x08
#define FLAG_RESERVED 0xE0

void oscore_write_option(struct tern_coap_builder *builder, struct tern_bytes sequence,
                         struct tern_bytes kid_context, struct tern_bytes kid)
{
    uint8_t buffer[8 + TERN_OSCORE_ID_SIZE_MAX + TERN_OSCORE_CONTEXT_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    unsigned flags = (unsigned)sequence.size | (kid.data != NULL ? FLAG_KID : 0) |
                     (kid_context.data != NULL ? FLAG_CONTEXT : 0);
    if (flags != 0) {
        tern_write_byte(&out, (uint8_t)flags);
        tern_write(&out, sequence);
        if (kid_context.data != NULL) {
            tern_write_byte(&out, (uint8_t)kid_context.size);
            tern_write(&out, kid_context);
        }
        tern_write(&out, kid);
    }
    tern_coap_put(builder, TERN_COAP_OSCORE, tern_writer_bytes(&out));
}

int tern_oscore_read_option(struct tern_oscore_option *option, struct tern_bytes value)
{
    *option = (struct tern_oscore_option){0};
    if (value.size == 0) {
        return TERN_OK;
    }
    unsigned flags = value.data[0];
    size_t size = flags & 7;
    struct tern_bytes rest = tern_bytes_slice(value, 1, value.size);
    if ((flags & FLAG_RESERVED) != 0 || flags == 0 || size > 5 || rest.size < size) {
        return TERN_ERR_MALFORMED;
    }
    option->partial_iv = tern_bytes_slice(rest, 0, size);
    rest = tern_bytes_slice(rest, size, rest.size);
    if (size > 1 && option->partial_iv.data[0] == 0) {
        return TERN_ERR_MALFORMED; /* a number has one spelling */
    }
    if ((flags & FLAG_CONTEXT) != 0) {
        if (rest.size < 1 || rest.size - 1 < rest.data[0]) {
            return TERN_ERR_MALFORMED;
        }
        option->kid_context = tern_bytes_slice(rest, 1, rest.data[0]);
        rest = tern_bytes_slice(rest, 1u + rest.data[0], rest.size);
    }
    if ((flags & FLAG_KID) != 0) {
        option->kid = rest;
        return TERN_OK;
    }
    return rest.size == 0 ? TERN_OK : TERN_ERR_MALFORMED;
}

int tern_oscore_look(struct tern_oscore_option *option, struct tern_bytes datagram)
{
    struct tern_coap_message message;
    *option = (struct tern_oscore_option){0};
    if (tern_coap_parse(&message, datagram) != TERN_OK || TERN_COAP_CLASS(message.code) != 0) {
        return TERN_ERR_NOT_FOUND;
    }
    struct tern_bytes value = tern_coap_find_option(&message, TERN_COAP_OSCORE);
    if (value.data == NULL || tern_oscore_read_option(option, value) != TERN_OK ||
        option->kid.data == NULL || option->partial_iv.size == 0) {
        return TERN_ERR_NOT_FOUND;
    }
    return TERN_OK;
}

void tern_oscore_refuse(struct tern_writer *answer, struct tern_bytes datagram, uint8_t code,
                        const char *text)
{
    struct tern_coap_message message;
    if (tern_coap_parse(&message, datagram) != TERN_OK || message.type > TERN_COAP_NON) {
        return;
    }
    struct tern_coap_builder builder =
        tern_coap_build(answer, message.type == TERN_COAP_CON ? TERN_COAP_ACK : TERN_COAP_NON, code,
                        message.id, message.token);
    tern_coap_put_uint(&builder, TERN_COAP_MAX_AGE, 0);
    tern_coap_put_payload(&builder, tern_bytes_text(text));
}
