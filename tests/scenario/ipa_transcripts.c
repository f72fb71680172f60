/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IPA held against transcripts: tests/scenario/ipa/NAME.txt says, in the order it must happen,
 * what crosses the border and what comes back. Every transcript runs several times, with replies
 * and responses cut into pieces of other sizes, and every piece in an allocation of its own size.
 *
 *   # a comment                        def NAME EXPR          use FILE
 *   config WORDS                       direct indirect minimize eim-data metadata immediate
 *                                      prefer-direct rollback=N fallback=N small
 *   start | wake                       the event
 *   apdu EXPR = EXPR                   an APDU that is not STORE DATA, and its response
 *   card EXPR = EXPR                   a command in STORE DATA, put together; its data, 9000
 *   card EXPR = sw HEX                 it ends with this status word
 *   eim EXPR = EXPR                    a request and its reply; so with `= lost`, `= refused`,
 *                                      `= empty`, `= idle EXPR` (the carrier says: nothing waits)
 *   smdp PATH TEXT = TEXT              JSON; @{EXPR} in it is base64
 *   smds PATH TEXT = TEXT
 *   trust EXPR | reset | save | sleep | retry
 *   inject EXPR / answer EXPR          a TransferEimPackage and what it is answered
 *   local EXPR
 *   cut                                power is lost here; only what was saved comes back
 *
 *   EXPR: hex digits, TAG{ EXPR } with its length, "text", $NAME, `head TLV` (only its tag and
 *   length); a last * stands for any rest.
 */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tern/ipa.h"

#define BYTES_MAX (256 * 1024)
#define LINES_MAX 4000
#define DEFS_MAX  64

struct def {
    char name[32];
    uint8_t *data;
    size_t size;
};

struct play {
    char *lines[LINES_MAX];
    int numbers[LINES_MAX];
    size_t line_count;
    size_t at;
    const char *file;
    struct def defs[DEFS_MAX];
    size_t def_count;
    /* the device */
    struct tern_ipa ipa;
    struct tern_ipa_config config;
    uint8_t *buffer;
    size_t buffer_size;
    uint8_t saved[TERN_IPA_SAVED_SIZE_MAX];
    size_t saved_size;
    size_t piece_size;
    /* what is being put together */
    uint8_t *command;
    size_t command_size;
    uint8_t block;
    uint8_t *response;
    size_t response_size;
    size_t response_at;
    uint8_t *request;
    size_t request_size;
    uint8_t *reply;
    size_t reply_size;
    size_t reply_at;
    bool reply_idle;
    enum tern_ipa_event_kind reply_event;
    uint8_t trust[4096];
    size_t trust_size;
    uint8_t answer[4096];
    size_t answer_size;
    FILE *seed;
};

static void die(const struct play *play, const char *format, ...)
{
    va_list list;
    size_t at = play->at < play->line_count ? play->at : play->line_count - 1;
    fprintf(stderr, "%s:%d (pieces of %zu): ", play->file, play->numbers[at], play->piece_size);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n  expected: %s\n",
            play->at < play->line_count ? play->lines[play->at] : "the end");
    fail();
}

static void hex(FILE *out, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        fprintf(out, "%02X", data[i]);
    }
}

/* ---- Expressions ---- */

static size_t put_header(uint8_t *out, const uint8_t *tag, size_t tag_size, size_t size)
{
    struct tern_writer writer = tern_writer(out, 8);
    tern_der_write_header(&writer, (tern_tag)tern_read_uint(tern_bytes(tag, tag_size)), size);
    return writer.size;
}

static const char *expression(struct play *play, const char *text, uint8_t *out, size_t *size,
                              bool *open_end);

static const struct def *find_def(struct play *play, const char *name, size_t size)
{
    for (size_t i = 0; i < play->def_count; i++) {
        if (strlen(play->defs[i].name) == size && memcmp(play->defs[i].name, name, size) == 0) {
            return &play->defs[i];
        }
    }
    die(play, "no definition of %.*s", (int)size, name);
    return NULL;
}

