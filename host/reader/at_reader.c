/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card behind a modem's AT port (3GPP TS 27.007, 8.17, 8.43 to 8.46).
 *
 * AT+CSIM carries whole APDUs. Modems that refuse it offer logical channels: AT+CCHO opens one and
 * selects an AID, AT+CGLA carries APDUs on it, AT+CCHC closes it. Callers of a reader speak APDUs,
 * so in that mode MANAGE CHANNEL and SELECT by AID are played here:
 *
 *     00 70 00 00 01        ->  the next free number of ours, 9000
 *     0n A4 04 .. AID       ->  AT+CCHO="AID"; the session it answers belongs to n
 *     .n ....               ->  AT+CGLA=session,...
 *     00 70 80 0n 00        ->  AT+CCHC=session
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host/reader/reader.h"

#define LINE_SIZE          1200
#define COMMAND_TIMEOUT_MS 60000
#define CHANNEL_COUNT      4

struct at_reader {
    int fd;
    bool channels_only; /**< AT+CSIM is refused: CCHO, CGLA and CCHC. */
    bool open[CHANNEL_COUNT];
    int session[CHANNEL_COUNT]; /**< The modem's number; -1 before SELECT. */
    char input[LINE_SIZE];
    size_t input_size;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int send_line(const struct at_reader *reader, const char *line)
{
    size_t size = strlen(line);
    for (size_t done = 0; done < size;) {
        ssize_t sent = write(reader->fd, line + done, size - done);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) {
            struct pollfd item = {.fd = reader->fd, .events = POLLOUT};
            poll(&item, 1, 1000);
            continue;
        }
        if (sent <= 0) return TERN_ERR_IO;
        done += (size_t)sent;
    }
    return TERN_OK;
}

/** Take the next non-empty line without its end. 1 with a line, 0 when more input is needed. */
static int take_line(struct at_reader *reader, char line[LINE_SIZE])
{
    for (;;) {
        char *end = memchr(reader->input, '\n', reader->input_size);
        if (end == NULL) end = memchr(reader->input, '\r', reader->input_size);
        if (end == NULL) return 0;
        size_t size = (size_t)(end - reader->input);
        memcpy(line, reader->input, size);
        reader->input_size -= size + 1;
        memmove(reader->input, end + 1, reader->input_size);
        while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == ' '))
            size--;
        line[size] = 0;
        if (size > 0) return 1;
    }
}

static int receive_line(struct at_reader *reader, char line[LINE_SIZE], int64_t deadline)
{
    for (;;) {
        if (take_line(reader, line) == 1) return TERN_OK;
        if (reader->input_size == sizeof reader->input) reader->input_size = 0;
        int64_t left = deadline - now_ms();
        if (left <= 0) return TERN_ERR_TIMEOUT;
        struct pollfd item = {.fd = reader->fd, .events = POLLIN};
        int ready = poll(&item, 1, (int)left);
        if (ready < 0 && errno != EINTR) return TERN_ERR_IO;
        if (ready <= 0) continue;
        ssize_t got = read(reader->fd, reader->input + reader->input_size,
                           sizeof reader->input - reader->input_size);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return TERN_ERR_IO;
        reader->input_size += (size_t)got;
    }
}

/**
 * Send a command and wait for its final result. The line that starts with `prefix` is kept in
 * `answer`. TERN_ERR_DENIED when the modem says ERROR.
 */
static int command(struct at_reader *reader, char answer[LINE_SIZE], const char *prefix,
                   const char *text)
{
    answer[0] = 0;
    int status = send_line(reader, text);
    int64_t deadline = now_ms() + COMMAND_TIMEOUT_MS;
    while (status == TERN_OK) {
        char line[LINE_SIZE];
        status = receive_line(reader, line, deadline);
        if (status != TERN_OK) break;
        if (strcmp(line, "OK") == 0) return TERN_OK;
        if (strcmp(line, "ERROR") == 0 || strncmp(line, "+CME ERROR", 10) == 0) {
            return TERN_ERR_DENIED;
        }
        /* Older modems answer AT+CCHO with the bare number. */
        bool bare = line[0] >= '0' && line[0] <= '9';
        if (bare || strncmp(line, prefix, strlen(prefix)) == 0) memcpy(answer, line, sizeof line);
    }
    return status;
}

/** The hex text between the last pair of quotes, or after the last comma. */
static int answer_hex(struct tern_writer *response, const char *answer)
{
    const char *start = strchr(answer, '"');
    start = start != NULL ? start + 1 : strrchr(answer, ',');
    if (start == NULL) return TERN_ERR_IO;
    if (*start == ',') start++;
    size_t size = strspn(start, "0123456789abcdefABCDEF");
    return tern_hex_decode(response, tern_bytes(start, size)) == TERN_OK ? TERN_OK : TERN_ERR_IO;
}

static int exchange(struct at_reader *reader, struct tern_writer *response, const char *head,
                    const char *prefix, struct tern_bytes apdu)
{
    char text[LINE_SIZE];
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    tern_write_text(&out, head);
    tern_write_decimal(&out, apdu.size * 2);
    tern_write_text(&out, ",\"");
    tern_hex_encode(&out, apdu);
    tern_write_text(&out, "\"\r");
    if (tern_writer_status(&out) != TERN_OK) return TERN_ERR_RANGE;
    text[out.size] = 0;
    char answer[LINE_SIZE];
    int status = command(reader, answer, prefix, text);
    if (status != TERN_OK) return status == TERN_ERR_DENIED ? TERN_ERR_IO : status;
    return answer_hex(response, answer);
}

static int reply(struct tern_writer *response, uint16_t status_word)
{
    tern_write_uint(response, status_word, 2);
    return tern_writer_status(response);
}

