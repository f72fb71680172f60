/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card and a network that share no AKA code: vectors of the AuC against the published ones, and
 * attach over a socket pair with a USIM of our own behind a reader in this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/crypto/openssl.h"
#include "host/modem/modem.h"
#include "host/network/network.h"
#include "tern/profile.h"
#include "tern/uicc.h"
#include "tests/support/minimal_profile.h"

static void hex(uint8_t *out, const char *text)
{
    struct tern_writer writer = tern_writer(out, strlen(text) / 2);
    assert_int_equal(tern_hex_decode(&writer, tern_bytes_text(text)), TERN_OK);
}

static void expect(const uint8_t *actual, const char *text)
{
    uint8_t expected[64];
    hex(expected, text);
    assert_memory_equal(actual, expected, strlen(text) / 2);
}

static void milenage_of_the_network_has_the_vector_of_ts_35_208(void **state)
{
    (void)state;
    struct auc_subscriber subscriber = {.algorithm = AUC_MILENAGE, .key_size = 16};
    struct auc_vector vector;
    uint8_t op[16], rand[16], sqn[6], amf[2];
    hex(subscriber.key, "465b5ce8b199b49faa5f0a2ee238a6bc");
    hex(op, "cdc202d5123e20f62b6d676ac72cb318");
    hex(rand, "23553cbe9637a89d218ae64dae47bf35");
    hex(sqn, "ff9bb4d0b607");
    hex(amf, "b9b9");
    assert_int_equal(auc_opc(subscriber.opc, subscriber.key, op), TERN_OK);
    expect(subscriber.opc, "cd63cb71954a9f4e48a5994e37a02baf");
    assert_int_equal(auc_vector_for(&subscriber, &vector, rand, sqn, amf), TERN_OK);
    expect(vector.autn, "55f328b43577b9b94a9ffac354dfafb3");
    expect(vector.xres, "a54211d5e3ba50bf");
    expect(vector.ck, "b40ba9a3c58b2a05bbf0d987b21bf8cb");
    expect(vector.ik, "f769bcd751044604127672711c6d3441");
    uint8_t auts[14];
    hex(auts, "ba853f3c123ccf44e93596e355c6");
    assert_int_equal(auc_resync(&subscriber, rand, auts), TERN_OK);
    assert_int_equal(subscriber.seq, 0xff9bb4d0b607ull >> 5);
    auts[13] ^= 1;
    assert_int_equal(auc_resync(&subscriber, rand, auts), TERN_ERR_SIGNATURE);
}

static void tuak_of_the_network_has_the_vector_of_ts_35_233(void **state)
{
    (void)state;
    struct auc_subscriber subscriber = {.algorithm = AUC_TUAK, .key_size = 16, .keccak = 1};
    struct auc_vector vector;
    uint8_t top[32], rand[16], sqn[6];
    static const uint8_t AMF[2] = {0xFF, 0xFF};
    memset(subscriber.key, 0xAB, 16);
    memset(top, 0x55, 32);
    memset(rand, 0x42, 16);
    memset(sqn, 0x11, 6);
    assert_int_equal(auc_topc(subscriber.opc, tern_bytes(subscriber.key, 16), top, 1), TERN_OK);
    expect(subscriber.opc, "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff");
    assert_int_equal(auc_vector_for(&subscriber, &vector, rand, sqn, AMF), TERN_OK);
    expect(vector.autn + 8, "f9a54e6aeaa8618d");
}

/* The card, in this process. */
struct fixture {
    uint8_t memory[8192];
    struct tern_image_memory image_memory;
    struct tern_uicc uicc;
    struct tern_reader reader;
    struct network network;
    struct auc_subscriber subscriber;
    char coverage[64];
    char socket[128];
    int listener;
    pthread_t thread;
    volatile bool stop;
};

static int transmit(void *context, struct tern_writer *response, struct tern_bytes command)
{
    struct fixture *fixture = context;
    struct tern_apdu apdu = {.cla = command.data[0],
                             .ins = command.data[1],
                             .p1 = command.data[2],
                             .p2 = command.data[3]};
    if (command.size == 5) apdu.le = command.data[4] == 0 ? 256 : command.data[4];
    if (command.size > 5) apdu.data = tern_bytes_slice(command, 5, command.data[4]);
    uint16_t sw = tern_uicc_command(&fixture->uicc, response, 0, &apdu);
    tern_write_uint(response, sw, 2);
    return TERN_OK;
}

static int reset(void *context)
{
    struct fixture *fixture = context;
    tern_uicc_reset(&fixture->uicc);
    return TERN_OK;
}

static void *serve(void *context)
{
    struct fixture *fixture = context;
    while (!fixture->stop) {
        struct wire wire = {.fd = accept(fixture->listener, NULL, NULL)};
        if (wire.fd < 0) break;
        network_serve(&fixture->network, &wire);
        wire_close(&wire);
    }
    return NULL;
}

