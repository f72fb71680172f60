/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card in the pseudo-modem, and our AT reader on the other side of the pty: AT+CSIM, the three
 * channel commands where CSIM is refused, identity commands before and after a profile is enabled.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/card/modem_door.h"
#include "host/reader/reader.h"
#include "tests/support/card_expect.h"

#define SELECT_ISDR "A4040C10A0000005591010FFFFFFFF8900000100"

/* A card at its door, served by a thread of its own. */
struct served {
    struct card_host host;
    struct powered_card powered;
    struct loop *loop;
    struct modem_door *door;
    struct world *world;
    pthread_t thread;
    char link[80];
};

static void *run(void *context)
{
    struct served *served = context;
    loop_run(served->loop);
    return NULL;
}

static void serve(struct served *served, bool channels_only, bool with_profile)
{
    struct card_error error = {""};
    memset(served, 0, sizeof *served);
    served->world = world_new();
    if (with_profile) {
        char text[80];
        world_install(served->world, 1, "");
        world_add_initial_eim(served->world, 0, false);
        EXPECT_HEX(world_psmo(served->world, world_on(text, "A3", 1, "")), "830100");
    }
    /* The same memory, in the hands of a host. */
    served->host.blocks.cut_after = UINT64_MAX;
    assert_int_equal(tern_card_init(&served->host.card, &served->world->config), TERN_OK);
    served->powered.host = &served->host;
    served->loop = loop_new();
    snprintf(served->link, sizeof served->link, "%s/modem", world_pki.directory);
    served->door =
        modem_door_open(served->loop, &served->powered, served->link, channels_only, &error);
    if (served->door == NULL) fail_msg("%s", error.text);
    assert_int_equal(pthread_create(&served->thread, NULL, run, served), 0);
}

static void end(struct served *served)
{
    loop_stop(served->loop);
    pthread_join(served->thread, NULL);
    modem_door_close(served->door);
    loop_free(served->loop);
    power_reset(&served->powered);
    power_release_pool();
    world_free(served->world);
}

static void exchange(struct tern_reader *reader, const char *command, const char *expected)
{
    uint8_t bytes[300];
    uint8_t answer[300];
    struct tern_writer response = TERN_WRITER_OF(answer);
    assert_int_equal(
        reader->transmit(reader->context, &response, hex(bytes, sizeof bytes, command)), TERN_OK);
    EXPECT_HEX(tern_writer_bytes(&response), expected);
}

static void speak(bool channels_only)
{
    struct served served;
    struct tern_reader reader;
    char why[200];
    char specification[96];
    struct tern_writer reason = TERN_WRITER_OF(why);
    serve(&served, channels_only, false);
    snprintf(specification, sizeof specification, "at:%s", served.link);
    assert_int_equal(reader_open(&reader, specification, &reason), TERN_OK);
    exchange(&reader, "80AA000005A903830107", "9000");
    exchange(&reader, "0070000001", "019000");
    exchange(&reader, "01" SELECT_ISDR, "9000");
    exchange(&reader, "81E2910006BF3E035C015A", "6115");
    exchange(&reader, "81C0000015", "BF3E125A1089049032123451234512345678901235 9000");
    exchange(&reader, "00708001", "9000");
    exchange(&reader, "81E2910006BF3E035C015A", "6881");
    exchange(&reader, "0070000001", "019000");
    exchange(&reader, "01A4040405A000000099", "6A82");
    uint8_t atr[40];
    struct tern_writer out = TERN_WRITER_OF(atr);
    assert_int_equal(reader.atr(reader.context, &out), TERN_ERR_UNSUPPORTED);
    assert_int_equal(reader.reset(reader.context), TERN_OK);
    exchange(&reader, "0070000001", "019000");
    reader.close(reader.context);
    end(&served);
}

static void carries_apdus_by_csim(void **state)
{
    (void)state;
    speak(false);
}

static void carries_apdus_by_channels(void **state)
{
    (void)state;
    speak(true);
}

