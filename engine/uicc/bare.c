/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card without an enabled profile: MF, EF.DIR with one empty record, EF.ICCID and EF.PL empty.
 * A terminal probes these before it asks for the ISD-R (sgp22.md 17.7, 17.10).
 *
 * A constant image in the format of engine/profile/image.h, written by hand; tests walk it.
 */
#include <string.h>

#include "engine/uicc/uicc.h"

#define FF10      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF
#define MF_OFFSET 0x20
#define NODE(kind, descriptor, fid, parent, size, record_size, record_count, sfi)                \
    kind, descriptor, (fid) >> 8, (fid)&0xFF, 0, 0, 0, parent, 0, 0, 0, size, 0, record_size, 0, \
        record_count, sfi, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* clang-format off */
static const uint8_t BARE[] = {
    'T', 'P', 'I', '1', 0, 0, 0, 0xC8, FF10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    NODE(IMAGE_MF, IMAGE_DIRECTORY, 0x3F00, 0, 0, 0, 0, 0),
    NODE(IMAGE_EF, IMAGE_LINEAR, 0x2F00, MF_OFFSET, 20, 20, 1, 0x1E), FF10, FF10,
    NODE(IMAGE_EF, IMAGE_TRANSPARENT, 0x2FE2, MF_OFFSET, 10, 0, 0, 0x02), FF10,
    NODE(IMAGE_EF, IMAGE_TRANSPARENT, 0x2F05, MF_OFFSET, 10, 0, 0, 0x05), FF10,
};
/* clang-format on */

_Static_assert(sizeof BARE == 0xC8, "the size in the head of the image");

static int bare_read(void *context, size_t offset, uint8_t *out, size_t size)
{
    (void)context;
    memcpy(out, BARE + offset, size);
    return TERN_OK;
}

static int bare_write(void *context, size_t offset, struct tern_bytes bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    return TERN_ERR_STATE;
}

struct tern_image bare_image(void)
{
    return (struct tern_image){.read = bare_read, .write = bare_write, .capacity = sizeof BARE};
}