/* Hex digits, and when a { follows, their content with its length. */
static const char *digits(struct play *play, const char *text, uint8_t *out, size_t *size,
                          bool *open_end)
{
    uint8_t run[4096];
    size_t run_size = 0;
    while (isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
        struct tern_writer writer = tern_writer(run + run_size, 1);
        tern_hex_decode(&writer, tern_bytes(text, 2));
        run_size++;
        text += 2;
    }
    if (*text != '{') {
        memcpy(out + *size, run, run_size);
        *size += run_size;
        return text;
    }
    uint8_t *content = malloc(BYTES_MAX);
    size_t content_size = 0;
    text = expression(play, text + 1, content, &content_size, open_end);
    if (*text != '}') {
        die(play, "a } is missing at '%s'", text);
    }
    *size += put_header(out + *size, run, run_size, content_size);
    memcpy(out + *size, content, content_size);
    *size += content_size;
    free(content);
    return text + 1;
}

static const char *expression(struct play *play, const char *text, uint8_t *out, size_t *size,
                              bool *open_end)
{
    for (;;) {
        while (*text == ' ') {
            text++;
        }
        if (*text == '"') {
            const char *end = strchr(text + 1, '"');
            memcpy(out + *size, text + 1, (size_t)(end - text - 1));
            *size += (size_t)(end - text - 1);
            text = end + 1;
        } else if (*text == '$') {
            size_t name = strcspn(text + 1, " {}\"$*=");
            const struct def *def = find_def(play, text + 1, name);
            memcpy(out + *size, def->data, def->size);
            *size += def->size;
            text += 1 + name;
        } else if (*text == '*') {
            *open_end = true;
            text++;
        } else if (isxdigit((unsigned char)*text)) {
            text = digits(play, text, out, size, open_end);
        } else {
            return text;
        }
    }
}

/* `head TLV`: its tag and length. Only at the start of an expression. */
static const char *head_of(struct play *play, const char *text, uint8_t *out, size_t *size)
{
    bool open_end = false;
    size_t whole = 0;
    uint8_t *data = malloc(BYTES_MAX);
    struct tern_der_header header = {.raw_size = 0};
    const char *end = text;
    size_t depth = 0;
    while (*end != '\0' && (depth > 0 || *end != ' ')) {
        depth += *end == '{';
        depth -= *end == '}';
        end++;
    }
    char *first = strndup(text, (size_t)(end - text));
    expression(play, first, data, &whole, &open_end);
    struct tern_bytes rest = tern_bytes(data, whole);
    assert_int_equal(tern_der_header_feed(&header, &rest), 1);
    memcpy(out + *size, header.raw, header.raw_size);
    *size += header.raw_size;
    free(first);
    free(data);
    return end;
}

/* ---- Lines ---- */

static void read_lines(struct play *play, const char *folder, const char *name)
{
    char path[1024];
    char line[32768];
    int number = 0;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        number++;
        size_t size = strcspn(line, "\n");
        while (size > 0 && line[size - 1] == ' ') {
            size--;
        }
        line[size] = '\0';
        char *start = line + strspn(line, " ");
        /* A line that ends in \ goes on in the next. */
        while (size > 0 && line[size - 1] == '\\' &&
               fgets(line + size - 1, (int)(sizeof(line) - size), file) != NULL) {
            number++;
            size = strlen(line);
            while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\n')) {
                line[--size] = '\0';
            }
        }
        if (*start == '\0' || *start == '#') {
            continue;
        }
        if (strncmp(start, "use ", 4) == 0) {
            read_lines(play, folder, start + 4);
            continue;
        }
        assert_true(play->line_count < LINES_MAX);
        play->lines[play->line_count] = strdup(start);
        play->numbers[play->line_count++] = number;
    }
    fclose(file);
}

static bool word_is(const char *line, const char *word)
{
    size_t size = strlen(word);
    return strncmp(line, word, size) == 0 && (line[size] == ' ' || line[size] == '\0');
}

