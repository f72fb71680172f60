/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of commands to a SIM: channel, CLA, INS, P1, P2, Le, size, data, and again. It answers
 * with a status word of 6 or 9, within its memory, and stays the SIM it was.
 */
#include <string.h>

#include "host/crypto/openssl.h"
#include "tern/profile.h"
#include "tern/uicc.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/minimal_profile.h"

static uint8_t fresh[8192], memory[8192];
static size_t image_bytes;

static void prepare(void)
{
    static uint8_t upp[1024], buffer[TERN_PROFILE_ELEMENT_SIZE_MIN];
    uint8_t answer[64];
    struct tern_writer out = TERN_WRITER_OF(upp), response = TERN_WRITER_OF(answer);
    struct tern_image_memory image_memory = {.data = fresh, .size = sizeof fresh};
    struct tern_profile_install install;
    struct tern_profile_install_options options = {.image = tern_image_in_memory(&image_memory),
                                                   .buffer = buffer,
                                                   .buffer_size = sizeof buffer};
    minimal_profile(&out);
    FUZZ_CHECK(tern_profile_install_begin(&install, &options) == TERN_OK);
    FUZZ_CHECK(tern_profile_install_feed(&install, tern_writer_bytes(&out)) == 1);
    FUZZ_CHECK(tern_profile_install_finish(&install, &response) == TERN_OK);
    image_bytes = install.image_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_uicc uicc;
    uint8_t response[TERN_UICC_RESPONSE_SIZE];
    if (image_bytes == 0) prepare();
    memcpy(memory, fresh, sizeof memory);
    struct tern_image_memory image_memory = {.data = memory, .size = sizeof memory};
    struct tern_image image = tern_image_in_memory(&image_memory);
    FUZZ_CHECK(tern_uicc_mount(&uicc, &image, tern_openssl()) == TERN_OK);
    tern_uicc_channel_open(&uicc, 1, 0);
    while (size >= 7) {
        struct tern_writer out = TERN_WRITER_OF(response);
        size_t count = data[6] < size - 7 ? data[6] : size - 7;
        struct tern_apdu apdu = {.cla = data[1],
                                 .ins = data[2],
                                 .p1 = data[3],
                                 .p2 = data[4],
                                 .le = data[5],
                                 .data = tern_bytes(data + 7, count),
                                 .exact = (data[0] & 2) != 0};
        uint16_t sw = tern_uicc_command(&uicc, &out, data[0] & 1, &apdu);
        FUZZ_CHECK(sw >> 12 == 6 || sw >> 12 == 9);
        FUZZ_CHECK(tern_writer_status(&out) == TERN_OK);
        data += 7 + count;
        size -= 7 + count;
    }
    uint8_t iccid[10], expected[10];
    FUZZ_CHECK(tern_profile_iccid(&image, iccid) == TERN_OK);
    memcpy(expected, fresh + 8, 10);
    FUZZ_CHECK(memcmp(iccid, expected, 10) == 0);
    return 0;
}