static int manage_channel(struct at_reader *reader, struct tern_writer *response,
                          struct tern_bytes apdu)
{
    uint8_t number = apdu.data[3];
    if (apdu.data[2] == 0x80) {
        if (number == 0 || number >= CHANNEL_COUNT || !reader->open[number]) {
            return reply(response, 0x6881);
        }
        if (reader->session[number] >= 0) {
            char text[64];
            char answer[LINE_SIZE];
            snprintf(text, sizeof text, "AT+CCHC=%d\r", reader->session[number]);
            command(reader, answer, "+CCHC", text);
        }
        reader->open[number] = false;
        return reply(response, 0x9000);
    }
    bool choose = number == 0;
    for (uint8_t i = 1; choose && i < CHANNEL_COUNT; i++) {
        if (!reader->open[i]) {
            number = i;
            break;
        }
    }
    if (number == 0 || number >= CHANNEL_COUNT || reader->open[number]) {
        return reply(response, 0x6A81);
    }
    reader->open[number] = true;
    reader->session[number] = -1;
    if (choose) tern_write_byte(response, number);
    return reply(response, 0x9000);
}

static int select_application(struct at_reader *reader, struct tern_writer *response,
                              uint8_t channel, struct tern_bytes apdu)
{
    struct tern_bytes aid = tern_bytes_slice(apdu, 5, apdu.data[4]);
    char text[LINE_SIZE];
    char answer[LINE_SIZE];
    if (reader->session[channel] >= 0) {
        snprintf(text, sizeof text, "AT+CCHC=%d\r", reader->session[channel]);
        command(reader, answer, "+CCHC", text);
        reader->session[channel] = -1;
    }
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    tern_write_text(&out, "AT+CCHO=\"");
    tern_hex_encode(&out, aid);
    tern_write_text(&out, "\"\r");
    text[out.size] = 0;
    int status = command(reader, answer, "+CCHO", text);
    if (status == TERN_ERR_DENIED) return reply(response, 0x6A82);
    if (status != TERN_OK) return status;
    reader->session[channel] = (int)strtol(answer[0] == '+' ? answer + 6 : answer, NULL, 10);
    return reply(response, 0x9000);
}

/** An APDU where only CCHO, CGLA and CCHC exist. */
static int transmit_by_channel(struct at_reader *reader, struct tern_writer *response,
                               struct tern_bytes apdu)
{
    uint8_t channel = apdu.data[0] & 0x03;
    if (apdu.size < 4) return reply(response, 0x6700);
    if (apdu.data[1] == 0x70) return manage_channel(reader, response, apdu);
    if (channel == 0) {
        /* Only the modem speaks on the basic channel: TERMINAL CAPABILITY is its business too. */
        return reply(response, apdu.data[1] == 0xAA ? 0x9000 : 0x6881);
    }
    if (!reader->open[channel]) return reply(response, 0x6881);
    if (apdu.data[1] == 0xA4 && apdu.data[2] == 0x04 && apdu.size >= 5) {
        return select_application(reader, response, channel, apdu);
    }
    if (reader->session[channel] < 0) return reply(response, 0x6985);
    char head[32];
    snprintf(head, sizeof head, "AT+CGLA=%d,", reader->session[channel]);
    return exchange(reader, response, head, "+CGLA", apdu);
}

static int at_transmit(void *context, struct tern_writer *response, struct tern_bytes apdu)
{
    struct at_reader *reader = context;
    if (apdu.size < 4) return reply(response, 0x6700);
    if (reader->channels_only) return transmit_by_channel(reader, response, apdu);
    return exchange(reader, response, "AT+CSIM=", "+CSIM", apdu);
}

/** Switch the radio, and with it the card, off and on. */
static int at_reset(void *context)
{
    struct at_reader *reader = context;
    char answer[LINE_SIZE];
    memset(reader->open, 0, sizeof reader->open);
    int status = command(reader, answer, "+CFUN", "AT+CFUN=0\r");
    if (status != TERN_OK && status != TERN_ERR_DENIED) return status;
    status = command(reader, answer, "+CFUN", "AT+CFUN=1\r");
    return status == TERN_ERR_DENIED ? TERN_ERR_UNSUPPORTED : status;
}

static int at_atr(void *context, struct tern_writer *atr)
{
    (void)context;
    (void)atr;
    return TERN_ERR_UNSUPPORTED;
}

static void at_close(void *context)
{
    struct at_reader *reader = context;
    close(reader->fd);
    free(reader);
}

static int probe(struct at_reader *reader)
{
    char answer[LINE_SIZE];
    int status = command(reader, answer, "AT", "ATE0\r");
    if (status != TERN_OK) return status;
    status = command(reader, answer, "+CSIM", "AT+CSIM=?\r");
    if (status == TERN_ERR_DENIED) {
        reader->channels_only = true;
        status = TERN_OK;
    }
    return status;
}

int reader_open_at(struct tern_reader *reader, const char *target, struct tern_writer *why)
{
    int fd = open(target, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (why != NULL) tern_write_text(why, strerror(errno));
        return errno == ENOENT ? TERN_ERR_NOT_FOUND : TERN_ERR_IO;
    }
    struct termios settings;
    if (tcgetattr(fd, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(fd, TCSANOW, &settings);
    }
    struct at_reader *state = calloc(1, sizeof *state);
    if (state == NULL) {
        close(fd);
        return TERN_ERR_NO_SPACE;
    }
    state->fd = fd;
    int status = probe(state);
    if (status != TERN_OK) {
        if (why != NULL) tern_write_text(why, "the modem does not answer AT");
        at_close(state);
        return status;
    }
    *reader = (struct tern_reader){state, at_transmit, at_reset, at_atr, at_close};
    return TERN_OK;
}
