/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See certificates.h.
 *
 *     request   HELD         hash | hash ..          6 bytes each: SHA-256, cut
 *     answer    CERTIFICATE  offset (2)              the certificate begins there: keep it
 *               CERTIFICATE  offset (2) | n (1)      the n-th of the list belongs there
 */
#include "host/carrier/certificates.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/files.h"
#include "tern/der.h"

#define HASH_SIZE TERN_COAP_CERTIFICATE_HASH_SIZE

static void hash_of(uint8_t out[HASH_SIZE], struct tern_bytes certificate)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(certificate.data, certificate.size, digest);
    memcpy(out, digest, HASH_SIZE);
}

/* ---- the device ---- */

static int slot_path(const struct certificates *certificates, size_t slot, char *path, size_t size)
{
    char name[24];
    snprintf(name, sizeof(name), "certificate-%zu", slot);
    return certificates->folder == NULL ? TERN_ERR_NOT_FOUND
                                        : path_join(path, size, certificates->folder, name);
}

void certificates_open(struct certificates *certificates, const char *folder)
{
    memset(certificates, 0, sizeof(*certificates));
    certificates->folder = folder;
    for (size_t i = 0; i < CERTIFICATE_SLOTS; i++) {
        char path[4096];
        uint8_t *data = NULL;
        size_t size = 0;
        if (slot_path(certificates, i, path, sizeof(path)) == TERN_OK &&
            file_read(path, CERTIFICATE_SIZE_MAX, &data, &size) == TERN_OK) {
            memcpy(certificates->slots[i].data, data, size);
            certificates->slots[i].size = size;
        }
        free(data);
    }
}

void certificates_write_held(struct certificates *certificates, struct tern_writer *out)
{
    size_t count = 0;
    for (size_t i = 0; i < CERTIFICATE_SLOTS; i++) {
        uint8_t hash[HASH_SIZE];
        if (certificates->slots[i].size > 0) {
            hash_of(hash, tern_bytes(certificates->slots[i].data, certificates->slots[i].size));
            tern_write(out, TERN_BYTES_OF(hash));
            certificates->slot_of[count++] = (uint8_t)i;
        }
    }
}

static uint8_t free_slot(struct certificates *certificates)
{
    for (size_t i = 0; i < CERTIFICATE_SLOTS; i++) {
        if (certificates->slots[i].size == 0) {
            return (uint8_t)i;
        }
    }
    certificates->next = (uint8_t)((certificates->next + 1) % CERTIFICATE_SLOTS);
    return certificates->next;
}

int certificates_begin(struct certificates *certificates, struct tern_bytes option)
{
    certificates->inserts = certificates->keeps = false;
    certificates->position = certificates->kept = 0;
    if (option.size == 0) {
        return TERN_OK;
    }
    certificates->offset = option.size < 2 ? 0 : (size_t)option.data[0] << 8 | option.data[1];
    if (option.size == 2) {
        certificates->keeps = true;
        certificates->slot = free_slot(certificates);
        certificates->slots[certificates->slot].size = 0;
        return TERN_OK;
    }
    if (option.size != 3 || option.data[2] >= CERTIFICATE_SLOTS) {
        return TERN_ERR_MALFORMED;
    }
    certificates->inserts = true;
    certificates->slot = certificates->slot_of[option.data[2]];
    return certificates->slots[certificates->slot].size > 0 ? TERN_OK : TERN_ERR_MALFORMED;
}

bool certificates_wait(const struct certificates *certificates)
{
    return certificates->inserts;
}

size_t certificates_insert(struct certificates *certificates, uint8_t *out, size_t out_size)
{
    if (!certificates->inserts || certificates->position < certificates->offset) {
        return 0;
    }
    size_t done = certificates->position - certificates->offset;
    size_t left = certificates->slots[certificates->slot].size - done;
    size_t size = left < out_size ? left : out_size;
    memcpy(out, certificates->slots[certificates->slot].data + done, size);
    certificates->position += size;
    certificates->inserts = size < left;
    return size;
}

