/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting a bound profile package into the segments that an IPA sends to the eUICC, one STORE DATA
 * chain each (sgp22.md 7.4; SGP.22, 2.5.5):
 *
 *   1  BF36 L and the whole BF23      5  the whole A2, when there is one
 *   2  the whole A0                   6  A3 L alone
 *   3  A1 L alone                     7  each 86
 *   4  each 88
 *
 * The package may arrive in any pieces and be larger than memory: only headers are kept, content
 * passes through as slices of the input. The piece that ends a segment says so.
 */
#include "tern/bpp.h"

enum segment_state {
    AT_PACKAGE = 0, /* reading BF36 L */
    AT_TLV,         /* reading the header of BF23, of a section, or of an 88 or 86 */
    IN_VALUE,       /* passing a value through */
    AT_END,
};

/* What may come as `section`, and which section is next after it. */
static int check_tag(const struct tern_bpp_segmenter *segmenter, uint8_t *section)
{
    tern_tag tag = segmenter->header.tag;
    *section = segmenter->section;
    if (segmenter->section_left > 0) {
        return tag == (segmenter->section == TERN_BPP_PROFILE ? 0x86 : 0x88) ? TERN_OK
                                                                             : TERN_ERR_UNEXPECTED;
    }
    switch (segmenter->section) {
    case TERN_BPP_PACKAGE_HEADER:
        return tag == 0xBF23 ? TERN_OK : TERN_ERR_UNEXPECTED;
    case TERN_BPP_CONFIGURE_ISDP:
        return tag == 0xA0 ? TERN_OK : TERN_ERR_UNEXPECTED;
    case TERN_BPP_STORE_METADATA:
        return tag == 0xA1 ? TERN_OK : TERN_ERR_UNEXPECTED;
    case TERN_BPP_REPLACE_KEYS:
        if (tag == 0xA3) {
            *section = TERN_BPP_PROFILE; /* no PPK in this package */
            return TERN_OK;
        }
        return tag == 0xA2 ? TERN_OK : TERN_ERR_UNEXPECTED;
    case TERN_BPP_PROFILE:
        return tag == 0xA3 ? TERN_OK : TERN_ERR_UNEXPECTED;
    default:
        return TERN_ERR_MALFORMED;
    }
}

/* Sections whose header is a segment of its own and whose elements are segments. */
static bool in_elements(uint8_t section)
{
    return section == TERN_BPP_STORE_METADATA || section == TERN_BPP_PROFILE;
}

/* A TLV ended: where the next one stands. */
static int after_tlv(struct tern_bpp_segmenter *segmenter)
{
    segmenter->state = AT_TLV;
    if (segmenter->section_left > 0) {
        return TERN_OK;
    }
    segmenter->section++;
    if (segmenter->section < TERN_BPP_END) {
        return segmenter->package_left > 0 ? TERN_OK : TERN_ERR_MALFORMED;
    }
    segmenter->state = AT_END;
    segmenter->done = true;
    return segmenter->package_left == 0 ? TERN_OK : TERN_ERR_UNEXPECTED;
}

/* The header of a TLV is complete. @return 1 when the segment ends with it, 0 when not. */
static int take_header(struct tern_bpp_segmenter *segmenter)
{
    uint32_t header_size = segmenter->header.raw_size;
    uint32_t value_size = segmenter->header.value_size;
    bool element = segmenter->section_left > 0;
    uint32_t room = element ? segmenter->section_left : segmenter->package_left;
    if (header_size > room || value_size > room - header_size) {
        return TERN_ERR_MALFORMED;
    }
    uint8_t section;
    int error = check_tag(segmenter, &section);
    if (error != TERN_OK) {
        return error;
    }
    segmenter->section = section;
    segmenter->segment_section = section;
    bool opens_section = !element && in_elements(segmenter->section);
    if (opens_section && value_size == 0) {
        return TERN_ERR_MALFORMED;
    }
    segmenter->package_left -= header_size + (opens_section ? 0 : value_size);
    if (opens_section) {
        segmenter->section_left = value_size;
        segmenter->state = AT_TLV;
        return 1;
    }
    if (element) {
        segmenter->section_left -= header_size + value_size;
    }
    segmenter->value_left = value_size;
    segmenter->state = IN_VALUE;
    return 0;
}