/* Send a line, read up to the final result. */
static void command(int fd, char answer[512], const char *line)
{
    size_t size = 0;
    assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
    answer[0] = 0;
    while (strstr(answer, "\r\nOK\r\n") == NULL && strstr(answer, "\r\nERROR\r\n") == NULL) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        if (poll(&item, 1, 10000) != 1) fail_msg("no answer to %s, but %s", line, answer);
        ssize_t got = read(fd, answer + size, 511 - size);
        assert_true(got > 0);
        size += (size_t)got;
        answer[size] = 0;
    }
}
#define AT(fd, line, expected)                                                 \
    do {                                                                       \
        char answer_[512];                                                     \
        command(fd, answer_, line "\r");                                       \
        if (strcmp(answer_, expected) != 0) fail_msg("%s: %s", line, answer_); \
    } while (0)

static void tells_identities(void **state)
{
    (void)state;
    struct served served;
    serve(&served, false, true);
    int fd = open(served.link, O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    AT(fd, "AT", "\r\nOK\r\n");
    AT(fd, "ATI", "\r\ntern software modem\r\n\r\nOK\r\n");
    AT(fd, "AT+CGSN", "\r\n352906110000010\r\n\r\nOK\r\n");
    AT(fd, "AT+CIMI", "\r\n001010123456063\r\n\r\nOK\r\n");
    AT(fd, "AT+CCID", "\r\n+CCID: 89000123456789010001\r\n\r\nOK\r\n");
    AT(fd, "at+iccid", "\r\n+CCID: 89000123456789010001\r\n\r\nOK\r\n");
    AT(fd, "AT+CRSM=176,28423,0,0,9", "\r\n+CRSM: 144,0,\"080910101032540636\"\r\n\r\nOK\r\n");
    AT(fd, "AT+CRSM=176,12258,0,0,10", "\r\n+CRSM: 144,0,\"98001032547698100010\"\r\n\r\nOK\r\n");
    AT(fd, "AT+CRSM=176,28671,0,0,9", "\r\n+CRSM: 106,130,\"\"\r\n\r\nOK\r\n");
    AT(fd, "AT+CRSM=214,28423,0,0,9", "\r\nERROR\r\n");
    AT(fd, "AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
    AT(fd, "AT+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n");
    AT(fd, "AT+CFUN=0", "\r\nOK\r\n");
    AT(fd, "AT+CFUN?", "\r\n+CFUN: 0\r\n\r\nOK\r\n");
    AT(fd, "AT+NONSENSE", "\r\nERROR\r\n");
    AT(fd, "AT+CSIM=10,\"00\"", "\r\nERROR\r\n");
    AT(fd, "AT+CSIM=4,\"0000\"", "\r\nERROR\r\n");
    AT(fd, "AT+CCHO=\"\"", "\r\nERROR\r\n");
    AT(fd, "AT+CCHO=\"A000000099\"", "\r\nERROR\r\n");
    AT(fd, "AT+CGLA=1,10,\"00A4040000\"", "\r\n+CGLA: 4,\"6881\"\r\n\r\nOK\r\n");
    AT(fd, "AT+CGLA=99,10,\"00A4040000\"", "\r\nERROR\r\n");
    AT(fd, "AT+CCHC=3", "\r\nERROR\r\n");
    AT(fd, "AT+CCHO=\"A0000005591010FFFFFFFF8900000100\"", "\r\n+CCHO: 1\r\n\r\nOK\r\n");
    AT(fd, "AT+CGLA=1,22,\"80E2910006BF3E035C015A\"", "\r\n+CGLA: 4,\"6115\"\r\n\r\nOK\r\n");
    AT(fd, "AT+CCHC=1", "\r\nOK\r\n");
    AT(fd, "ATE1", "\r\nOK\r\n");
    AT(fd, "AT", "AT\r\r\nOK\r\n");
    close(fd);
    end(&served);
}

static void has_no_identity_without_a_profile(void **state)
{
    (void)state;
    struct served served;
    serve(&served, false, false);
    int fd = open(served.link, O_RDWR | O_NOCTTY);
    AT(fd, "AT+CIMI", "\r\nERROR\r\n");
    AT(fd, "AT+CPIN?", "\r\nERROR\r\n");
    close(fd);
    end(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_apdus_by_csim),
        cmocka_unit_test(carries_apdus_by_channels),
        cmocka_unit_test(tells_identities),
        cmocka_unit_test(has_no_identity_without_a_profile),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