size_t certificates_room(const struct certificates *certificates, size_t out_size)
{
    if (!certificates->inserts) {
        return out_size;
    }
    size_t before = certificates->offset - certificates->position;
    return before < out_size ? before : out_size;
}

/* 30 82 LL LL, the only size a certificate has. */
static size_t size_in(const uint8_t head[4])
{
    bool fits = head[0] == 0x30 && head[1] == 0x82;
    return fits ? 4 + ((size_t)head[2] << 8 | head[3]) : 0;
}

static void keep(struct certificates *certificates)
{
    char path[4096];
    uint8_t slot = certificates->slot;
    certificates->slots[slot].size = certificates->kept;
    certificates->keeps = false;
    if (slot_path(certificates, slot, path, sizeof(path)) == TERN_OK) {
        file_write(path, tern_bytes(certificates->slots[slot].data, certificates->kept), 0600);
    }
}

static void collect(struct certificates *certificates, uint8_t byte)
{
    uint8_t *data = certificates->slots[certificates->slot].data;
    data[certificates->kept++] = byte;
    size_t size = certificates->kept < 4 ? CERTIFICATE_SIZE_MAX : size_in(data);
    if (size == 0 || size > CERTIFICATE_SIZE_MAX) {
        certificates->keeps = false; /* none, or none for us */
    } else if (certificates->kept == size) {
        keep(certificates);
    }
}

void certificates_pass(struct certificates *certificates, struct tern_bytes piece)
{
    for (size_t i = 0; i < piece.size; i++) {
        if (certificates->keeps && certificates->position >= certificates->offset) {
            collect(certificates, piece.data[i]);
        }
        certificates->position++;
    }
}

/* ---- the eIM ---- */

/* InitiateAuthentication and AuthenticateClient, SGP.32, 5.14.1 and 5.14.3:
 * BF39|BF3B{A0{.., 30 signed, 5F37, .., 30 Certificate}}: behind the signature, what begins with
 * two SEQUENCEs. */
static bool find_certificate(struct tern_bytes answer, struct tern_bytes *certificate)
{
    struct tern_tlv outer;
    struct tern_tlv ok;
    struct tern_tlv item;
    struct tern_tlv inner;
    bool signature = false;
    if (tern_der_single(answer, &outer, 0) != TERN_OK ||
        (outer.tag != 0xBF39 && outer.tag != 0xBF3B) ||
        tern_der_single(outer.value, &ok, 0) != TERN_OK || ok.tag != 0xA0) {
        return false;
    }
    struct tern_bytes rest = ok.value;
    while (rest.size > 0 && tern_der_next(&rest, &item, 0) == 1) {
        if (signature && item.tag == 0x30 && item.raw.size <= CERTIFICATE_SIZE_MAX &&
            size_in(item.raw.data) == item.raw.size) {
            struct tern_bytes parts = item.value;
            *certificate = item.raw;
            return tern_der_next(&parts, &inner, 0) == 1 && inner.tag == 0x30;
        }
        signature = signature || item.tag == 0x5F37;
    }
    return false;
}

bool certificates_reduce(struct tern_bytes answer, struct tern_bytes held,
                         struct tern_writer *without, struct tern_writer *option)
{
    struct tern_bytes certificate;
    uint8_t hash[HASH_SIZE];
    if (held.data == NULL || answer.size > UINT16_MAX || !find_certificate(answer, &certificate)) {
        return false;
    }
    size_t offset = (size_t)(certificate.data - answer.data);
    tern_write_uint(option, offset, 2);
    hash_of(hash, certificate);
    for (size_t i = 0; (i + 1) * HASH_SIZE <= held.size; i++) {
        if (memcmp(held.data + i * HASH_SIZE, hash, HASH_SIZE) == 0) {
            tern_write_byte(option, (uint8_t)i);
            tern_write(without, tern_bytes_slice(answer, 0, offset));
            tern_write(without, tern_bytes_slice(answer, offset + certificate.size, answer.size));
            return true;
        }
    }
    tern_write(without, answer);
    return true;
}
