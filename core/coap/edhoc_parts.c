/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an EDHOC session begins, and what its messages are made of: identifiers, credentials by
 * reference, proofs, external data, errors. RFC 9528, 3.3, 3.5.3, 3.8 and 6. One spelling each, as
 * RFC 9529, 4 demands.
 */
#include <string.h>

#include "core/coap/edhoc.h"

void tern_edhoc_initiate(struct tern_edhoc *edhoc, const struct tern_crypto *crypto,
                         const struct tern_edhoc_credential *own, enum tern_edhoc_method method,
                         uint8_t suite, struct tern_bytes c_i)
{
    TERN_ASSERT(c_i.size <= TERN_EDHOC_ID_SIZE_MAX);
    memset(edhoc, 0, sizeof(*edhoc));
    edhoc->crypto = crypto;
    edhoc->own = own;
    edhoc->role = TERN_EDHOC_INITIATOR;
    edhoc->method = (uint8_t)method;
    edhoc->suite = suite;
    edhoc->c_i.size = (uint8_t)c_i.size;
    if (c_i.size > 0) {
        memcpy(edhoc->c_i.data, c_i.data, c_i.size);
    }
}

void tern_edhoc_respond(struct tern_edhoc *edhoc, const struct tern_crypto *crypto,
                        const struct tern_edhoc_credential *own, struct tern_bytes c_r)
{
    TERN_ASSERT(c_r.size <= TERN_EDHOC_ID_SIZE_MAX);
    memset(edhoc, 0, sizeof(*edhoc));
    edhoc->crypto = crypto;
    edhoc->own = own;
    edhoc->role = TERN_EDHOC_RESPONDER;
    edhoc->c_r.size = (uint8_t)c_r.size;
    if (c_r.size > 0) {
        memcpy(edhoc->c_r.data, c_r.data, c_r.size);
    }
}

/* A byte that is at once the encoding of an int from -24 to 23. */
static bool is_short(uint8_t byte)
{
    return byte <= 0x17 || (byte >= 0x20 && byte <= 0x37);
}

void edhoc_write_id(struct tern_writer *out, struct tern_bytes id)
{
    if (id.size == 1 && is_short(id.data[0])) {
        tern_write(out, id);
    } else {
        tern_cbor_write_bytes(out, id);
    }
}

/* The bytes of an identifier, wherever it is short or long. Borrowed. */
static int read_id_bytes(struct tern_bytes *rest, struct tern_bytes *id)
{
    struct tern_cbor_item item;
    int status = tern_cbor_next(rest, &item);
    if (status != 1) {
        return status == 0 ? TERN_ERR_TRUNCATED : status;
    }
    if (item.major <= TERN_CBOR_NINT && item.raw.size == 1) {
        *id = item.raw;
        return TERN_OK;
    }
    if (item.major != TERN_CBOR_BYTES || (item.string.size == 1 && is_short(item.string.data[0]))) {
        return TERN_ERR_MALFORMED;
    }
    *id = item.string;
    return TERN_OK;
}

int edhoc_read_id(struct tern_bytes *rest, struct tern_edhoc_id *id)
{
    struct tern_bytes bytes;
    int status = read_id_bytes(rest, &bytes);
    if (status != TERN_OK) {
        return status;
    }
    if (bytes.size > TERN_EDHOC_ID_SIZE_MAX) {
        return TERN_ERR_RANGE;
    }
    id->size = (uint8_t)bytes.size;
    if (bytes.size > 0) {
        memcpy(id->data, bytes.data, bytes.size);
    }
    return TERN_OK;
}

/* The kid of { 4: kid }; data NULL for any other map. */
static struct tern_bytes kid_of(struct tern_bytes id_cred)
{
    struct tern_cbor_item item;
    struct tern_bytes rest = tern_bytes_slice(id_cred, 2, id_cred.size);
    if (id_cred.size < 3 || id_cred.data[0] != 0xA1 || id_cred.data[1] != 0x04 ||
        tern_cbor_next(&rest, &item) != 1 || item.major != TERN_CBOR_BYTES || rest.size != 0) {
        return TERN_BYTES_NONE;
    }
    return item.string;
}

