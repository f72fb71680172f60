/* SPDX-License-Identifier: Apache-2.0 */
/* A SIM in a test: a package installed into memory, and APDUs as hexadecimal text. */
#ifndef TESTS_SUPPORT_SIM_H
#define TESTS_SUPPORT_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/crypto/openssl.h"
#include "tern/profile.h"
#include "tern/uicc.h"

#define SIM_MEMORY_SIZE 65536

struct sim {
    uint8_t memory[SIM_MEMORY_SIZE];
    struct tern_image_memory image_memory;
    struct tern_uicc uicc;
    uint8_t data[TERN_UICC_RESPONSE_SIZE];
    size_t size;
    bool exact; /* T=0 manners */
};

/* Install and mount. Returns what the installer's finish returned. */
static inline int sim_install(struct sim *sim, struct tern_bytes upp,
                              struct tern_profile_install *install, struct tern_writer *response)
{
    static uint8_t buffer[2 * TERN_PROFILE_ELEMENT_SIZE_MIN];
    sim->image_memory = (struct tern_image_memory){.data = sim->memory, .size = SIM_MEMORY_SIZE};
    struct tern_profile_install_options options = {.image =
                                                       tern_image_in_memory(&sim->image_memory),
                                                   .buffer = buffer,
                                                   .buffer_size = sizeof buffer,
                                                   .extra_capability = 1u << 23 | 1u << 24};
    assert_int_equal(tern_profile_install_begin(install, &options), TERN_OK);
    (void)tern_profile_install_feed(install, upp);
    int status = tern_profile_install_finish(install, response);
    if (status == TERN_OK) {
        assert_int_equal(tern_uicc_mount(&sim->uicc, &options.image, tern_openssl()), TERN_OK);
    }
    return status;
}

/* A command APDU in hex; the response data goes to sim->data. */
static inline uint16_t sim_send(struct sim *sim, unsigned channel, const char *text)
{
    uint8_t bytes[300];
    struct tern_writer in = TERN_WRITER_OF(bytes), out = TERN_WRITER_OF(sim->data);
    assert_int_equal(tern_hex_decode(&in, tern_bytes_text(text)), TERN_OK);
    assert_true(in.size >= 4 && in.size <= sizeof bytes);
    struct tern_apdu apdu = {
        .cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3], .exact = sim->exact};
    if (in.size == 5) {
        apdu.le = bytes[4] == 0 ? 256 : bytes[4];
    } else if (in.size > 5) {
        apdu.data = tern_bytes(bytes + 5, bytes[4]);
        assert_true(in.size == 5u + bytes[4] || in.size == 6u + bytes[4]);
        if (in.size == 6u + bytes[4]) apdu.le = bytes[in.size - 1] == 0 ? 256 : bytes[in.size - 1];
    }
    uint16_t sw = tern_uicc_command(&sim->uicc, &out, channel, &apdu);
    sim->size = out.size;
    return sw;
}

#define sim_expect(sim, command, sw) assert_int_equal(sim_send(sim, 0, command), sw)

/* Also the response data, in hex. */
#define sim_expect_data(sim, command, sw, text)                                   \
    do {                                                                          \
        uint8_t expected_[300];                                                   \
        struct tern_writer out_ = TERN_WRITER_OF(expected_);                      \
        assert_int_equal(sim_send(sim, 0, command), sw);                          \
        assert_int_equal(tern_hex_decode(&out_, tern_bytes_text(text)), TERN_OK); \
        assert_int_equal((sim)->size, out_.size);                                 \
        assert_memory_equal((sim)->data, expected_, out_.size);                   \
    } while (0)

#endif
