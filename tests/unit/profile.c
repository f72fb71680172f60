/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The installer under pressure: packages in any pieces, cut short, with flipped bits, into memory
 * that fails. What it says of well-formed packages is in tests/conformance/install.py.
 */
#include "tests/support/minimal_profile.h"
#include "tests/support/sim.h"

#include "engine/profile/image.h"
#include "engine/profile/templates.h"

struct bench {
    uint8_t upp[1024];
    size_t size;
    uint8_t memory[16384];
    struct tern_image_memory image_memory;
    uint8_t buffer[TERN_PROFILE_ELEMENT_SIZE_MIN];
    struct tern_profile_install install;
    uint8_t response[400];
    size_t response_size;
    size_t fail_after; /* writes that succeed; 0: all */
};

static int failing_write(void *context, size_t offset, struct tern_bytes bytes)
{
    struct bench *bench = context;
    if (++bench->image_memory.write_count > bench->fail_after) return TERN_ERR_IO;
    memcpy(bench->memory + offset, bytes.data, bytes.size);
    return TERN_OK;
}

static int plain_read(void *context, size_t offset, uint8_t *out, size_t size)
{
    struct bench *bench = context;
    memcpy(out, bench->memory + offset, size);
    return TERN_OK;
}

static int install(struct bench *bench, struct tern_bytes upp, size_t piece)
{
    struct tern_writer response = TERN_WRITER_OF(bench->response);
    bench->image_memory = (struct tern_image_memory){bench->memory, sizeof bench->memory, 0};
    struct tern_profile_install_options options = {.image =
                                                       tern_image_in_memory(&bench->image_memory),
                                                   .buffer = bench->buffer,
                                                   .buffer_size = sizeof bench->buffer};
    if (bench->fail_after != 0) {
        options.image.context = bench;
        options.image.read = plain_read;
        options.image.write = failing_write;
    }
    int status = tern_profile_install_begin(&bench->install, &options);
    for (size_t at = 0; status == TERN_OK && at < upp.size; at += piece) {
        int fed = tern_profile_install_feed(&bench->install, tern_bytes_slice(upp, at, piece));
        if (fed != TERN_OK) break;
    }
    if (status == TERN_OK) status = tern_profile_install_finish(&bench->install, &response);
    bench->response_size = response.size;
    return status;
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct tern_writer out = TERN_WRITER_OF(bench->upp);
    minimal_profile(&out);
    bench->size = out.size;
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void pieces_of_any_size_make_the_same_image(void **state)
{
    struct bench *bench = *state;
    uint8_t whole[sizeof bench->memory];
    assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), bench->size), TERN_OK);
    size_t size = bench->install.image_size;
    memcpy(whole, bench->memory, size);
    static const size_t PIECES[] = {1, 2, 3, 7, 100, 255, 256, 769};
    for (size_t i = 0; i < TERN_COUNT_OF(PIECES); i++) {
        memset(bench->memory, 0, sizeof bench->memory);
        assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), PIECES[i]), TERN_OK);
        assert_int_equal(bench->install.image_size, size);
        assert_memory_equal(bench->memory, whole, size);
    }
    static const uint8_t ICCID[] = {0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14};
    assert_memory_equal(bench->install.iccid, ICCID, sizeof ICCID);
}

static void every_prefix_is_refused(void **state)
{
    struct bench *bench = *state;
    for (size_t size = 0; size < bench->size; size++) {
        assert_int_equal(install(bench, tern_bytes(bench->upp, size), 64), TERN_ERR_DENIED);
        assert_true(bench->install.aborted);
        uint32_t ignored;
        struct tern_image image = tern_image_in_memory(&bench->image_memory);
        memset(bench->memory, 0, 4);
        assert_int_equal(image_size(&image, &ignored), TERN_ERR_MALFORMED); /* never sealed */
    }
}

static void bytes_after_the_end_are_not_taken(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), bench->size), TERN_OK);
    static const uint8_t MORE[] = {0x00};
    assert_int_equal(tern_profile_install_feed(&bench->install, TERN_BYTES_OF(MORE)),
                     TERN_ERR_UNEXPECTED);
}

