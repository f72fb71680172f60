/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One profile out of a template: ICCID, IMSI, Ki and OPc are written over those of the template.
 * Everything keeps its length, so no header has to be made again and nothing has to be copied.
 * saip.md 15, "Personalisation points".
 */
#include <string.h>

#include "engine/profile/templates.h"
#include "tern/profile.h"
#include "tern/saip.h"

enum { FILE_DESCRIPTOR = 0xA1, FILE_CONTENT = 0x83 };

struct personalise {
    const struct tern_personal_data *data;
    uint8_t *upp; /* the same bytes that the slices point into, to be written */
    const uint8_t *base;
    bool iccid_done;
    bool imsi_done;
    bool key_done;
    char old_imsi[16];
    char new_imsi[16];
};

int tern_imsi_from_text(uint8_t imsi[9], struct tern_bytes text)
{
    uint8_t digits[16];
    if (text.size < 6 || text.size > 15) return TERN_ERR_MALFORMED;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return TERN_ERR_MALFORMED;
        digits[i] = (uint8_t)(text.data[i] - '0');
    }
    memset(imsi, 0xFF, 9);
    imsi[0] = (uint8_t)((text.size + 2) / 2);
    imsi[1] = (uint8_t)(digits[0] << 4 | (text.size % 2 == 1 ? 0x9 : 0x1));
    for (size_t i = 1; i < text.size; i += 2) {
        uint8_t high = i + 1 < text.size ? digits[i + 1] : 0xF;
        imsi[(i + 3) / 2] = (uint8_t)(high << 4 | digits[i]);
    }
    return TERN_OK;
}

static void imsi_digits(char text[16], const uint8_t imsi[9])
{
    size_t count = 0;
    for (size_t i = 1; i < 2u * imsi[0] && i < 17 && count < 15; i++) {
        unsigned digit = i % 2 == 0 ? imsi[1 + i / 2] & 0x0Fu : imsi[1 + i / 2] >> 4;
        if (digit > 9) break;
        text[count++] = (char)('0' + digit);
    }
    text[count] = '\0';
}

/* Write over a slice of the package. */
static void overwrite(struct personalise *work, struct tern_bytes place, struct tern_bytes with)
{
    memcpy(work->upp + (place.data - work->base), with.data, with.size);
}

/* The contents of a File, in one piece from its start. */
static int file_content(struct tern_bytes file, struct tern_bytes *content)
{
    struct tern_tlv item;
    int got = tern_der_next(&file, &item, TERN_DER_STRICT);
    if (got == 1 && item.tag == FILE_DESCRIPTOR) got = tern_der_next(&file, &item, TERN_DER_STRICT);
    if (got < 0) return got;
    if (got == 0 || item.tag != FILE_CONTENT) return TERN_ERR_NOT_FOUND;
    *content = item.value;
    return TERN_OK;
}

static int put_file(struct personalise *work, struct tern_bytes file, struct tern_bytes value)
{
    struct tern_bytes content;
    int status = file_content(file, &content);
    if (status != TERN_OK) return status;
    if (content.size != value.size) return TERN_ERR_RANGE;
    overwrite(work, content, value);
    return TERN_OK;
}

static int put_imsi(struct personalise *work, struct tern_bytes file)
{
    struct tern_bytes content;
    int status = file_content(file, &content);
    if (status != TERN_OK) return status;
    if (content.size != 9 || work->data->imsi.size != 9) return TERN_ERR_RANGE;
    imsi_digits(work->old_imsi, content.data);
    imsi_digits(work->new_imsi, work->data->imsi.data);
    overwrite(work, content, work->data->imsi);
    work->imsi_done = true;
    return TERN_OK;
}

/* Access class n for the digit n at the end of the IMSI. TS 22.011, 4.2 */
static int put_acc(struct personalise *work, struct tern_bytes file)
{
    size_t size = strlen(work->new_imsi);
    if (size == 0) return TERN_OK;
    unsigned bit = 1u << (work->new_imsi[size - 1] - '0');
    uint8_t acc[2] = {(uint8_t)(bit >> 8), (uint8_t)bit};
    return put_file(work, file, TERN_BYTES_OF(acc));
}

