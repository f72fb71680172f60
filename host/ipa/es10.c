/* SPDX-License-Identifier: Apache-2.0 */
/* ES10 over a reader; see es10.h. APDUs as in sgp32.md 8.4. */
#include "host/ipa/es10.h"

#include <string.h>

#define BLOCK_SIZE 255

static int transmit(struct es10 *es10, struct tern_writer *data, struct tern_bytes command)
{
    uint8_t response[TERN_READER_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(response);
    int status = es10->reader->transmit(es10->reader->context, &out, command);
    if (status != TERN_OK || out.size < 2 || out.size > sizeof(response)) {
        return status != TERN_OK ? status : TERN_ERR_IO;
    }
    es10->sw = (uint16_t)(response[out.size - 2] << 8 | response[out.size - 1]);
    tern_write(data, tern_bytes(response, out.size - 2));
    return TERN_OK;
}

static uint8_t class_byte(const struct es10 *es10, uint8_t base)
{
    uint8_t channel = es10->channel;
    return (uint8_t)(channel < 4 ? base | channel : base | 0x40 | (channel - 4));
}

/* 61xx: the rest waits. 6Cxx: it wants to be asked with the right length. */
static int get_response(struct es10 *es10, struct tern_writer *data)
{
    int status = TERN_OK;
    while (status == TERN_OK && (es10->sw >> 8 == 0x61 || es10->sw >> 8 == 0x6C)) {
        const uint8_t command[] = {class_byte(es10, 0x00), 0xC0, 0, 0, (uint8_t)es10->sw};
        status = transmit(es10, data, TERN_BYTES_OF(command));
    }
    return status;
}

int es10_open(struct es10 *es10, struct tern_reader *reader)
{
    static const uint8_t CAPABILITY[] = {0x80, 0xAA, 0, 0, 5, 0xA9, 3, 0x83, 1, 7};
    static const uint8_t OPEN[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                        0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    uint8_t data[256];
    struct tern_writer out = TERN_WRITER_OF(data);
    *es10 = (struct es10){.reader = reader};
    int status = transmit(es10, &out, TERN_BYTES_OF(CAPABILITY));
    out.size = 0;
    if (status == TERN_OK) {
        status = transmit(es10, &out, TERN_BYTES_OF(OPEN));
    }
    if (status != TERN_OK) {
        return status;
    }
    es10->channel = es10->sw == 0x9000 && out.size == 1 && data[0] < 20 ? data[0] : 0;
    select[0] = class_byte(es10, 0x00);
    out.size = 0;
    status = transmit(es10, &out, TERN_BYTES_OF(select));
    bool selected = es10->sw == 0x9000 || es10->sw >> 8 == 0x61;
    return status != TERN_OK ? status : selected ? TERN_OK : TERN_ERR_NOT_FOUND;
}

void es10_close(struct es10 *es10)
{
    const uint8_t command[] = {0x00, 0x70, 0x80, es10->channel, 0x00};
    uint8_t data[4];
    struct tern_writer out = TERN_WRITER_OF(data);
    if (es10->channel != 0) {
        (void)transmit(es10, &out, TERN_BYTES_OF(command));
        es10->channel = 0;
    }
}

int es10_command(struct es10 *es10, struct tern_writer *response, struct tern_bytes command)
{
    uint8_t block = 0;
    do {
        uint8_t apdu[5 + BLOCK_SIZE];
        struct tern_bytes run = tern_bytes_slice(command, 0, BLOCK_SIZE);
        command = tern_bytes_slice(command, run.size, command.size);
        apdu[0] = class_byte(es10, 0x80);
        apdu[1] = 0xE2;
        apdu[2] = command.size > 0 ? 0x11 : 0x91;
        apdu[3] = block++;
        apdu[4] = (uint8_t)run.size;
        memcpy(apdu + 5, run.data, run.size);
        int status = transmit(es10, response, tern_bytes(apdu, 5 + run.size));
        if (status == TERN_OK) {
            status = get_response(es10, response);
        }
        if (status != TERN_OK) {
            return status;
        }
        if (es10->sw >> 8 != 0x90 && es10->sw >> 8 != 0x91) {
            return TERN_ERR_DENIED;
        }
    } while (command.size > 0);
    return TERN_OK;
}