/* No flipped byte crashes it, and whatever installs can be mounted and asked. */
static void flipped_bytes_do_no_harm(void **state)
{
    struct bench *bench = *state;
    static const uint8_t FLIPS[] = {0x01, 0x80, 0xFF, 0x20};
    size_t installed = 0;
    for (size_t at = 0; at < bench->size; at++) {
        for (size_t i = 0; i < sizeof FLIPS; i++) {
            bench->upp[at] ^= FLIPS[i];
            int status = install(bench, tern_bytes(bench->upp, bench->size), 97);
            bench->upp[at] ^= FLIPS[i];
            assert_true(status == TERN_OK || status == TERN_ERR_DENIED);
            assert_int_equal(bench->response[0], 0x30);
            assert_int_equal(bench->response_size, 2u + bench->response[1]);
            if (status != TERN_OK) continue;
            struct tern_uicc uicc;
            uint8_t data[TERN_UICC_RESPONSE_SIZE];
            struct tern_writer out = TERN_WRITER_OF(data);
            struct tern_image image = tern_image_in_memory(&bench->image_memory);
            static const uint8_t AID[] = {0xA0, 0x00, 0x00, 0x00, 0x87};
            struct tern_apdu select = {
                .ins = 0xA4, .p1 = 4, .p2 = 4, .data = TERN_BYTES_OF(AID), .le = 256};
            assert_int_equal(tern_uicc_mount(&uicc, &image, NULL), TERN_OK);
            (void)tern_uicc_command(&uicc, &out, 0, &select);
            struct tern_apdu read = {.ins = 0xB0, .p1 = 0x87, .le = 256};
            (void)tern_uicc_command(&uicc, &out, 0, &read);
            installed++;
        }
    }
    assert_true(installed > bench->size / 4); /* contents may be anything */
}

/* The image itself may be damaged: whatever the UICC reads then, it stays within bounds. */
static void a_damaged_image_does_no_harm(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), bench->size), TERN_OK);
    static uint8_t good[sizeof bench->memory];
    memcpy(good, bench->memory, sizeof good);
    static const char *const COMMANDS[] = {"00A4000C022F00",
                                           "00A4040407A0000000871002",
                                           "80F2000000",
                                           "00A40004026F07",
                                           "00B0000000",
                                           "00B2010400",
                                           "0020000A083535353535353535",
                                           "00D6000001AA"};
    for (size_t at = 0; at < bench->install.image_size; at += 3) {
        memcpy(bench->memory, good, sizeof good);
        bench->memory[at] ^= (uint8_t)(at * 7 + 1);
        struct tern_uicc uicc;
        struct tern_image image = tern_image_in_memory(&bench->image_memory);
        (void)tern_uicc_mount(&uicc, &image, NULL);
        for (size_t i = 0; i < TERN_COUNT_OF(COMMANDS); i++) {
            uint8_t bytes[32], data[TERN_UICC_RESPONSE_SIZE];
            struct tern_writer in = TERN_WRITER_OF(bytes), out = TERN_WRITER_OF(data);
            assert_int_equal(tern_hex_decode(&in, tern_bytes_text(COMMANDS[i])), TERN_OK);
            struct tern_apdu apdu = {
                .cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3]};
            if (in.size == 5) apdu.le = 256;
            if (in.size > 5) apdu.data = tern_bytes(bytes + 5, in.size - 5);
            (void)tern_uicc_command(&uicc, &out, 0, &apdu);
        }
    }
}

static void a_failing_memory_is_told(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), bench->size), TERN_OK);
    size_t writes = bench->image_memory.write_count;
    for (size_t n = 1; n < writes; n += 5) {
        bench->fail_after = n;
        assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), 64), TERN_ERR_DENIED);
        assert_int_equal(bench->install.failure.status, TERN_PE_MEMORY_FAILURE);
    }
    bench->fail_after = 0;
}

static void templates_are_sound(void **state)
{
    (void)state;
    size_t tables = 0;
    for (unsigned number = 16; number < ELEMENT_COUNT; number++) {
        const struct template_table *table = template_find(number);
        assert_non_null(table);
        assert_string_equal(element_name(number), table->name);
        assert_int_equal(element_number(element_tag(number)), number);
        tables++;
        for (size_t i = 0; i < table->count; i++) {
            struct template_file row = template_row(table, i, table->versions);
            bool directory = row.kind == KIND_MF || row.kind == KIND_DF || row.kind == KIND_ADF;
            assert_true(row.sfi <= 30);
            assert_true(row.arr <= 14);
            assert_true(!directory || row.size == 0);
            size_t digits = strspn(row.fill, "0123456789ABCDEF*~");
            assert_int_equal(digits, strlen(row.fill));
            bool records = row.kind == KIND_LF || row.kind == KIND_CY;
            if (strchr("*", row.fill[0]) == NULL && strchr(row.fill, '~') == NULL && row.size > 0) {
                assert_true(strlen(row.fill) / 2 <= row.size);
            }
            assert_true(records || row.records == 0);
        }
    }
    assert_int_equal(tables, 18);
    static const uint8_t USIM_2[] = {0x67, 0x81, 0x0F, 0x01, 0x02, 0x04, 0x02};
    unsigned version = 0;
    assert_string_equal(template_by_oid(TERN_BYTES_OF(USIM_2), &version)->name, "usim");
    assert_int_equal(version, 2);
    assert_null(template_by_oid(tern_bytes(USIM_2, 5), NULL));
    assert_null(element_name(ELEMENT_COUNT));
}