static int personalise_files(struct personalise *work, unsigned number, struct tern_bytes value)
{
    const struct template_table *table = template_find(number);
    struct tern_tlv field;
    int got, status = TERN_OK;
    while (status == TERN_OK && (got = tern_der_next(&value, &field, TERN_DER_STRICT)) != 0) {
        if (got < 0) return got;
        unsigned index = field.tag >= 0xBF00 ? field.tag - 0xBF00 : field.tag - 0xA0;
        if (field.tag < 0xA2 || index < 2 || index - 2 >= table->count) continue;
        uint16_t fid = table->files[index - 2].fid;
        if (fid == 0x2FE2 && work->data->iccid.data != NULL) {
            status = put_file(work, field.value, work->data->iccid);
        } else if (fid == 0x6F07 && work->data->imsi.data != NULL) {
            status = put_imsi(work, field.value);
        } else if (fid == 0x6F78 && work->data->imsi.data != NULL) {
            status = put_acc(work, field.value);
        }
    }
    return status;
}

static int personalise_header(struct personalise *work, struct tern_bytes raw)
{
    struct tern_profile_header header;
    uint8_t plain[10];
    int status = tern_asn_decode(&TERN_PROFILE_HEADER, &header, NULL, raw);
    if (status != TERN_OK || work->data->iccid.data == NULL) return status;
    if (work->data->iccid.size != 10) return TERN_ERR_RANGE;
    for (size_t i = 0; i < 10; i++) {
        uint8_t pair = work->data->iccid.data[i];
        plain[i] = (uint8_t)(pair << 4 | pair >> 4);
    }
    overwrite(work, header.iccid, TERN_BYTES_OF(plain));
    work->iccid_done = true;
    return TERN_OK;
}

static int personalise_aka(struct personalise *work, struct tern_bytes raw)
{
    struct tern_pe_aka aka;
    int status = tern_asn_decode_as(&TERN_PE_AKA, &aka, NULL, raw, 0, TERN_MERCY_DEFAULT);
    if (status != TERN_OK) return status;
    if (aka.configuration.arm != TERN_ALGO_CONFIGURATION_IS_ALGO) return TERN_OK;
    struct tern_bytes key = work->data->key, opc = work->data->opc;
    if (key.data != NULL) {
        if (key.size != aka.configuration.algo.key.size) return TERN_ERR_RANGE;
        overwrite(work, aka.configuration.algo.key, key);
        work->key_done = true;
    }
    if (opc.data != NULL) {
        if (opc.size != aka.configuration.algo.opc.size) return TERN_ERR_RANGE;
        overwrite(work, aka.configuration.algo.opc, opc);
    }
    return TERN_OK;
}

/* IMPI and IMPU hold the IMSI in digits (TS 23.003, 13.3). */
static void replace_digits(struct personalise *work, struct tern_bytes raw)
{
    size_t size = strlen(work->old_imsi);
    if (size < 6 || size != strlen(work->new_imsi)) return;
    for (size_t at = 0; at + size <= raw.size; at++) {
        if (memcmp(raw.data + at, work->old_imsi, size) != 0) continue;
        overwrite(work, tern_bytes_slice(raw, at, size),
                  tern_bytes((const uint8_t *)work->new_imsi, size));
    }
}

int tern_profile_personalise(uint8_t *upp, size_t upp_size, const struct tern_personal_data *data)
{
    enum { HEADER = 0, AKA = 4, MF = 16, USIM = 19, ISIM = 21, IOT = 32 };
    struct personalise work = {.data = data, .upp = upp, .base = upp};
    struct tern_bytes rest = tern_bytes(upp, upp_size);
    struct tern_tlv element;
    int status = TERN_OK, got;
    while (status == TERN_OK && (got = tern_der_next(&rest, &element, TERN_DER_STRICT)) != 0) {
        if (got < 0) return got;
        switch (element_number(element.tag)) {
        case HEADER:
            status = personalise_header(&work, element.raw);
            break;
        case AKA:
            status = personalise_aka(&work, element.raw);
            break;
        case MF:
        case USIM:
        case IOT:
            status = personalise_files(&work, (unsigned)element_number(element.tag), element.value);
            break;
        case ISIM:
            replace_digits(&work, element.raw);
            break;
        default:
            break;
        }
    }
    if (status != TERN_OK) return status;
    bool all = (data->iccid.data == NULL || work.iccid_done) &&
               (data->imsi.data == NULL || work.imsi_done) &&
               (data->key.data == NULL || work.key_done);
    return all ? TERN_OK : TERN_ERR_NOT_FOUND;
}
