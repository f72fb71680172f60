/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a bound profile package inside the eUICC (sgp22.md 7.3 and 8): bytes in any pieces in,
 * checked and decrypted events out.
 *
 * The segmenter says where a segment ends; each is gathered in the caller's buffer and opened
 * there in place. Plaintext that spans several TLVs (A0, A1, A2) is joined at the start of the
 * buffer; it never grows into the TLV it came from, since protection only adds bytes.
 *
 *   buffer  | plaintext of the section so far | segment being gathered |          |
 */
#include "tern/bpp.h"

#include <string.h>

enum opener_state {
    GATHERING = 0,
    WAITING_FOR_START, /* BF23 was handed out; keys are missing */
    PROFILE_COMPLETE,  /* DONE is still to be told */
    FINISHED,
    FAILED,
};

/* bppCommandId of a section, sgp22.md 9. */
static const uint8_t COMMAND_IDS[] = {
    [TERN_BPP_PACKAGE_HEADER] = 0, [TERN_BPP_CONFIGURE_ISDP] = 1, [TERN_BPP_STORE_METADATA] = 2,
    [TERN_BPP_REPLACE_KEYS] = 4,   [TERN_BPP_PROFILE] = 5,        [TERN_BPP_END] = 5,
};

void tern_bpp_opener_init(struct tern_bpp_opener *opener, uint8_t *buffer, size_t capacity)
{
    memset(opener, 0, sizeof *opener);
    opener->buffer = buffer;
    opener->capacity = capacity > UINT32_MAX ? UINT32_MAX : (uint32_t)capacity;
}

void tern_bpp_opener_wipe(struct tern_bpp_opener *opener)
{
    tern_wipe(opener->buffer, opener->capacity);
    tern_wipe(&opener->bsp, sizeof opener->bsp);
    opener->state = FAILED;
}

static int fail(struct tern_bpp_opener *opener, uint8_t section, int error)
{
    bool keyed = section != TERN_BPP_PACKAGE_HEADER;
    opener->command_id = COMMAND_IDS[section];
    opener->reason = error == TERN_ERR_CRYPTO      ? TERN_BPP_UNKNOWN_ERROR
                     : !keyed                      ? TERN_BPP_INCORRECT_INPUT_VALUES
                     : error == TERN_ERR_SIGNATURE ? TERN_BPP_SCP03T_SECURITY_ERROR
                                                   : TERN_BPP_SCP03T_STRUCTURE_ERROR;
    opener->state = FAILED;
    return error;
}

/* Open one TLV that lies behind the plaintext, and move what it held up to the plaintext. */
static int open_tlv(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                    tern_tag expected, struct tern_bytes tlv)
{
    uint8_t *raw = opener->buffer + (tlv.data - opener->buffer);
    if (tlv.size == 0 || tlv.data[0] != expected) {
        return TERN_ERR_UNEXPECTED;
    }
    struct tern_bytes plaintext;
    int error = tern_bsp_unprotect(&opener->bsp, crypto, &plaintext, raw, tlv.size);
    if (error != TERN_OK) {
        return error;
    }
    memmove(opener->buffer + opener->plain_size, plaintext.data, plaintext.size);
    opener->plain_size += (uint32_t)plaintext.size;
    return TERN_OK;
}

/* A whole A0 or A2: every 87 in it. */
static int open_section(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                        struct tern_bytes segment)
{
    struct tern_tlv section, tlv;
    int got = tern_der_single(segment, &section, TERN_DER_STRICT);
    if (got != TERN_OK) {
        return got;
    }
    struct tern_bytes rest = section.value;
    while ((got = tern_der_next(&rest, &tlv, TERN_DER_STRICT)) == 1) {
        int error = open_tlv(opener, crypto, 0x87, tlv.raw);
        if (error != TERN_OK) {
            return error;
        }
    }
    return got;
}

/* ReplaceSessionKeysRequest: exactly three keys of 16 bytes. */
static int replace_keys(struct tern_bpp_opener *opener)
{
    struct tern_bytes plain = tern_bytes(opener->buffer, opener->plain_size);
    struct tern_tlv request, parts[3];
    int error = tern_der_single(plain, &request, TERN_DER_STRICT);
    if (error != TERN_OK || request.tag != 0xBF26) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(parts); i++) {
        if (tern_der_next(&request.value, &parts[i], TERN_DER_STRICT) != 1 ||
            parts[i].tag != 0x80 + i || parts[i].value.size != TERN_BSP_KEY_SIZE) {
            return TERN_ERR_MALFORMED;
        }
    }
    struct tern_bsp_keys ppk;
    memcpy(ppk.initial_mac_chaining_value, parts[0].value.data, TERN_BSP_KEY_SIZE);
    memcpy(ppk.s_enc, parts[1].value.data, TERN_BSP_KEY_SIZE);
    memcpy(ppk.s_mac, parts[2].value.data, TERN_BSP_KEY_SIZE);
    tern_bsp_replace_session_keys(&opener->bsp, &ppk);
    tern_wipe(&ppk, sizeof ppk);
    tern_wipe(opener->buffer, opener->plain_size);
    return TERN_OK;
}

