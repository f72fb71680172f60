/* SPDX-License-Identifier: Apache-2.0 */
/* The stdio front door. Functions are rows; an error answers ecode -1 and goes on. */
#include "host/card/stdio_door.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 4096

/** What a function answers: ecode, and data or none. */
struct answer {
    int code;
    bool has_data;
    struct tern_writer data;
};

typedef void stdio_function(struct powered_card *card, struct answer *answer,
                            struct tern_bytes parameter);

static void connect_card(struct powered_card *card, struct answer *answer,
                         struct tern_bytes parameter)
{
    (void)parameter;
    power_reset(card);
    answer->code = 0;
}

static uint16_t status_of(const struct tern_writer *response)
{
    struct tern_bytes bytes = tern_writer_bytes(response);
    return bytes.size < 2 ? 0
                          : (uint16_t)tern_read_uint(tern_bytes(bytes.data + bytes.size - 2, 2));
}

/** Open a channel and select the AID on it; the channel's number is the ecode. */
static void open_channel(struct powered_card *card, struct answer *answer, struct tern_bytes aid)
{
    static const uint8_t OPEN[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer response = TERN_WRITER_OF(bytes);
    if (aid.size == 0 || aid.size > 16) return;
    power_transmit(card, &response, TERN_BYTES_OF(OPEN));
    if (response.size != 3 || status_of(&response) != 0x9000) return;
    uint8_t channel = bytes[0];
    uint8_t select[32];
    struct tern_writer command = TERN_WRITER_OF(select);
    tern_write_byte(&command, channel < 4 ? channel : (uint8_t)(0x40 | (channel - 4)));
    tern_write_uint(&command, 0xA40400, 3);
    tern_write_byte(&command, (uint8_t)aid.size);
    tern_write(&command, aid);
    response.size = 0;
    power_transmit(card, &response, tern_writer_bytes(&command));
    uint16_t status = status_of(&response);
    if (status >> 8 == 0x61 || status >> 12 == 0x9) {
        answer->code = channel;
        return;
    }
    uint8_t close_it[] = {0x00, 0x70, 0x80, channel};
    response.size = 0;
    power_transmit(card, &response, TERN_BYTES_OF(close_it));
}

static void close_channel(struct powered_card *card, struct answer *answer,
                          struct tern_bytes parameter)
{
    uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer response = TERN_WRITER_OF(bytes);
    if (parameter.size != 1) return;
    uint8_t command[] = {0x00, 0x70, 0x80, parameter.data[0]};
    power_transmit(card, &response, TERN_BYTES_OF(command));
    if (status_of(&response) == 0x9000) answer->code = 0;
}

static void transmit(struct powered_card *card, struct answer *answer, struct tern_bytes command)
{
    power_transmit(card, &answer->data, command);
    answer->has_data = true;
    answer->code = 0;
}

static const struct {
    const char *name;
    stdio_function *run;
} FUNCTIONS[] = {
    {"connect",             connect_card },
    {"disconnect",          connect_card },
    {"logic_channel_open",  open_channel },
    {"logic_channel_close", close_channel},
    {"transmit",            transmit     },
};

static void run_function(struct powered_card *card, struct answer *answer, const cJSON *payload)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "func"));
    const char *param = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(payload, "param"));
    uint8_t bytes[LINE_SIZE / 2];
    struct tern_writer parameter = TERN_WRITER_OF(bytes);
    if (name == NULL) return;
    if (param != NULL && tern_hex_decode(&parameter, tern_bytes_text(param)) != TERN_OK) return;
    for (size_t i = 0; i < TERN_COUNT_OF(FUNCTIONS); i++) {
        if (strcmp(FUNCTIONS[i].name, name) == 0) {
            FUNCTIONS[i].run(card, answer, tern_writer_bytes(&parameter));
        }
    }
}

static int serve_line(struct powered_card *card, const char *line, FILE *out)
{
    uint8_t data[TERN_CARD_RESPONSE_SIZE];
    struct answer answer = {.code = -1, .data = TERN_WRITER_OF(data)};
    cJSON *message = cJSON_Parse(line);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    if (type != NULL && strcmp(type, "apdu") == 0) {
        run_function(card, &answer, cJSON_GetObjectItemCaseSensitive(message, "payload"));
    }
    cJSON_Delete(message);
    char hex[2 * TERN_CARD_RESPONSE_SIZE + 1];
    struct tern_writer text = tern_writer(hex, sizeof hex - 1);
    tern_hex_encode(&text, tern_writer_bytes(&answer.data));
    hex[text.size] = 0;
    fprintf(out, "{\"type\":\"apdu\",\"payload\":{\"ecode\":%d", answer.code);
    if (answer.has_data) fprintf(out, ",\"data\":\"%s\"", hex);
    fprintf(out, "}}\n");
    return fflush(out) == 0 ? TERN_OK : TERN_ERR_IO;
}

int stdio_door_serve(struct powered_card *card, FILE *in, FILE *out)
{
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, in) != NULL) {
        if (strchr(line, '\n') == NULL && !feof(in)) {
            /* Too long to be an APDU: skip the rest of it. */
            for (int c = fgetc(in); c != EOF && c != '\n'; c = fgetc(in)) {
            }
            line[0] = 0;
        }
        int status = serve_line(card, line, out);
        if (status != TERN_OK) return status;
    }
    return TERN_OK;
}