static int feed_header(struct tern_bpp_segmenter *segmenter, struct tern_bytes *in)
{
    int got = tern_der_header_feed(&segmenter->header, in);
    if (got <= 0) {
        return got;
    }
    int ended = 0;
    if (segmenter->state == AT_PACKAGE) {
        if (segmenter->header.tag != 0xBF36) {
            return TERN_ERR_UNEXPECTED;
        }
        segmenter->package_left = segmenter->header.value_size;
        segmenter->state = AT_TLV;
    } else {
        ended = take_header(segmenter);
    }
    segmenter->header = (struct tern_der_header){0};
    return ended;
}

/* Move over input until the segment ends (1) or the input does (0). */
static int advance(struct tern_bpp_segmenter *segmenter, struct tern_bytes *in)
{
    int ended = 0;
    while (ended == 0 && (in->size > 0 || segmenter->state == IN_VALUE)) {
        if (segmenter->state == AT_END) {
            return TERN_ERR_MALFORMED; /* bytes behind the package */
        }
        if (segmenter->state != IN_VALUE) {
            ended = feed_header(segmenter, in);
            continue;
        }
        uint32_t run = segmenter->value_left;
        if (run > in->size) {
            run = (uint32_t)in->size;
        }
        *in = tern_bytes(in->data + run, in->size - run);
        segmenter->value_left -= run;
        if (segmenter->value_left > 0) {
            return 0;
        }
        int error = after_tlv(segmenter);
        ended = error == TERN_OK ? 1 : error;
    }
    return ended;
}

int tern_bpp_segmenter_next(struct tern_bpp_segmenter *segmenter, struct tern_bpp_piece *piece,
                            struct tern_bytes *in)
{
    if (in->size == 0) {
        return 0;
    }
    const uint8_t *start = in->data;
    if (segmenter->state == AT_TLV && segmenter->header.raw_size == 0) {
        segmenter->segment_section = segmenter->section;
    }
    int ended = advance(segmenter, in);
    if (ended < 0) {
        return ended;
    }
    piece->bytes = tern_bytes(start, (size_t)(in->data - start));
    piece->last = ended == 1;
    piece->section = segmenter->segment_section;
    return 1;
}

int tern_bpp_next_segment(struct tern_bpp_segmenter *segmenter, struct tern_bytes *segment,
                          struct tern_bytes *rest)
{
    struct tern_bpp_piece piece;
    int got = tern_bpp_segmenter_next(segmenter, &piece, rest);
    if (got <= 0) {
        return got == 0 && !segmenter->done ? TERN_ERR_TRUNCATED : got;
    }
    if (!piece.last) {
        return TERN_ERR_TRUNCATED;
    }
    *segment = piece.bytes;
    return 1;
}

int tern_bpp_metadata(struct tern_writer *out, struct tern_bytes package)
{
    struct tern_bpp_segmenter segmenter = {0};
    struct tern_bytes segment;
    int got;
    uint8_t section = segmenter.section;
    while ((got = tern_bpp_next_segment(&segmenter, &segment, &package)) == 1) {
        struct tern_tlv tlv;
        if (section == TERN_BPP_STORE_METADATA &&
            tern_der_single(segment, &tlv, TERN_DER_STRICT) == TERN_OK && tlv.tag == 0x88) {
            if (tlv.value.size < TERN_BSP_MAC_SIZE) {
                return TERN_ERR_MALFORMED;
            }
            tern_write(out, tern_bytes(tlv.value.data, tlv.value.size - TERN_BSP_MAC_SIZE));
        }
        section = segmenter.section;
        if (section > TERN_BPP_STORE_METADATA) {
            return tern_writer_status(out);
        }
    }
    return got == 0 ? TERN_ERR_TRUNCATED : got;
}