/* BF36 L goes before the BF23: leave it out. */
static int take_initialise(struct tern_bytes segment, struct tern_bpp_event *event)
{
    struct tern_der_header header = {0};
    if (tern_der_header_feed(&header, &segment) != 1) {
        return TERN_ERR_TRUNCATED;
    }
    event->kind = TERN_BPP_EVENT_INITIALISE;
    event->data = segment;
    return 1;
}

/* A segment is complete. @return 1 with an event, 0 for none, or a negative error. */
static int take_segment(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                        struct tern_bpp_event *event, uint8_t section)
{
    struct tern_bytes segment = tern_bytes(opener->buffer + opener->plain_size, opener->gathered);
    opener->gathered = 0;
    bool more = opener->segmenter.section_left > 0;
    int error = TERN_OK;
    switch (section) {
    case TERN_BPP_PACKAGE_HEADER:
        opener->state = WAITING_FOR_START;
        return take_initialise(segment, event);
    case TERN_BPP_CONFIGURE_ISDP:
    case TERN_BPP_REPLACE_KEYS:
        error = open_section(opener, crypto, segment);
        break;
    default:
        if (segment.data[0] == 0xA1 || segment.data[0] == 0xA3) {
            return 0; /* the header alone */
        }
        error = open_tlv(opener, crypto, section == TERN_BPP_PROFILE ? 0x86 : 0x88, segment);
        break;
    }
    if (error == TERN_OK && section == TERN_BPP_REPLACE_KEYS) {
        error = replace_keys(opener);
    }
    if (error != TERN_OK || (more && section == TERN_BPP_STORE_METADATA)) {
        return error;
    }
    event->kind = section == TERN_BPP_CONFIGURE_ISDP   ? TERN_BPP_EVENT_CONFIGURE_ISDP
                  : section == TERN_BPP_STORE_METADATA ? TERN_BPP_EVENT_STORE_METADATA
                  : section == TERN_BPP_REPLACE_KEYS   ? TERN_BPP_EVENT_REPLACE_KEYS
                                                       : TERN_BPP_EVENT_PROFILE;
    event->data = section == TERN_BPP_REPLACE_KEYS ? TERN_BYTES_NONE
                                                   : tern_bytes(opener->buffer, opener->plain_size);
    opener->plain_size = 0;
    if (opener->segmenter.done) {
        opener->state = PROFILE_COMPLETE;
    }
    return 1;
}

static int gather(struct tern_bpp_opener *opener, struct tern_bytes piece)
{
    if (piece.size > opener->capacity - opener->plain_size - opener->gathered) {
        return TERN_ERR_NO_SPACE;
    }
    memcpy(opener->buffer + opener->plain_size + opener->gathered, piece.data, piece.size);
    opener->gathered += (uint32_t)piece.size;
    return TERN_OK;
}

int tern_bpp_opener_step(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                         struct tern_bpp_event *event, struct tern_bytes *in)
{
    if (opener->state == PROFILE_COMPLETE) {
        *event = (struct tern_bpp_event){TERN_BPP_EVENT_DONE, TERN_BYTES_NONE};
        opener->state = FINISHED;
        return 1;
    }
    if (opener->state != GATHERING) {
        return in->size == 0 && opener->state == FINISHED ? 0 : TERN_ERR_STATE;
    }
    struct tern_bpp_piece piece;
    int got;
    while ((got = tern_bpp_segmenter_next(&opener->segmenter, &piece, in)) == 1) {
        opener->command_id = COMMAND_IDS[piece.section];
        got = gather(opener, piece.bytes);
        if (got == TERN_OK && piece.last) {
            got = take_segment(opener, crypto, event, piece.section);
        }
        if (got != 0) {
            return got < 0 ? fail(opener, piece.section, got) : got;
        }
    }
    return got < 0 ? fail(opener, opener->segmenter.section, got) : 0;
}

/* One TLV with this tag and, when `size` is not 0, this size. */
static int expect(struct tern_bytes *rest, tern_tag tag, size_t size, struct tern_bytes *value)
{
    struct tern_tlv tlv;
    int got = tern_der_next(rest, &tlv, TERN_DER_STRICT);
    if (got <= 0) {
        return got == 0 ? TERN_ERR_MISSING : got;
    }
    if (tlv.tag != tag) {
        return TERN_ERR_UNEXPECTED;
    }
    if (tlv.value.size == 0 || (size != 0 && tlv.value.size != size)) {
        return TERN_ERR_RANGE;
    }
    *value = tlv.value;
    return TERN_OK;
}