static void define(struct play *play, const char *line)
{
    struct def *def = &play->defs[play->def_count];
    size_t name = strcspn(line, " ");
    bool open_end = false;
    uint8_t *data = malloc(BYTES_MAX);
    size_t size = 0;
    assert_true(play->def_count < DEFS_MAX);
    assert_true(name < sizeof(def->name));
    memcpy(def->name, line, name);
    def->name[name] = '\0';
    expression(play, line + name, data, &size, &open_end);
    def->data = malloc(size + 1);
    memcpy(def->data, data, size);
    def->size = size;
    free(data);
    play->def_count++;
}

/* Lines that are no step of the play are done when they come up. */
static const char *next_line(struct play *play)
{
    while (play->at < play->line_count && word_is(play->lines[play->at], "def")) {
        define(play, play->lines[play->at] + 4);
        play->at++;
    }
    return play->at < play->line_count ? play->lines[play->at] : NULL;
}

static void configure(struct play *play, const char *line)
{
    struct tern_ipa_config *config = &play->config;
    char copy[512];
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        static const struct {
            const char *name;
            uint32_t bit;
        } FEATURES[] = {
            {"direct",   TERN_IPA_DIRECT           },
            {"indirect", TERN_IPA_INDIRECT         },
            {"minimize", TERN_IPA_MINIMIZE_BYTES   },
            {"eim-data", TERN_IPA_EIM_DOWNLOAD_DATA},
            {"metadata", TERN_IPA_EIM_METADATA     }
        };
        for (size_t i = 0; i < TERN_COUNT_OF(FEATURES); i++) {
            config->features |= strcmp(word, FEATURES[i].name) == 0 ? FEATURES[i].bit : 0;
        }
        config->immediate_enable |= strcmp(word, "immediate") == 0;
        config->prefer_direct |= strcmp(word, "prefer-direct") == 0;
        if (strncmp(word, "rollback=", 9) == 0) {
            config->rollback_attempts = (uint8_t)atoi(word + 9);
        }
        if (strncmp(word, "fallback=", 9) == 0) {
            config->fallback_failures = (uint8_t)atoi(word + 9);
        }
        if (strcmp(word, "small") == 0) {
            play->buffer_size = TERN_IPA_BUFFER_SIZE_MIN;
        }
    }
}

/* ---- Seeds for tests/fuzz/ipa.c, when TERN_IPA_SEEDS names a folder ---- */

static void seed_item(struct play *play, uint8_t kind, const uint8_t *data, size_t size)
{
    uint8_t head[3] = {kind, (uint8_t)(size >> 8), (uint8_t)size};
    if (play->seed != NULL) {
        fwrite(head, 1, sizeof(head), play->seed);
        fwrite(size > 0 ? data : head, 1, size, play->seed);
    }
}

static void seed_begin(struct play *play)
{
    char path[1024];
    const char *folder = getenv("TERN_IPA_SEEDS");
    uint32_t options =
        (play->config.immediate_enable ? 0x40U : 0) | (play->config.prefer_direct ? 0x80U : 0);
    uint8_t features = (uint8_t)(play->config.features | options);
    uint8_t head[2] = {features, 0x7F};
    if (folder == NULL || play->piece_size != 256 || play->seed != NULL) {
        return;
    }
    snprintf(path, sizeof(path), "%s/%.*s", folder, (int)strcspn(play->file, "."), play->file);
    play->seed = fopen(path, "wb");
    if (play->seed != NULL) {
        fwrite(head, 1, sizeof(head), play->seed);
    }
}

/* ---- Comparing ---- */

static void compare(struct play *play, const char *what, const uint8_t *have, size_t have_size,
                    const uint8_t *want, size_t want_size, bool open_end)
{
    bool size_fits = open_end ? have_size >= want_size : have_size == want_size;
    if (size_fits && (want_size == 0 || memcmp(have, want, want_size) == 0)) {
        return;
    }
    fprintf(stderr, "%s\n  have ", what);
    hex(stderr, have, have_size);
    fprintf(stderr, "\n  want ");
    hex(stderr, want, want_size);
    fprintf(stderr, "%s\n", open_end ? " *" : "");
    die(play, "%s differs", what);
}

