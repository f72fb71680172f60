/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by reference: what the eIM takes out comes back in on the device, in pieces of every
 * size; what is not ours is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/carrier/certificates.h"
#include "tern/der.h"

#define BODY_SIZE 2000

/* 30 82 .. {30 ..}, told apart by a byte. */
static size_t make_certificate(uint8_t *out, size_t size, uint8_t fill)
{
    const uint8_t head[] = {0x30, 0x82, (uint8_t)((size - 4) >> 8), (uint8_t)(size - 4), 0x30, 0x03,
                            fill, fill};
    memset(out, fill, size);
    memcpy(out, head, sizeof(head));
    /* one element fills the rest, so that the whole can be walked */
    out[9] = 0x04;
    out[10] = 0x82;
    out[11] = (uint8_t)((size - 13) >> 8);
    out[12] = (uint8_t)(size - 13);
    return size;
}

/* BF39{A0{30.., 5F37.., 04.., Certificate, A2..}}: something stands behind it, too. */
static size_t make_answer(uint8_t out[BODY_SIZE], uint8_t fill, bool tail)
{
    uint8_t inside[BODY_SIZE];
    uint8_t certificate[560];
    static const uint8_t SIGNED[40] = {0x30, 38};
    static const uint8_t SIGNATURE[67] = {0x5F, 0x37, 64};
    struct tern_writer content = TERN_WRITER_OF(inside);
    struct tern_writer ok = tern_writer(out, BODY_SIZE);
    uint8_t wrapped[BODY_SIZE];
    struct tern_writer outer = TERN_WRITER_OF(wrapped);
    tern_write(&content, TERN_BYTES_OF(SIGNED));
    tern_write(&content, TERN_BYTES_OF(SIGNATURE));
    tern_write(&content,
               tern_bytes(certificate, make_certificate(certificate, sizeof(certificate), fill)));
    if (tail) {
        tern_der_write(&content, 0xA2, TERN_BYTES_TEXT("behind"));
    }
    tern_der_write(&outer, 0xA0, tern_writer_bytes(&content));
    tern_der_write(&ok, 0xBF39, tern_writer_bytes(&outer));
    assert_int_equal(tern_writer_status(&ok), TERN_OK);
    return ok.size;
}

/* Read `sent` through the device in pieces; what the IPA gets. */
static size_t read_through(struct certificates *device, uint8_t *out, struct tern_bytes sent,
                           size_t piece)
{
    size_t size = 0;
    for (;;) {
        size_t inserted = certificates_insert(device, out + size, piece);
        size += inserted;
        if (inserted > 0) {
            continue;
        }
        size_t room = certificates_room(device, piece);
        struct tern_bytes next = tern_bytes_slice(sent, 0, room);
        if (next.size == 0) {
            assert_false(certificates_wait(device));
            return size;
        }
        memcpy(out + size, next.data, next.size);
        size += next.size;
        certificates_pass(device, next);
        sent = tern_bytes_slice(sent, next.size, sent.size);
    }
}

/* One exchange. The bytes that travelled; the device must end with the answer as it was made. */
static size_t exchange(struct certificates *device, struct tern_bytes answer, size_t piece)
{
    uint8_t held[64];
    uint8_t rest[BODY_SIZE];
    uint8_t place[TERN_COAP_CERTIFICATE_OPTION_SIZE];
    uint8_t got[BODY_SIZE + 64];
    struct tern_writer list = TERN_WRITER_OF(held);
    struct tern_writer without = TERN_WRITER_OF(rest);
    struct tern_writer option = TERN_WRITER_OF(place);
    certificates_write_held(device, &list);
    assert_true(list.size <= TERN_COAP_CERTIFICATE_HELD_MAX);
    assert_true(certificates_reduce(answer, tern_bytes(held, list.size), &without, &option));
    assert_int_equal(certificates_begin(device, tern_writer_bytes(&option)), TERN_OK);
    size_t size = read_through(device, got, tern_writer_bytes(&without), piece);
    assert_int_equal(size, answer.size);
    assert_memory_equal(got, answer.data, size);
    return without.size;
}

