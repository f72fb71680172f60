/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a profile package, in pieces of any size: the installer answers, stays in its
 * memory, and what it calls installed can be mounted and read from end to end.
 */
#include <string.h>

#include "tern/profile.h"
#include "tern/uicc.h"
#include "tests/fuzz/fuzz.h"

static uint8_t memory[32768];

static void use(const struct tern_image *image)
{
    static const uint8_t AID[] = {0xA0, 0x00};
    struct tern_uicc uicc;
    uint8_t data[TERN_UICC_RESPONSE_SIZE];
    if (tern_uicc_mount(&uicc, image, NULL) != TERN_OK) return;
    for (unsigned sfi = 1; sfi <= 30; sfi++) {
        struct tern_writer out = TERN_WRITER_OF(data);
        struct tern_apdu read = {.ins = 0xB0, .p1 = (uint8_t)(0x80 | sfi), .le = 256};
        struct tern_apdu record = {.ins = 0xB2, .p1 = 1, .p2 = (uint8_t)(sfi << 3 | 4), .le = 256};
        struct tern_apdu select = {
            .ins = 0xA4, .p1 = 4, .p2 = sfi == 1 ? 4 : 6, .data = TERN_BYTES_OF(AID), .le = 256};
        (void)tern_uicc_command(&uicc, &out, 0, &read);
        out.size = 0;
        (void)tern_uicc_command(&uicc, &out, 0, &record);
        out.size = 0;
        if (sfi % 5 == 1) (void)tern_uicc_command(&uicc, &out, 0, &select);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[TERN_PROFILE_ELEMENT_SIZE_MIN];
    uint8_t answer[400];
    struct tern_writer response = TERN_WRITER_OF(answer);
    struct tern_image_memory image_memory = {.data = memory, .size = sizeof memory};
    struct tern_profile_install install;
    if (size < 1) return 0;
    size_t piece = data[0] == 0 ? size : data[0];
    struct tern_bytes upp = tern_bytes(data + 1, size - 1);
    struct tern_profile_install_options options = {.image = tern_image_in_memory(&image_memory),
                                                   .buffer = buffer,
                                                   .buffer_size = sizeof buffer,
                                                   .extra_capability = 0xFFFFFFFF};
    FUZZ_CHECK(tern_profile_install_begin(&install, &options) == TERN_OK);
    for (size_t at = 0; at < upp.size; at += piece) {
        if (tern_profile_install_feed(&install, tern_bytes_slice(upp, at, piece)) != TERN_OK) break;
    }
    int status = tern_profile_install_finish(&install, &response);
    FUZZ_CHECK(status == TERN_OK || status == TERN_ERR_DENIED);
    FUZZ_CHECK(tern_writer_status(&response) == TERN_OK);
    FUZZ_CHECK((status == TERN_OK) == !install.aborted);
    if (status == TERN_OK) use(&options.image);
    return 0;
}