/* Match the left side of the next line with what was sent; returns the right side. */
static const char *match_line(struct play *play, const char *word, const uint8_t *have, size_t size)
{
    const char *line = next_line(play);
    if (line == NULL || !word_is(line, word)) {
        fprintf(stderr, "  have %s ", word);
        hex(stderr, have, size);
        fprintf(stderr, "\n");
        die(play, "the IPA wants '%s'", word);
        return NULL;
    }
    uint8_t *want = malloc(BYTES_MAX);
    size_t want_size = 0;
    bool open_end = false;
    const char *rest = line + strlen(word) + (line[strlen(word)] == ' ');
    if (strncmp(rest, "head ", 5) == 0) {
        rest = head_of(play, rest + 5, want, &want_size);
    }
    rest = expression(play, rest, want, &want_size, &open_end);
    compare(play, word, have, size, want, want_size, open_end);
    free(want);
    play->at++;
    return *rest == '=' ? rest + 1 + strspn(rest + 1, " ") : rest;
}

/* ---- The card ---- */

static void card_answers(struct play *play, const char *right, struct tern_writer *out)
{
    bool open_end = false;
    play->response_size = 0;
    play->response_at = 0;
    if (strncmp(right, "sw ", 3) == 0) {
        size_t size = 0;
        uint8_t sw[16];
        expression(play, right + 3, sw, &size, &open_end);
        tern_write(out, tern_bytes(sw, size));
        seed_item(play, 1, NULL, 0);
        return;
    }
    expression(play, right, play->response, &play->response_size, &open_end);
    seed_item(play, 0, play->response, play->response_size);
    if (play->response_size == 0) {
        tern_write_uint(out, 0x9000, 2);
    } else {
        tern_write_byte(out, 0x61);
        tern_write_byte(out, play->response_size > 255 ? 0 : (uint8_t)play->response_size);
    }
}

static void get_response(struct play *play, struct tern_bytes apdu, struct tern_writer *out)
{
    size_t asked = apdu.data[4] == 0 ? 256 : apdu.data[4];
    size_t left = play->response_size - play->response_at;
    size_t give = asked < play->piece_size ? asked : play->piece_size;
    give = give < left ? give : left;
    tern_write(out, tern_bytes(play->response + play->response_at, give));
    play->response_at += give;
    left -= give;
    tern_write_byte(out, left > 0 ? 0x61 : 0x90);
    tern_write_byte(out, left > 255 ? 0 : (uint8_t)left);
}

static void store_data(struct play *play, struct tern_bytes apdu, struct tern_writer *out)
{
    assert_int_equal(apdu.size, 5U + apdu.data[4]);
    if (apdu.data[3] != play->block++) {
        die(play, "block %u out of order", apdu.data[3]);
    }
    memcpy(play->command + play->command_size, apdu.data + 5, apdu.data[4]);
    play->command_size += apdu.data[4];
    if (apdu.data[2] == 0x11) {
        if (apdu.data[4] < 250) { /* base64 comes in threes */
            die(play, "a block of %u bytes that is not the last", apdu.data[4]);
        }
        tern_write_uint(out, 0x9000, 2);
        return;
    }
    assert_int_equal(apdu.data[2], 0x91);
    play->block = 0;
    const char *right = match_line(play, "card", play->command, play->command_size);
    play->command_size = 0;
    card_answers(play, right, out);
}

static void card(struct play *play, struct tern_bytes apdu, struct tern_writer *out)
{
    if (apdu.data[1] == 0xE2) {
        store_data(play, apdu, out);
    } else if (apdu.data[1] == 0xC0) {
        get_response(play, apdu, out);
    } else {
        size_t size = 0;
        bool open_end = false;
        const char *right = match_line(play, "apdu", apdu.data, apdu.size);
        expression(play, right, play->response, &size, &open_end);
        tern_write(out, tern_bytes(play->response, size));
    }
}

