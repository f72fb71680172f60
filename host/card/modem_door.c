/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AT commands to a card. The modem uses channels of its own for what it reads by itself (IMSI,
 * ICCID), as real ones do, so that the callers' selections stay.
 */
#include "host/card/modem_door.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/card/card_create.h"

#define LINE_SIZE 1200
#define IMEI      "352906110000010"

struct modem_door {
    struct loop_watch *watch;
    struct powered_card *card;
    int master;
    int slave; /**< Held open, so that the master does not hang up between two users. */
    char link[4096];
    bool echo;
    bool radio;         /**< AT+CFUN=1 */
    bool channels_only; /**< No AT+CSIM */
    size_t filled;
    char line[LINE_SIZE];
};

static void say(const struct modem_door *door, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t sent = write(door->master, text, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        text += sent;
        size -= (size_t)sent;
    }
}

static void say_line(const struct modem_door *door, const char *line)
{
    say(door, "\r\n");
    say(door, line);
    say(door, "\r\n");
}

/** An APDU with the response's data and status word; T=0's 61xx is followed here. */
static uint16_t exchange(struct modem_door *door, struct tern_writer *data,
                         struct tern_bytes command)
{
    uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
    uint8_t get_response[5] = {0, 0xC0, 0, 0, 0};
    uint16_t status = 0;
    get_response[0] = command.data[0] & 0x43;
    for (;;) {
        struct tern_writer response = TERN_WRITER_OF(bytes);
        power_transmit(door->card, &response, command);
        if (response.size < 2) return 0x6F00;
        status = (uint16_t)tern_read_uint(tern_bytes(bytes + response.size - 2, 2));
        tern_write(data, tern_bytes(bytes, response.size - 2));
        if (status >> 8 != 0x61) return status;
        get_response[4] = (uint8_t)status;
        command = TERN_BYTES_OF(get_response);
    }
}