void edhoc_write_id_cred(struct tern_writer *out, struct tern_bytes id_cred)
{
    struct tern_bytes kid = kid_of(id_cred);
    if (kid.data != NULL) {
        edhoc_write_id(out, kid);
    } else {
        tern_write(out, id_cred);
    }
}

static int read_id_cred(struct tern_edhoc *edhoc, struct tern_bytes *rest)
{
    if (rest->size == 0) {
        return TERN_ERR_TRUNCATED;
    }
    if (rest->data[0] >> 5 == TERN_CBOR_MAP) {
        struct tern_bytes raw;
        int status = tern_cbor_skip(rest, &raw);
        if (status != 1) {
            return status;
        }
        edhoc->peer_id_cred = raw;
        return kid_of(raw).data == NULL ? TERN_OK : TERN_ERR_MALFORMED; /* must be compact */
    }
    struct tern_bytes kid;
    struct tern_writer map = TERN_WRITER_OF(edhoc->peer_kid);
    int status = read_id_bytes(rest, &kid);
    if (status != TERN_OK) {
        return status;
    }
    tern_write_byte(&map, 0xA1);
    tern_write_byte(&map, 0x04);
    tern_cbor_write_bytes(&map, kid);
    edhoc->peer_id_cred = tern_writer_bytes(&map);
    return tern_writer_status(&map) == TERN_OK ? TERN_OK : TERN_ERR_RANGE;
}

/* Items of external authorization data: none is known here, so none may be critical. */
int edhoc_check_ead(struct tern_bytes ead)
{
    struct tern_cbor_item item;
    int status = tern_cbor_next(&ead, &item);
    while (status == 1) {
        if (item.major == TERN_CBOR_NINT) {
            return TERN_ERR_UNSUPPORTED;
        }
        if (item.major != TERN_CBOR_UINT) {
            return TERN_ERR_MALFORMED;
        }
        status = tern_cbor_next(&ead, &item);
        if (status == 1 && item.major == TERN_CBOR_BYTES) { /* the value is optional */
            status = tern_cbor_next(&ead, &item);
        }
    }
    return status;
}

int edhoc_read_proof(struct tern_edhoc *edhoc, struct tern_bytes rest)
{
    struct tern_cbor_item item;
    int status = read_id_cred(edhoc, &rest);
    if (status != TERN_OK) {
        return status;
    }
    status = tern_cbor_next(&rest, &item);
    if (status != 1) {
        return status == 0 ? TERN_ERR_TRUNCATED : status;
    }
    enum tern_edhoc_role peer =
        edhoc->role == TERN_EDHOC_INITIATOR ? TERN_EDHOC_RESPONDER : TERN_EDHOC_INITIATOR;
    size_t size = edhoc_is_static(edhoc, peer) ? edhoc_tag_size(edhoc) : TERN_SIGNATURE_SIZE;
    if (item.major != TERN_CBOR_BYTES || item.string.size != size) {
        return TERN_ERR_MALFORMED;
    }
    edhoc->mac = item.string;
    edhoc->ead = rest;
    return edhoc_check_ead(rest);
}

int edhoc_read_single(struct tern_bytes message, struct tern_bytes *content)
{
    struct tern_cbor_item item;
    int status = tern_cbor_next(&message, &item);
    if (status != 1) {
        return status == 0 ? TERN_ERR_TRUNCATED : status;
    }
    if (item.major != TERN_CBOR_BYTES || message.size != 0) {
        return TERN_ERR_MALFORMED;
    }
    *content = item.string;
    return TERN_OK;
}

void tern_edhoc_write_error(struct tern_writer *out, unsigned code, const char *text)
{
    tern_cbor_write_int(out, (int64_t)code);
    if (code == TERN_EDHOC_ERROR_SUITE) {
        tern_cbor_write_head(out, TERN_CBOR_ARRAY, 2);
        tern_cbor_write_int(out, 2);
        tern_cbor_write_int(out, 3);
    } else if (code == TERN_EDHOC_ERROR_CREDENTIAL) {
        tern_cbor_write_head(out, TERN_CBOR_SIMPLE, TERN_CBOR_TRUE);
    } else {
        tern_cbor_write_text(out, text);
    }
}