/* ---- The peers ---- */

/* JSON with @{EXPR} as base64. */
static void json_text(struct play *play, const char *text, struct tern_writer *out)
{
    while (*text != '\0') {
        if (text[0] == '@' && text[1] == '{') {
            uint8_t *data = malloc(BYTES_MAX);
            size_t size = 0;
            bool open_end = false;
            text = expression(play, text + 2, data, &size, &open_end);
            assert_int_equal(*text, '}');
            text++;
            tern_base64_encode(out, tern_bytes(data, size));
            free(data);
        } else {
            tern_write_byte(out, (uint8_t)*text++);
        }
    }
}

static void set_reply(struct play *play, const char *right, bool text)
{
    bool open_end = false;
    play->reply_size = 0;
    play->reply_at = 0;
    play->reply_idle = false;
    play->reply_event = TERN_IPA_EVENT_RECEIVED;
    if (strcmp(right, "lost") == 0) {
        play->reply_event = TERN_IPA_EVENT_LINK_LOST;
    } else if (strcmp(right, "refused") == 0) {
        play->reply_event = TERN_IPA_EVENT_REFUSED;
    } else if (strcmp(right, "empty") == 0) {
        play->reply_size = 0;
    } else if (text) {
        struct tern_writer out = tern_writer(play->reply, BYTES_MAX);
        json_text(play, right, &out);
        play->reply_size = out.size;
    } else {
        play->reply_idle = strncmp(right, "idle ", 5) == 0;
        expression(play, right + (play->reply_idle ? 5 : 0), play->reply, &play->reply_size,
                   &open_end);
    }
    uint8_t kind = play->reply_event == TERN_IPA_EVENT_LINK_LOST ? 2
                   : play->reply_event == TERN_IPA_EVENT_REFUSED ? 1
                                                                 : 0;
    seed_item(play, kind, play->reply, play->reply_size);
}

static void server_request(struct play *play, const struct tern_ipa_action *action,
                           const char *word)
{
    char left[512];
    const char *line = next_line(play);
    if (line == NULL || !word_is(line, word)) {
        fprintf(stderr, "  have %s %s %.*s\n", word, action->path, (int)play->request_size,
                (const char *)play->request);
        die(play, "the IPA calls a server");
    }
    const char *path = line + strlen(word) + 1;
    size_t path_size = strcspn(path, " ");
    snprintf(left, sizeof(left), "/gsma/rsp2/es9plus/%.*s", (int)path_size, path);
    assert_string_equal(left, action->path);
    const char *right = strstr(path, " = ");
    assert_non_null(right);
    char *pattern = strndup(path + path_size + 1, (size_t)(right - path) - path_size - 1);
    uint8_t *want = malloc(BYTES_MAX);
    struct tern_writer out = tern_writer(want, BYTES_MAX);
    json_text(play, pattern, &out);
    bool open_end = out.size > 0 && want[out.size - 1] == '*';
    compare(play, word, play->request, play->request_size, want, out.size - open_end, open_end);
    free(pattern);
    free(want);
    play->at++;
    set_reply(play, right + 3, true);
}

static void exchange(struct play *play, const struct tern_ipa_action *action)
{
    if (action->peer == TERN_IPA_PEER_INJECTOR) {
        memcpy(play->answer + play->answer_size, action->data.data, action->data.size);
        play->answer_size += action->data.size;
        if (action->last) {
            match_line(play, "answer", play->answer, play->answer_size);
            play->answer_size = 0;
        }
        return;
    }
    if (action->first) {
        play->request_size = 0;
    }
    if (action->data.size > 0) {
        memcpy(play->request + play->request_size, action->data.data, action->data.size);
    }
    play->request_size += action->data.size;
    if (!action->last) {
        return;
    }
    assert_int_equal(play->request_size, action->total_size);
    if (action->peer == TERN_IPA_PEER_EIM) {
        set_reply(play, match_line(play, "eim", play->request, play->request_size), false);
    } else {
        server_request(play, action, action->peer == TERN_IPA_PEER_SMDP ? "smdp" : "smds");
    }
}

