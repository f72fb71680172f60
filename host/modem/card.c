/* SPDX-License-Identifier: Apache-2.0 */
/* The modem's commands to the USIM. TS 102 221, TS 31.102, 7.1; saip.md 16.6 and 16.9. */
#include "host/modem/card.h"

#include <string.h>

#define SW_OK 0x9000

/* One APDU; the status word taken off the response. */
static int exchange(struct tern_reader *reader, struct tern_bytes command, struct tern_writer *data,
                    uint16_t *sw)
{
    uint8_t response[TERN_READER_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(response);
    int status = reader->transmit(reader->context, &out, command);
    if (status != TERN_OK) return status;
    if (out.size < 2 || out.size > sizeof response) return TERN_ERR_IO;
    *sw = (uint16_t)(response[out.size - 2] << 8 | response[out.size - 1]);
    tern_write(data, tern_bytes(response, out.size - 2));
    tern_wipe(response, sizeof response);
    return TERN_OK;
}

int modem_transmit(struct tern_reader *reader, struct tern_bytes command, struct tern_writer *data,
                   uint16_t *sw)
{
    uint8_t again[261];
    int status = exchange(reader, command, data, sw);
    if (status == TERN_OK && *sw >> 8 == 0x6C && command.size <= 5 && command.size >= 4) {
        memcpy(again, command.data, 4);
        again[4] = (uint8_t)*sw;
        status = exchange(reader, tern_bytes(again, 5), data, sw);
    }
    for (unsigned i = 0; status == TERN_OK && *sw >> 8 == 0x61 && i < 64; i++) {
        uint8_t more[] = {0x00, 0xC0, 0x00, 0x00, (uint8_t)*sw};
        status = exchange(reader, TERN_BYTES_OF(more), data, sw);
    }
    return status;
}

static int select_file(struct tern_reader *reader, uint8_t p1, struct tern_bytes name, uint16_t *sw)
{
    uint8_t command[5 + 16], buffer[TERN_READER_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(command), data = TERN_WRITER_OF(buffer);
    const uint8_t head[] = {0x00, 0xA4, p1, 0x0C, (uint8_t)name.size};
    tern_write(&out, TERN_BYTES_OF(head));
    tern_write(&out, name);
    return modem_transmit(reader, tern_writer_bytes(&out), &data, sw);
}

static int read_file(struct tern_reader *reader, uint16_t fid, struct tern_writer *out,
                     uint16_t *sw)
{
    static const uint8_t READ[] = {0x00, 0xB0, 0x00, 0x00, 0x00};
    uint8_t name[2] = {(uint8_t)(fid >> 8), (uint8_t)fid};
    int status = select_file(reader, 0x00, TERN_BYTES_OF(name), sw);
    if (status != TERN_OK || *sw != SW_OK) return status;
    return modem_transmit(reader, TERN_BYTES_OF(READ), out, sw);
}

int card_iccid(struct tern_reader *reader, char iccid[21])
{
    static const uint8_t MF[] = {0x3F, 0x00};
    uint8_t bytes[256];
    struct tern_writer out = TERN_WRITER_OF(bytes), text = tern_writer(iccid, 20);
    uint16_t sw;
    iccid[0] = '\0';
    int status = select_file(reader, 0x00, TERN_BYTES_OF(MF), &sw);
    if (status == TERN_OK && sw == SW_OK) status = read_file(reader, 0x2FE2, &out, &sw);
    if (status != TERN_OK || sw != SW_OK || out.size != 10) return status;
    if (tern_iccid_to_text(&text, tern_bytes(bytes, 10)) != TERN_OK) return TERN_OK;
    iccid[text.size <= 20 ? text.size : 0] = '\0';
    return TERN_OK;
}

int card_imsi(struct tern_reader *reader, char imsi[16], uint16_t *sw)
{
    static const uint8_t USIM[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    uint8_t bytes[256];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    imsi[0] = '\0';
    int status = select_file(reader, 0x04, TERN_BYTES_OF(USIM), sw);
    if (status != TERN_OK) return status;
    if (*sw != SW_OK) return TERN_ERR_NOT_FOUND;
    status = read_file(reader, 0x6F07, &out, sw);
    if (status != TERN_OK || *sw != SW_OK) return status;
    if (out.size != 9 || bytes[0] < 1 || bytes[0] > 8) return TERN_ERR_MALFORMED;
    size_t count = 0;
    for (size_t i = 1; i < 2u * bytes[0] && count < 15; i++) {
        unsigned digit = i % 2 == 0 ? bytes[1 + i / 2] & 0x0Fu : bytes[1 + i / 2] >> 4;
        if (digit > 9) break;
        imsi[count++] = (char)('0' + digit);
    }
    imsi[count] = '\0';
    return count < 6 ? TERN_ERR_MALFORMED : TERN_OK;
}

int card_verify_pin(struct tern_reader *reader, const char *pin, uint16_t *sw)
{
    uint8_t command[13] = {0x00, 0x20, 0x00, 0x01, 0x08}, buffer[TERN_READER_RESPONSE_SIZE];
    struct tern_writer data = TERN_WRITER_OF(buffer);
    size_t size = strlen(pin);
    memset(command + 5, 0xFF, 8);
    memcpy(command + 5, pin, size < 8 ? size : 8);
    int status = modem_transmit(reader, TERN_BYTES_OF(command), &data, sw);
    tern_wipe(command, sizeof command);
    return status;
}

/* One value with its length in front. */
static bool take(struct tern_bytes *rest, uint8_t *out, size_t most, size_t *size)
{
    if (rest->size < 1 || rest->data[0] > most || rest->size < 1u + rest->data[0]) return false;
    *size = rest->data[0];
    memcpy(out, rest->data + 1, *size);
    *rest = tern_bytes_slice(*rest, 1 + *size, rest->size);
    return true;
}

int card_authenticate(struct tern_reader *reader, struct card_answer *answer,
                      const uint8_t rand[16], const uint8_t autn[16])
{
    uint8_t command[40] = {0x00, 0x88, 0x00, 0x81, 0x22, 0x10}, buffer[TERN_READER_RESPONSE_SIZE];
    struct tern_writer data = TERN_WRITER_OF(buffer);
    size_t size;
    *answer = (struct card_answer){0};
    memcpy(command + 6, rand, 16);
    command[22] = 0x10;
    memcpy(command + 23, autn, 16);
    int status = modem_transmit(reader, tern_bytes(command, 39), &data, &answer->sw);
    if (status != TERN_OK || answer->sw != SW_OK) return status;
    struct tern_bytes rest = tern_writer_bytes(&data);
    if (rest.size == 0) return TERN_ERR_MALFORMED;
    uint8_t tag = rest.data[0];
    rest = tern_bytes_slice(rest, 1, rest.size);
    bool ok = false;
    if (tag == 0xDC) {
        answer->sync_failure = true;
        ok = take(&rest, answer->auts, sizeof answer->auts, &size) && size == sizeof answer->auts;
    } else if (tag == 0xDB) {
        ok = take(&rest, answer->res, sizeof answer->res, &answer->res_size) &&
             take(&rest, answer->ck, 16, &size) && size == 16 &&
             take(&rest, answer->ik, 16, &size) && size == 16;
    }
    tern_wipe(buffer, sizeof buffer);
    return ok ? TERN_OK : TERN_ERR_MALFORMED;
}
