/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in the image of a profile: a head, then records one after the other.
 *
 *     head, 32 bytes      "TPI1" | size u32 | ICCID 10 | PINs u16 | 0 u32 | MF u32 | 0 u32
 *     record, 32 bytes    kind, file descriptor, FID, parent, payload size ... (struct image_node)
 *       and its payload   contents of an EF; AID and PIN list of a DF; keys and counters
 *
 * A record's name is its offset. A tree is found by the `parent` each record names, by walking
 * all records: a profile has some 150, and a walk reads 32 bytes of each. So the installer only
 * ever appends, and nothing has to be moved when a file is added.
 */
#ifndef ENGINE_PROFILE_IMAGE_H
#define ENGINE_PROFILE_IMAGE_H

#include "tern/image.h"

#define IMAGE_HEAD_SIZE 32u
#define IMAGE_NODE_SIZE 32u

enum image_kind {
    IMAGE_END = 0,
    IMAGE_MF = 1,
    IMAGE_DF = 2,
    IMAGE_ADF = 3,
    IMAGE_EF = 4,
    IMAGE_PIN = 5,
    IMAGE_PUK = 6,
    IMAGE_PIN_SHARE = 7, /* the PINs of `parent` are those of `link` */
    IMAGE_AKA = 8,
    IMAGE_AKA_SHARE = 9,        /* the AKA of `parent` is that of the AID in the payload */
    IMAGE_SECURITY_DOMAIN = 10, /* kept as received: saip.md 11.1 */
    IMAGE_RFM = 11,
    IMAGE_CDMA = 12,
    IMAGE_CONNECTIVITY = 13,
};

/* File descriptor byte without its shareable bit (TS 102 221, 11.1.1.4.3). */
enum image_structure {
    IMAGE_TRANSPARENT = 0x01,
    IMAGE_LINEAR = 0x02,
    IMAGE_CYCLIC = 0x06,
    IMAGE_BER_TLV = 0x39,
    IMAGE_DIRECTORY = 0x38,
};

/* A record's first 32 bytes. Which fields count depends on the kind. */
struct image_node {
    uint32_t offset; /* its own place; not stored */
    uint8_t kind;
    uint8_t descriptor;    /* EF, DF: file descriptor byte; PIN, PUK: key reference */
    uint16_t fid;          /* an ADF keeps its temporary one, for paths while installing */
    uint32_t parent;       /* the MF names itself 0 */
    uint32_t size;         /* of the payload */
    uint16_t record_size;  /* LF, CY */
    uint16_t record_count; /* LF, CY; PIN: its index among all PINs */
    uint8_t sfi;           /* 0 none */
    uint8_t lcsi;          /* 05 activated, 04 deactivated */
    uint8_t arr_record;    /* 0: no security attributes */
    uint8_t special;       /* special file information, C0 */
    uint16_t arr_fid;
    uint16_t first; /* CY: index in storage of record number 1 */
    uint32_t link;  /* EF, DF: offset of the file that holds the contents; 0 itself */
    uint32_t used;  /* BER-TLV: bytes in use; DF: size of the AID in the payload */
};

/* Payload of a PIN. */
enum image_pin {
    PIN_VALUE = 0,
    PIN_PUK = 8, /* key reference of its PUK, 0 none */
    PIN_ATTRIBUTES = 9,
    PIN_MAX = 10,
    PIN_LEFT = 11,
    PIN_ENABLED = 12,
    PIN_SIZE = 13,
};
/* pinAttributes, saip.md 9. */
enum { PIN_ATTRIBUTE_ENABLED = 1, PIN_ATTRIBUTE_CHANGEABLE = 2, PIN_ATTRIBUTE_SWITCHABLE = 4 };

/* Payload of a PUK. */
enum image_puk { PUK_VALUE = 0, PUK_MAX = 8, PUK_LEFT = 9, PUK_SIZE = 10 };

/* Payload of an AKA parameter set. */
enum image_aka {
    AKA_ALGORITHM = 0,
    AKA_OPTIONS = 1,
    AKA_KEY_SIZE = 2,
    AKA_KECCAK = 3,
    AKA_KEY = 4,
    AKA_OPC = 36,
    AKA_ROTATION = 68,
    AKA_XORING = 73,
    AKA_SQN_OPTIONS = 153,
    AKA_SQN_DELTA = 154,
    AKA_SQN_AGE_LIMIT = 160,
    AKA_COUNTER_LIMITED = 166,
    AKA_COUNTER_MAX = 167,
    AKA_COUNTER = 170,
    AKA_SEQ = 173, /* 32 values of 6 bytes, by IND */
    AKA_SIZE = 173 + 32 * 6,
};
enum aka_algorithm { AKA_MILENAGE = 1, AKA_TUAK = 2, AKA_TEST = 3 };

/* Write the head of an empty image. */
int image_begin(const struct tern_image *image);
/* The last word of an installation: size, ICCID, number of PINs. */
int image_seal(const struct tern_image *image, uint32_t size, const uint8_t iccid[10],
               uint16_t pin_count);
/* Size by its head. TERN_ERR_MALFORMED when there is none. */
int image_size(const struct tern_image *image, uint32_t *size);

/* The record at `offset`. */
int image_node_read(const struct tern_image *image, struct image_node *node, uint32_t offset);
int image_node_write(const struct tern_image *image, const struct image_node *node);
/*
 * Walk all records: start with node->offset 0. 1 with a record, 0 behind the last, or an error.
 * `end` is the size of the image, sealed or not.
 */
int image_next(const struct tern_image *image, struct image_node *node, uint32_t end);

/* Payload bytes. The caller keeps to the record's size. */
int image_read(const struct tern_image *image, const struct image_node *node, size_t at,
               uint8_t *out, size_t size);
int image_write(const struct tern_image *image, const struct image_node *node, size_t at,
                struct tern_bytes bytes);

#endif