/* ---- One run ---- */

static void power_on(struct play *play)
{
    assert_int_equal(tern_ipa_init(&play->ipa, &play->config, play->buffer, play->buffer_size,
                                   tern_bytes(play->saved, play->saved_size)),
                     TERN_OK);
    play->command_size = 0;
    play->block = 0;
    play->request_size = 0;
    play->answer_size = 0;
}

/* What the IPA wants happens; the event is in `received`, an allocation of its own size. */
static void perform(struct play *play, const struct tern_ipa_action *action,
                    struct tern_ipa_event *event)
{
    uint8_t piece[512];
    struct tern_writer out = tern_writer(piece, sizeof(piece));
    event->kind = TERN_IPA_EVENT_DONE;
    event->last = false;
    event->nothing_waits = false;
    switch (action->want) {
    case TERN_IPA_WANT_APDU:
        event->kind = TERN_IPA_EVENT_RESPONSE;
        card(play, action->data, &out);
        break;
    case TERN_IPA_WANT_EXCHANGE:
        exchange(play, action);
        break;
    case TERN_IPA_WANT_READ: {
        event->kind = play->reply_event;
        if (event->kind != TERN_IPA_EVENT_RECEIVED) {
            break;
        }
        assert_true(action->size_max > 0);
        size_t left = play->reply_size - play->reply_at;
        size_t give = action->size_max < play->piece_size ? action->size_max : play->piece_size;
        give = give < left ? give : left;
        tern_write(&out, tern_bytes(play->reply + play->reply_at, give));
        play->reply_at += give;
        event->last = play->reply_at == play->reply_size;
        event->nothing_waits = event->last && play->reply_idle;
        break;
    }
    case TERN_IPA_WANT_TRUST:
        play->trust_size = action->first ? 0 : play->trust_size;
        if (action->data.size > 0) {
            memcpy(play->trust + play->trust_size, action->data.data, action->data.size);
        }
        play->trust_size += action->data.size;
        if (action->last) {
            match_line(play, "trust", play->trust, play->trust_size);
        }
        break;
    case TERN_IPA_WANT_SAVE:
        match_line(play, "save", NULL, 0);
        assert_true(action->data.size <= sizeof(play->saved));
        memcpy(play->saved, action->data.data, action->data.size);
        play->saved_size = action->data.size;
        break;
    default:
        match_line(play, "reset", NULL, 0);
        break;
    }
    struct tern_bytes received = tern_writer_bytes(&out);
    uint8_t *own = malloc(received.size + (received.size == 0));
    if (received.size > 0) {
        memcpy(own, received.data, received.size);
    }
    event->received = tern_bytes(own, received.size);
}

/* Step until the IPA sleeps. */
static void run_until_sleep(struct play *play, struct tern_ipa_event event)
{
    struct tern_ipa_action action;
    for (;;) {
        int status = tern_ipa_step(&play->ipa, &action, &event);
        free((void *)(uintptr_t)event.received.data);
        event.received = TERN_BYTES_NONE;
        if (status != TERN_OK) {
            die(play, "the step says %s", tern_error_name(status));
        }
        const char *line = next_line(play);
        if (line != NULL && strcmp(line, "cut") == 0) {
            play->at++;
            power_on(play);
            return;
        }
        if (action.want == TERN_IPA_WANT_SLEEP) {
            match_line(play, action.idle ? "sleep" : "retry", NULL, 0);
            return;
        }
        perform(play, &action, &event);
        event.now_ms++;
    }
}

static struct tern_bytes own_copy(struct play *play, const char *text)
{
    uint8_t *data = malloc(BYTES_MAX);
    size_t size = 0;
    bool open_end = false;
    expression(play, text, data, &size, &open_end);
    data = realloc(data, size + 1);
    return tern_bytes(data, size);
}