/* The four TLVs that are signed; `crt` keeps what is left of A6. */
static int decode_signed_part(struct tern_bpp_initialise *initialise, struct tern_bytes *rest,
                              struct tern_bytes *crt)
{
    struct tern_bytes operation, key_type, key_length;
    int error = expect(rest, 0x82, 0, &operation);
    if (error == TERN_OK) {
        error = tern_der_int(operation, &initialise->remote_op_id);
    }
    if (error == TERN_OK) {
        error = expect(rest, 0x80, 0, &initialise->transaction_id);
    }
    if (error == TERN_OK) {
        error = expect(rest, 0xA6, 0, crt);
    }
    if (error == TERN_OK) {
        error = expect(crt, 0x80, 1, &key_type);
    }
    if (error == TERN_OK) {
        initialise->key_type = key_type.data[0];
        error = expect(crt, 0x81, 1, &key_length);
    }
    if (error == TERN_OK) {
        initialise->key_length = key_length.data[0];
        error = expect(crt, 0x84, 0, &initialise->host_id);
    }
    if (error == TERN_OK) {
        error = expect(rest, 0x5F49, TERN_POINT_SIZE, &initialise->smdp_otpk);
    }
    return error;
}

int tern_bpp_initialise_decode(struct tern_bpp_initialise *initialise, struct tern_bytes tlv)
{
    struct tern_tlv outer;
    int error = tern_der_single(tlv, &outer, TERN_DER_STRICT);
    if (error != TERN_OK || outer.tag != 0xBF23) {
        return error != TERN_OK ? error : TERN_ERR_UNEXPECTED;
    }
    struct tern_bytes rest = outer.value, crt;
    error = decode_signed_part(initialise, &rest, &crt);
    if (error != TERN_OK) {
        return error;
    }
    initialise->signed_part = tern_bytes_slice(outer.value, 0, outer.value.size - rest.size);
    error = expect(&rest, 0x5F37, TERN_SIGNATURE_SIZE, &initialise->smdp_sign);
    if (error != TERN_OK) {
        return error;
    }
    if (initialise->transaction_id.size > TERN_TRANSACTION_ID_SIZE ||
        initialise->host_id.size > TERN_HOST_ID_SIZE_MAX) {
        return TERN_ERR_RANGE;
    }
    return rest.size == 0 && crt.size == 0 ? TERN_OK : TERN_ERR_UNEXPECTED;
}

static int check_initialise(const struct tern_bpp_initialise *initialise,
                            const struct tern_crypto *crypto,
                            const struct tern_bpp_session *session, uint8_t *reason)
{
    if (initialise->remote_op_id != 1) {
        *reason = TERN_BPP_UNSUPPORTED_REMOTE_OPERATION_TYPE;
        return TERN_ERR_UNSUPPORTED;
    }
    if (!tern_bytes_equal(initialise->transaction_id, session->transaction_id)) {
        *reason = TERN_BPP_INVALID_TRANSACTION_ID;
        return TERN_ERR_CONFLICT;
    }
    if (initialise->key_type != 0x88 || initialise->key_length != TERN_BSP_KEY_SIZE) {
        *reason = TERN_BPP_UNSUPPORTED_CRT_VALUES;
        return TERN_ERR_UNSUPPORTED;
    }
    uint8_t own[3 + TERN_POINT_SIZE];
    struct tern_writer writer = TERN_WRITER_OF(own);
    tern_der_write(&writer, 0x5F49, session->euicc_otpk);
    struct tern_bytes parts[] = {initialise->signed_part, tern_writer_bytes(&writer)};
    *reason = TERN_BPP_INVALID_SIGNATURE;
    return crypto->ecdsa_verify(crypto->context, session->dppb_key, initialise->smdp_sign, parts,
                                TERN_COUNT_OF(parts));
}

int tern_bpp_opener_start(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                          const struct tern_bpp_session *session, struct tern_bytes tlv)
{
    TERN_ASSERT(opener->state == WAITING_FOR_START);
    struct tern_bpp_initialise initialise;
    uint8_t reason = TERN_BPP_INCORRECT_INPUT_VALUES;
    int error = tern_bpp_initialise_decode(&initialise, tlv);
    if (error == TERN_OK) {
        error = check_initialise(&initialise, crypto, session, &reason);
    }
    struct tern_bsp_keys keys;
    if (error == TERN_OK) {
        struct tern_public_key peer = {.curve = session->dppb_key->curve};
        memcpy(peer.point, initialise.smdp_otpk.data, TERN_POINT_SIZE);
        reason = TERN_BPP_INCORRECT_INPUT_VALUES;
        error = tern_kdf_bsp(crypto, &keys, session->euicc_otsk, &peer, initialise.host_id,
                             session->eid);
    }
    if (error != TERN_OK) {
        opener->state = FAILED;
        opener->reason = error == TERN_ERR_CRYPTO ? TERN_BPP_UNKNOWN_ERROR : reason;
        return error;
    }
    tern_bsp_init(&opener->bsp, &keys);
    tern_wipe(&keys, sizeof keys);
    opener->state = GATHERING;
    return TERN_OK;
}