static void one_subscription_goes_into_a_template(void **state)
{
    struct bench *bench = *state;
    uint8_t iccid[10], imsi[9], key[16], opc[16];
    memset(key, 0xA5, sizeof key);
    memset(opc, 0x5A, sizeof opc);
    assert_int_equal(tern_iccid_from_text(iccid, TERN_BYTES_TEXT("8946012345678901234")), TERN_OK);
    assert_int_equal(tern_imsi_from_text(imsi, TERN_BYTES_TEXT("240010123456787")), TERN_OK);
    struct tern_personal_data data = {.iccid = TERN_BYTES_OF(iccid),
                                      .imsi = TERN_BYTES_OF(imsi),
                                      .key = TERN_BYTES_OF(key),
                                      .opc = TERN_BYTES_OF(opc)};
    assert_int_equal(tern_profile_personalise(bench->upp, bench->size, &data), TERN_OK);
    struct sim *sim = calloc(1, sizeof *sim);
    uint8_t answer[64];
    struct tern_writer response = TERN_WRITER_OF(answer);
    assert_int_equal(
        sim_install(sim, tern_bytes(bench->upp, bench->size), &bench->install, &response), TERN_OK);
    sim_expect(sim, "00A4000C022FE2", 0x9000);
    sim_expect_data(sim, "00B000000A", 0x9000, "986410325476981032F4");
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect_data(sim, "00B0870009", 0x9000, "082904101032547678");
    sim_expect_data(sim, "00B0860002", 0x9000, "0080"); /* EF.ACC: class 7 */
    free(sim);
    data.key = tern_bytes(key, 15);
    assert_int_equal(tern_profile_personalise(bench->upp, bench->size, &data), TERN_ERR_RANGE);
    data.key = TERN_BYTES_OF(key);
    assert_int_equal(tern_profile_personalise(bench->upp, 44, &data), TERN_ERR_NOT_FOUND);
    assert_int_equal(tern_profile_personalise(bench->upp, 43, &data), TERN_ERR_TRUNCATED);
    assert_int_equal(tern_imsi_from_text(imsi, TERN_BYTES_TEXT("24001")), TERN_ERR_MALFORMED);
    assert_int_equal(tern_imsi_from_text(imsi, TERN_BYTES_TEXT("2400101234567890")),
                     TERN_ERR_MALFORMED);
    assert_int_equal(tern_imsi_from_text(imsi, TERN_BYTES_TEXT("24001x")), TERN_ERR_MALFORMED);
}

static void connectivity_and_iccid_can_be_asked(void **state)
{
    struct bench *bench = *state;
    uint8_t iccid[10], out_bytes[32];
    struct tern_writer out = TERN_WRITER_OF(out_bytes);
    assert_int_equal(install(bench, tern_bytes(bench->upp, bench->size), bench->size), TERN_OK);
    struct tern_image image = tern_image_in_memory(&bench->image_memory);
    assert_int_equal(tern_profile_iccid(&image, iccid), TERN_OK);
    assert_memory_equal(iccid, bench->install.iccid, 10);
    assert_int_equal(tern_profile_connectivity(&image, &out), TERN_ERR_NOT_FOUND);
    /* connectivityParameters 87 03 010203 behind eUICC-Mandatory-GFSTEList, the header 5 longer */
    uint8_t upp[1024];
    memcpy(upp, bench->upp, 44);
    upp[1] = (uint8_t)(upp[1] + 5);
    static const uint8_t CONNECTIVITY[] = {0x87, 0x03, 0x01, 0x02, 0x03};
    memcpy(upp + 44, CONNECTIVITY, sizeof CONNECTIVITY);
    memcpy(upp + 49, bench->upp + 44, bench->size - 44);
    assert_int_equal(install(bench, tern_bytes(upp, bench->size + 5), 50), TERN_OK);
    assert_int_equal(tern_profile_connectivity(&image, &out), TERN_OK);
    assert_int_equal(out.size, 3);
    assert_memory_equal(out_bytes, CONNECTIVITY + 2, 3);
}

int main(void)
{
#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        BENCH(pieces_of_any_size_make_the_same_image), BENCH(every_prefix_is_refused),
        BENCH(bytes_after_the_end_are_not_taken),      BENCH(flipped_bytes_do_no_harm),
        BENCH(a_damaged_image_does_no_harm),           BENCH(a_failing_memory_is_told),
        BENCH(one_subscription_goes_into_a_template),  BENCH(connectivity_and_iccid_can_be_asked),
        cmocka_unit_test(templates_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