static void inject(struct play *play, const char *text)
{
    struct tern_bytes message = own_copy(play, text);
    memcpy(play->reply, message.data, message.size);
    play->reply_size = message.size;
    play->reply_at = 0;
    play->reply_event = TERN_IPA_EVENT_RECEIVED;
    seed_item(play, 3, message.data, message.size);
    free((void *)(uintptr_t)message.data);
    run_until_sleep(play, (struct tern_ipa_event){.kind = TERN_IPA_EVENT_INJECTED});
}

static void run_play(struct play *play)
{
    const char *line;
    while ((line = next_line(play)) != NULL) {
        play->at++;
        if (word_is(line, "config")) {
            configure(play, line + 7);
            seed_begin(play);
            power_on(play);
        } else if (word_is(line, "start")) {
            run_until_sleep(play, (struct tern_ipa_event){.kind = TERN_IPA_EVENT_START});
        } else if (word_is(line, "wake")) {
            run_until_sleep(play, (struct tern_ipa_event){.kind = TERN_IPA_EVENT_WAKE});
        } else if (word_is(line, "inject")) {
            inject(play, line + 7);
        } else if (word_is(line, "local")) {
            struct tern_ipa_event event = {.kind = TERN_IPA_EVENT_LOCAL};
            event.received = own_copy(play, line + 6);
            run_until_sleep(play, event);
        } else {
            play->at--;
            die(play, "the IPA sleeps");
        }
    }
}

static void play_file(const char *folder, const char *name, size_t piece_size)
{
    static const uint8_t DEVICE[] = {0x80, 0x04, 0x35, 0x29, 0x06, 0x11, 0xA1, 0x00};
    struct play *play = calloc(1, sizeof(*play));
    play->file = name;
    play->piece_size = piece_size;
    play->command = malloc(BYTES_MAX);
    play->response = malloc(BYTES_MAX);
    play->request = malloc(BYTES_MAX);
    play->reply = malloc(BYTES_MAX);
    play->buffer_size = TERN_IPA_BUFFER_SIZE;
    play->buffer = malloc(play->buffer_size);
    play->config = (struct tern_ipa_config){.protocols = TERN_IPA_RETRIEVE_HTTPS,
                                            .device = TERN_BYTES_OF(DEVICE)};
    read_lines(play, folder, name);
    run_play(play);
    for (size_t i = 0; i < play->line_count; i++) {
        free(play->lines[i]);
    }
    for (size_t i = 0; i < play->def_count; i++) {
        free(play->defs[i].data);
    }
    if (play->seed != NULL) {
        fclose(play->seed);
    }
    free(play->command);
    free(play->response);
    free(play->request);
    free(play->reply);
    free(play->buffer);
    free(play);
}

static void play_again(void **state)
{
    static const size_t PIECES[] = {256, 1, 7, 100, 255};
    const char *name = *state;
    char folder[1024];
    snprintf(folder, sizeof(folder), "%s/tests/scenario/ipa", getenv("TERN_SOURCE"));
    for (size_t i = 0; i < TERN_COUNT_OF(PIECES); i++) {
        play_file(folder, name, PIECES[i]);
    }
}

static int is_play(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && strcmp(entry->d_name + size - 4, ".txt") == 0;
}

int main(void)
{
    char folder[1024];
    struct dirent **entries;
    struct CMUnitTest tests[128];
    if (getenv("TERN_SOURCE") == NULL) {
        setenv("TERN_SOURCE", ".", 1);
    }
    snprintf(folder, sizeof(folder), "%s/tests/scenario/ipa", getenv("TERN_SOURCE"));
    int count = scandir(folder, &entries, is_play, alphasort);
    if (count < 1 || count > 128) {
        fprintf(stderr, "no transcripts in %s\n", folder);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = entries[i]->d_name,
            .test_func = play_again,
            .initial_state = entries[i]->d_name,
        };
    }
    int failures = _cmocka_run_group_tests("ipa_transcripts", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return failures;
}