static void test_comes_back_whole(void **state)
{
    uint8_t body[BODY_SIZE];
    (void)state;
    for (int tail = 0; tail < 2; tail++) {
        size_t size = make_answer(body, 7, tail == 1);
        for (size_t piece = 1; piece < 700; piece += piece < 20 ? 1 : 97) {
            struct certificates device;
            certificates_open(&device, NULL);
            assert_int_equal(exchange(&device, tern_bytes(body, size), piece), size);
            assert_int_equal(exchange(&device, tern_bytes(body, size), piece), size - 560);
        }
    }
}

static void test_holds_the_two_used_last(void **state)
{
    uint8_t body[4][BODY_SIZE];
    size_t size[4];
    struct certificates device;
    (void)state;
    certificates_open(&device, NULL);
    for (uint8_t i = 0; i < 4; i++) {
        size[i] = make_answer(body[i], i, false);
        assert_int_equal(exchange(&device, tern_bytes(body[i], size[i]), 100), size[i]);
    }
    assert_int_equal(exchange(&device, tern_bytes(body[2], size[2]), 100), size[2] - 560);
    assert_int_equal(exchange(&device, tern_bytes(body[3], size[3]), 100), size[3] - 560);
    assert_int_equal(exchange(&device, tern_bytes(body[0], size[0]), 100), size[0]);
}

static void test_survives_a_power_cut(void **state)
{
    uint8_t body[BODY_SIZE];
    char folder[] = "/tmp/tern-certificates-XXXXXX";
    char path[64];
    struct certificates device;
    size_t size = make_answer(body, 9, true);
    (void)state;
    assert_non_null(mkdtemp(folder));
    certificates_open(&device, folder);
    exchange(&device, tern_bytes(body, size), 64);
    certificates_open(&device, folder);
    assert_int_equal(exchange(&device, tern_bytes(body, size), 64), size - 560);
    snprintf(path, sizeof(path), "%s/certificate-0", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_leaves_others_alone(void **state)
{
    uint8_t body[BODY_SIZE];
    uint8_t rest[BODY_SIZE];
    uint8_t place[3];
    size_t size = make_answer(body, 5, false);
    struct tern_writer without = TERN_WRITER_OF(rest);
    struct tern_writer option = TERN_WRITER_OF(place);
    (void)state;
    assert_false(certificates_reduce(tern_bytes(body, size), TERN_BYTES_NONE, &without, &option));
    body[1] = 0x50; /* ProvideEimPackageResult: nothing of ours */
    assert_false(
        certificates_reduce(tern_bytes(body, size), TERN_BYTES_TEXT(""), &without, &option));
    body[1] = 0x39;
    for (size_t cut = 0; cut < size; cut++) { /* no prefix is taken for an answer */
        assert_false(
            certificates_reduce(tern_bytes(body, cut), TERN_BYTES_TEXT(""), &without, &option));
    }
}

static void test_refuses_nonsense(void **state)
{
    static const uint8_t UNKNOWN[] = {0, 10, 0}, FAR[] = {0, 10, 9}, LONG[] = {0, 10, 0, 0};
    struct certificates device;
    (void)state;
    certificates_open(&device, NULL);
    assert_int_equal(certificates_begin(&device, TERN_BYTES_OF(UNKNOWN)), TERN_ERR_MALFORMED);
    assert_int_equal(certificates_begin(&device, TERN_BYTES_OF(FAR)), TERN_ERR_MALFORMED);
    assert_int_equal(certificates_begin(&device, TERN_BYTES_OF(LONG)), TERN_ERR_MALFORMED);
    assert_int_equal(certificates_begin(&device, TERN_BYTES_NONE), TERN_OK);
    assert_int_equal(certificates_room(&device, 100), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back_whole),     cmocka_unit_test(test_holds_the_two_used_last),
        cmocka_unit_test(test_survives_a_power_cut), cmocka_unit_test(test_leaves_others_alone),
        cmocka_unit_test(test_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