static int open_channel(struct modem_door *door)
{
    static const uint8_t OPEN[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    uint8_t number[4];
    struct tern_writer out = TERN_WRITER_OF(number);
    uint16_t status = exchange(door, &out, TERN_BYTES_OF(OPEN));
    return status == 0x9000 && out.size == 1 ? number[0] : -1;
}

static void close_channel(struct modem_door *door, int channel)
{
    uint8_t command[] = {0x00, 0x70, 0x80, (uint8_t)channel};
    struct tern_writer nothing = tern_writer(NULL, 0);
    exchange(door, &nothing, TERN_BYTES_OF(command));
}

static uint8_t class_of(int channel)
{
    return channel < 4 ? (uint8_t)channel : (uint8_t)(0x40 | (channel - 4));
}

static uint16_t select_aid(struct modem_door *door, int channel, struct tern_bytes aid)
{
    uint8_t bytes[64];
    uint8_t fcp[512];
    struct tern_writer command = TERN_WRITER_OF(bytes);
    struct tern_writer out = TERN_WRITER_OF(fcp);
    tern_write_byte(&command, class_of(channel));
    tern_write_uint(&command, 0xA40404, 3);
    tern_write_byte(&command, (uint8_t)aid.size);
    tern_write(&command, aid);
    return exchange(door, &out, tern_writer_bytes(&command));
}

/** Read a transparent EF of `size` bytes: under the MF, or (`usim`) under the USIM. */
static bool read_file(struct modem_door *door, bool usim, uint16_t file, uint8_t *data, size_t size)
{
    static const uint8_t USIM[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    int channel = open_channel(door);
    if (channel < 0) return false;
    bool ok = !usim || select_aid(door, channel, TERN_BYTES_OF(USIM)) == 0x9000;
    uint8_t class = class_of(channel);
    uint8_t select[] = {class, 0xA4, 0x00, 0x0C, 0x02, (uint8_t)(file >> 8), (uint8_t)file};
    uint8_t read[] = {class, 0xB0, 0x00, 0x00, (uint8_t)size};
    struct tern_writer nothing = tern_writer(NULL, 0);
    struct tern_writer out = tern_writer(data, size);
    ok = ok && exchange(door, &nothing, TERN_BYTES_OF(select)) == 0x9000;
    ok = ok && exchange(door, &out, TERN_BYTES_OF(read)) == 0x9000 && out.size == size;
    close_channel(door, channel);
    return ok;
}

static bool at_identity(struct modem_door *door, const char *argument)
{
    (void)argument;
    say_line(door, "tern software modem");
    return true;
}

static bool at_imei(struct modem_door *door, const char *argument)
{
    (void)argument;
    say_line(door, IMEI);
    return true;
}

static bool at_ok(struct modem_door *door, const char *argument)
{
    (void)door;
    (void)argument;
    return true;
}

static bool at_imsi(struct modem_door *door, const char *argument)
{
    uint8_t file[9];
    char text[17];
    size_t size = 0;
    (void)argument;
    if (!read_file(door, true, 0x6F07, file, sizeof file) || file[0] == 0 || file[0] > 8) {
        return false;
    }
    /* First nibble is parity, then the digits, low nibble first. TS 31.102, 4.2.2 */
    for (size_t i = 1; i <= 2u * file[0] - 1; i++) {
        uint8_t nibble = i % 2 == 1 ? file[1 + i / 2] >> 4 : file[1 + i / 2] & 0x0F;
        if (nibble > 9) break;
        text[size++] = (char)('0' + nibble);
    }
    text[size] = 0;
    say_line(door, text);
    return true;
}

static bool at_iccid(struct modem_door *door, const char *argument)
{
    uint8_t file[10];
    char line[64] = "+CCID: ";
    struct tern_writer text = tern_writer(line + 7, sizeof line - 8);
    (void)argument;
    if (!read_file(door, false, 0x2FE2, file, sizeof file)) return false;
    if (tern_iccid_to_text(&text, TERN_BYTES_OF(file)) != TERN_OK || text.size == 0) return false;
    line[7 + text.size] = 0;
    say_line(door, line);
    return true;
}

static bool at_pin(struct modem_door *door, const char *argument)
{
    (void)argument;
    uint8_t file[9];
    if (!read_file(door, true, 0x6FAD, file, 4)) return false;
    say_line(door, "+CPIN: READY");
    return true;
}

/** AT+CFUN=0 or 4 takes the card's power, 1 gives it back. */
static bool at_radio(struct modem_door *door, const char *argument)
{
    if (strcmp(argument, "?") == 0) {
        say_line(door, door->radio ? "+CFUN: 1" : "+CFUN: 0");
        return true;
    }
    if (argument[0] != '=' || !isdigit((unsigned char)argument[1])) return false;
    door->radio = argument[1] == '1';
    power_reset(door->card);
    return true;
}

/** "N,"HEX"" behind a prefix: the APDU. */
static bool parse_apdu(struct tern_writer *apdu, const char *argument)
{
    char *end = NULL;
    unsigned long count = strtoul(argument, &end, 10);
    if (end == argument || *end != ',') return false;
    end++;
    if (*end == '"') end++;
    size_t size = strspn(end, "0123456789abcdefABCDEF");
    if (size != count) return false;
    return tern_hex_decode(apdu, tern_bytes(end, size)) == TERN_OK && apdu->size >= 4;
}

static void say_response(struct modem_door *door, const char *prefix,
                         const struct tern_writer *response)
{
    char line[LINE_SIZE];
    int start = snprintf(line, 64, "%s: %zu,\"", prefix, response->size * 2);
    struct tern_writer text = tern_writer(line + start, sizeof line - (size_t)start - 2);
    tern_hex_encode(&text, tern_writer_bytes(response));
    size_t end = (size_t)start + tern_writer_bytes(&text).size;
    memcpy(line + end, "\"", 2);
    say_line(door, line);
}

static bool at_csim(struct modem_door *door, const char *argument)
{
    if (door->channels_only) return false;
    if (strcmp(argument, "=?") == 0) return true;
    uint8_t bytes[LINE_SIZE / 2];
    uint8_t answer[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer apdu = TERN_WRITER_OF(bytes);
    struct tern_writer response = TERN_WRITER_OF(answer);
    if (argument[0] != '=' || !parse_apdu(&apdu, argument + 1)) return false;
    power_transmit(door->card, &response, tern_writer_bytes(&apdu));
    say_response(door, "+CSIM", &response);
    return true;
}

static bool at_open(struct modem_door *door, const char *argument)
{
    if (strcmp(argument, "=?") == 0) return true;
    if (argument[0] != '=') return false;
    argument += argument[1] == '"' ? 2 : 1;
    uint8_t aid[16];
    struct tern_writer out = TERN_WRITER_OF(aid);
    size_t size = strspn(argument, "0123456789abcdefABCDEF");
    if (tern_hex_decode(&out, tern_bytes(argument, size)) != TERN_OK) return false;
    if (out.size == 0 || tern_writer_status(&out) != TERN_OK) return false;
    int channel = open_channel(door);
    if (channel < 0) return false;
    if (select_aid(door, channel, tern_writer_bytes(&out)) >> 12 != 0x9) {
        close_channel(door, channel);
        return false;
    }
    char line[32];
    snprintf(line, sizeof line, "+CCHO: %d", channel);
    say_line(door, line);
    return true;
}

/** The APDU's class keeps its kind and gets the session's channel. */
static bool at_transmit(struct modem_door *door, const char *argument)
{
    if (strcmp(argument, "=?") == 0) return true;
    char *end = NULL;
    long session = argument[0] == '=' ? strtol(argument + 1, &end, 10) : -1;
    if (session < 1 || session > 19 || *end != ',') return false;
    uint8_t bytes[LINE_SIZE / 2];
    uint8_t answer[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer apdu = TERN_WRITER_OF(bytes);
    struct tern_writer response = TERN_WRITER_OF(answer);
    if (!parse_apdu(&apdu, end + 1)) return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x80) | class_of((int)session));
    power_transmit(door->card, &response, tern_writer_bytes(&apdu));
    say_response(door, "+CGLA", &response);
    return true;
}

static bool at_close(struct modem_door *door, const char *argument)
{
    if (strcmp(argument, "=?") == 0) return true;
    long session = argument[0] == '=' ? strtol(argument + 1, NULL, 10) : -1;
    if (session < 1 || session > 19) return false;
    uint8_t command[] = {0x00, 0x70, 0x80, (uint8_t)session};
    struct tern_writer nothing = tern_writer(NULL, 0);
    return exchange(door, &nothing, TERN_BYTES_OF(command)) == 0x9000;
}

/**
 * AT+CRSM=command,file,P1,P2,Le: READ BINARY (176) or READ RECORD (178) of a file of the MF (2Fxx)
 * or of the USIM. 27.007, 8.18
 */
static bool at_restricted(struct modem_door *door, const char *argument)
{
    static const uint8_t USIM[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    unsigned command = 0;
    unsigned file = 0;
    unsigned p[3] = {0, 0, 0};
    if (strcmp(argument, "=?") == 0) return true;
    if (sscanf(argument, "=%u,%u,%u,%u,%u", &command, &file, &p[0], &p[1], &p[2]) != 5)
        return false;
    if ((command != 176 && command != 178) || file > 0xFFFF) return false;
    if (p[0] > 255 || p[1] > 255 || p[2] > 255) return false;
    int channel = open_channel(door);
    if (channel < 0) return false;
    uint8_t class = class_of(channel);
    uint8_t select[] = {class, 0xA4, 0x00, 0x0C, 0x02, (uint8_t)(file >> 8), (uint8_t)file};
    uint8_t read[] = {class, (uint8_t)command, (uint8_t)p[0], (uint8_t)p[1], (uint8_t)p[2]};
    uint8_t data[256];
    struct tern_writer nothing = tern_writer(NULL, 0);
    struct tern_writer out = TERN_WRITER_OF(data);
    uint16_t status = file >> 8 == 0x2F ? 0x9000 : select_aid(door, channel, TERN_BYTES_OF(USIM));
    if (status == 0x9000) status = exchange(door, &nothing, TERN_BYTES_OF(select));
    if (status == 0x9000) status = exchange(door, &out, TERN_BYTES_OF(read));
    close_channel(door, channel);
    char line[LINE_SIZE];
    int start = snprintf(line, 64, "+CRSM: %u,%u,\"", status >> 8, status & 0xFFu);
    struct tern_writer text = tern_writer(line + start, sizeof line - (size_t)start - 2);
    tern_hex_encode(&text, tern_writer_bytes(&out));
    memcpy(line + (size_t)start + tern_writer_bytes(&text).size, "\"", 2);
    say_line(door, line);
    return true;
}

static bool at_echo(struct modem_door *door, const char *argument)
{
    door->echo = argument[0] != '0';
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct modem_door *door, const char *argument);
} COMMANDS[] = {
    {"+CSIM",  at_csim      },
    {"+CCHO",  at_open      },
    {"+CGLA",  at_transmit  },
    {"+CCHC",  at_close     },
    {"+CRSM",  at_restricted},
    {"+CGSN",  at_imei      },
    {"+GSN",   at_imei      },
    {"+CIMI",  at_imsi      },
    {"+CCID",  at_iccid     },
    {"+ICCID", at_iccid     },
    {"+QCCID", at_iccid     },
    {"+CPIN",  at_pin       },
    {"+CFUN",  at_radio     },
    {"+CGMI",  at_identity  },
    {"+CGMM",  at_identity  },
    {"+CGMR",  at_identity  },
    {"+CMEE",  at_ok        },
    {"I",      at_identity  },
    {"E",      at_echo      },
    {"Z",      at_ok        },
    {"",       at_ok        },
};

static void serve_line(struct modem_door *door, char *line)
{
    if (door->echo) {
        say(door, line);
        say(door, "\r");
    }
    while (*line == ' ')
        line++;
    if (line[0] == 0) return;
    if (toupper((unsigned char)line[0]) != 'A' || toupper((unsigned char)line[1]) != 'T') {
        say_line(door, "ERROR");
        return;
    }
    line += 2;
    for (size_t i = 0; i < TERN_COUNT_OF(COMMANDS); i++) {
        size_t size = strlen(COMMANDS[i].name);
        if (strncasecmp(line, COMMANDS[i].name, size) != 0) continue;
        const char *rest = line + size;
        if (size == 0 && *rest != 0) break;
        if (size > 1 && isalpha((unsigned char)*rest)) continue;
        say_line(door, COMMANDS[i].run(door, rest) ? "OK" : "ERROR");
        return;
    }
    say_line(door, "ERROR");
}

static void on_readable(void *context, int fd, unsigned what)
{
    struct modem_door *door = context;
    char input[512];
    (void)what;
    ssize_t got = read(fd, input, sizeof input);
    for (ssize_t i = 0; i < got; i++) {
        if (input[i] == '\n') continue;
        if (input[i] != '\r') {
            if (door->filled < sizeof door->line - 1) door->line[door->filled++] = input[i];
            continue;
        }
        door->line[door->filled] = 0;
        door->filled = 0;
        serve_line(door, door->line);
    }
}

struct modem_door *modem_door_open(struct loop *loop, struct powered_card *card, const char *link,
                                   bool channels_only, struct card_error *error)
{
    struct modem_door *door = calloc(1, sizeof *door);
    char name[128];
    if (door == NULL) return NULL;
    struct termios settings = {.c_cflag = CS8 | CREAD | CLOCAL};
    if (strlen(link) >= sizeof door->link ||
        openpty(&door->master, &door->slave, name, &settings, NULL) != 0) {
        card_complain(error, -1, "no pty: %s", strerror(errno));
        free(door);
        return NULL;
    }
    fcntl(door->master, F_SETFD, FD_CLOEXEC);
    fcntl(door->slave, F_SETFD, FD_CLOEXEC);
    unlink(link);
    if (symlink(name, link) != 0) {
        card_complain(error, -1, "%s: %s", link, strerror(errno));
        close(door->master);
        close(door->slave);
        free(door);
        return NULL;
    }
    memcpy(door->link, link, strlen(link) + 1);
    door->card = card;
    door->radio = true;
    door->channels_only = channels_only;
    door->watch = loop_watch_new(loop, door->master, LOOP_READ, on_readable, door);
    return door;
}

void modem_door_close(struct modem_door *door)
{
    if (door == NULL) return;
    if (door->watch != NULL) loop_watch_free(door->watch);
    close(door->master);
    close(door->slave);
    unlink(door->link);
    free(door);
}