static void install(struct fixture *fixture)
{
    static uint8_t buffer[TERN_PROFILE_ELEMENT_SIZE_MIN], upp[1024], answer[64];
    struct tern_writer out = TERN_WRITER_OF(upp), response = TERN_WRITER_OF(answer);
    struct tern_profile_install install;
    fixture->image_memory =
        (struct tern_image_memory){.data = fixture->memory, .size = sizeof fixture->memory};
    struct tern_profile_install_options options = {.image =
                                                       tern_image_in_memory(&fixture->image_memory),
                                                   .buffer = buffer,
                                                   .buffer_size = sizeof buffer};
    minimal_profile(&out);
    assert_int_equal(tern_profile_install_begin(&install, &options), TERN_OK);
    assert_int_equal(tern_profile_install_feed(&install, tern_writer_bytes(&out)), 1);
    assert_int_equal(tern_profile_install_finish(&install, &response), TERN_OK);
    assert_int_equal(tern_uicc_mount(&fixture->uicc, &options.image, tern_openssl()), TERN_OK);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char bound[128];
    install(fixture);
    fixture->reader =
        (struct tern_reader){.context = fixture, .transmit = transmit, .reset = reset};
    fixture->subscriber = (struct auc_subscriber){.algorithm = AUC_MILENAGE, .key_size = 16};
    snprintf(fixture->subscriber.imsi, sizeof fixture->subscriber.imsi, "%s", "001010123456063");
    hex(fixture->subscriber.key, "000102030405060708090a0b0c0d0e0f");
    hex(fixture->subscriber.opc, "101112131415161718191a1b1c1d1e1f");
    fixture->network = (struct network){.plmn = "00101",
                                        .name = "Test",
                                        .subscribers = &fixture->subscriber,
                                        .subscriber_count = 1,
                                        .attached = calloc(1, sizeof(bool)),
                                        .lock = PTHREAD_MUTEX_INITIALIZER};
    fixture->listener = wire_listen("127.0.0.1:0", bound, sizeof bound);
    assert_true(fixture->listener >= 0);
    snprintf(fixture->socket, sizeof fixture->socket, "%s", bound);
    snprintf(fixture->coverage, sizeof fixture->coverage, "%s", "/tmp/tern-test-coverage-XXXXXX");
    int fd = mkstemp(fixture->coverage);
    dprintf(fd, "networks:\n  - {plmn: \"00101\", address: \"%s\"}\n", bound);
    close(fd);
    pthread_create(&fixture->thread, NULL, serve, fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture->stop = true;
    shutdown(fixture->listener, SHUT_RDWR);
    pthread_join(fixture->thread, NULL);
    close(fixture->listener);
    unlink(fixture->coverage);
    free(fixture->network.attached);
    free(fixture);
    return 0;
}

static bool attach(struct fixture *fixture, struct modem *modem, struct modem_result *result)
{
    *modem = (struct modem){.reader = &fixture->reader, .coverage = fixture->coverage};
    return modem_attach(modem, result);
}

static void a_card_attaches_and_data_flows(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    assert_true(attach(fixture, &modem, &result));
    assert_int_equal(result.cause, MODEM_ATTACHED);
    assert_string_equal(result.plmn, "00101");
    assert_string_equal(result.imsi, "001010123456063");
    assert_string_equal(result.iccid, "89000123456789012341");
    assert_false(result.resynchronised);
    assert_true(modem_data(&modem));
    modem_detach(&modem);
    assert_false(modem_data(&modem));
}

static void a_network_behind_the_card_resynchronises(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    for (int i = 0; i < 3; i++)
        assert_true(attach(fixture, &modem, &result));
    fixture->subscriber.seq = 0;
    assert_true(attach(fixture, &modem, &result));
    assert_true(result.resynchronised);
    assert_true(fixture->subscriber.seq > 3);
}

static void a_flipped_bit_of_ki_makes_the_attach_fail(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    for (size_t bit = 0; bit < 128; bit += 17) {
        fixture->subscriber.key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(attach(fixture, &modem, &result));
        assert_int_equal(result.cause, MODEM_WRONG_NETWORK);
        assert_non_null(strstr(result.why, "9862"));
        assert_false(modem_data(&modem));
        fixture->subscriber.key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(attach(fixture, &modem, &result));
}

static void an_imsi_that_nobody_knows_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    fixture->subscriber.imsi[14] = '9';
    assert_false(attach(fixture, &modem, &result));
    assert_int_equal(result.cause, MODEM_REFUSED);
    assert_non_null(strstr(result.why, "unknown-imsi"));
    snprintf(fixture->network.plmn, sizeof fixture->network.plmn, "%s", "52503");
    assert_false(attach(fixture, &modem, &result));
    assert_non_null(strstr(result.why, "no-roaming"));
}

static void without_coverage_nothing_is_tried(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    FILE *file = fopen(fixture->coverage, "w");
    fputs("networks: []\n", file);
    fclose(file);
    assert_false(attach(fixture, &modem, &result));
    assert_int_equal(result.cause, MODEM_NO_COVERAGE);
}

static void coverage_that_goes_stops_the_data(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    assert_true(attach(fixture, &modem, &result));
    FILE *file = fopen(fixture->coverage, "w");
    fputs("networks: []\n", file);
    fclose(file);
    assert_false(modem_data(&modem));
    assert_false(modem.registered);
}

static void a_card_without_a_profile_has_no_sim(void **state)
{
    struct fixture *fixture = *state;
    struct modem modem;
    struct modem_result result;
    assert_int_equal(tern_uicc_mount(&fixture->uicc, NULL, tern_openssl()), TERN_OK);
    assert_false(attach(fixture, &modem, &result));
    assert_int_equal(result.cause, MODEM_NO_SIM);
}

int main(void)
{
#define WITH_CARD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milenage_of_the_network_has_the_vector_of_ts_35_208),
        cmocka_unit_test(tuak_of_the_network_has_the_vector_of_ts_35_233),
        WITH_CARD(a_card_attaches_and_data_flows),
        WITH_CARD(a_network_behind_the_card_resynchronises),
        WITH_CARD(a_flipped_bit_of_ki_makes_the_attach_fail),
        WITH_CARD(an_imsi_that_nobody_knows_is_refused),
        WITH_CARD(without_coverage_nothing_is_tried),
        WITH_CARD(coverage_that_goes_stops_the_data),
        WITH_CARD(a_card_without_a_profile_has_no_sim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
