/* SPDX-License-Identifier: Apache-2.0 */
/* What the command handlers of the UICC share: a request, status words, file and access helpers. */
#ifndef ENGINE_UICC_UICC_H
#define ENGINE_UICC_UICC_H

#include "engine/profile/image.h"
#include "tern/uicc.h"

/* TS 102 221, 10.2.1, and TS 31.102, 7.3. */
enum status_word {
    SW_OK = 0x9000,
    SW_SEARCH_EMPTY = 0x6282,
    SW_END_OF_FILE = 0x6282,
    SW_DEACTIVATED = 0x6283,
    SW_COUNTER = 0x63C0, /* the low nibble tells the tries left */
    SW_MEMORY = 0x6581,
    SW_WRONG_LENGTH = 0x6700,
    SW_SECURE_MESSAGING = 0x6882,
    SW_WRONG_STRUCTURE = 0x6981,
    SW_SECURITY = 0x6982,
    SW_BLOCKED = 0x6983,
    SW_INVALIDATED = 0x6984,
    SW_CONDITIONS = 0x6985,
    SW_NO_EF = 0x6986,
    SW_WRONG_DATA = 0x6A80,
    SW_NOT_SUPPORTED = 0x6A81,
    SW_NOT_FOUND = 0x6A82,
    SW_NO_RECORD = 0x6A83,
    SW_NO_SPACE = 0x6A84,
    SW_WRONG_P1P2 = 0x6A86,
    SW_NO_REFERENCE = 0x6A88,
    SW_WRONG_OFFSET = 0x6B00,
    SW_EXACT_LENGTH = 0x6C00, /* the low byte tells the length */
    SW_WRONG_INS = 0x6D00,
    SW_WRONG_CLASS = 0x6E00,
    SW_INTERNAL = 0x6F00,
    SW_INCREASE_LIMIT = 0x9850,
    SW_WRONG_MAC = 0x9862,
    SW_WRONG_CONTEXT = 0x9864,
};

#define FID_MF          0x3F00
#define FID_CURRENT_ADF 0x7FFF
#define RECORD_SIZE_MAX 255
#define SFI_MASK        0x1F
#define FID_EF_ARR_MF   0x2F06
#define FID_EF_ARR      0x6F06

/* One command on its way. */
struct request {
    struct tern_uicc *uicc;
    struct tern_uicc_channel *channel;
    const struct tern_apdu *command;
    struct tern_writer *response;
};

/* Access modes of an EF, TS 102 221, 9.5.3; ACCESS_INSTRUCTION looks for a rule of the INS alone.
 */
enum access_mode {
    ACCESS_READ = 0x01,
    ACCESS_UPDATE = 0x02,
    ACCESS_DEACTIVATE = 0x08,
    ACCESS_ACTIVATE = 0x10,
    ACCESS_INSTRUCTION = 0x00,
};

/* files.c: finding and holding files. */

uint16_t status_of(int error); /* a negative enum tern_error to a status word */
/* 9000, or 6581 when the image cannot be read. */
uint16_t node_load(const struct tern_uicc *uicc, struct image_node *node, uint32_t offset);
uint16_t node_store(const struct request *request, const struct image_node *node);
uint16_t payload_load(const struct tern_uicc *uicc, const struct image_node *node, size_t at,
                      uint8_t *out, size_t size);
uint16_t payload_store(const struct request *request, const struct image_node *node, size_t at,
                       struct tern_bytes bytes);
/* Walk the records; node->offset 0 to begin. False at the end. */
bool node_next(const struct tern_uicc *uicc, struct image_node *node);
/* The MF. False when the image is broken. */
bool master_file(const struct tern_uicc *uicc, struct image_node *node);
/* A file below a directory, by FID; ADFs have none. Follows a linked directory. */
bool child_find(const struct tern_uicc *uicc, const struct image_node *directory, uint16_t fid,
                struct image_node *node);
/* An EF below a directory by its SFI. */
bool child_find_sfi(const struct tern_uicc *uicc, const struct image_node *directory, uint8_t sfi,
                    struct image_node *node);
/* A file by path from a directory: FIDs one after the other. */
bool path_find(const struct tern_uicc *uicc, const struct image_node *from, struct tern_bytes path,
               struct image_node *node);
bool is_directory(const struct image_node *node);
/* The record that holds a file's contents: its own or, of a link, the other's. */
uint16_t follow_link(const struct tern_uicc *uicc, struct image_node *node);
/* The EF a command means: by the SFI (0: none given) it becomes current, else the current one. */
uint16_t current_file(const struct request *request, struct image_node *node, uint8_t sfi);
/* Le against what there is: the number of bytes to give, or a status word that is not 9000. */
uint16_t expected_length(const struct request *request, size_t available, size_t *size);

/* access.c */

/* 9000, 6982 or what went wrong, for one operation on a file. */
uint16_t access_check(const struct request *request, const struct image_node *node,
                      enum access_mode mode);
/* The PIN a key reference means, seen from a directory. */
bool pin_find(const struct tern_uicc *uicc, uint32_t directory, uint8_t reference,
              struct image_node *pin);
/* Presented, or not asked for. */
bool pin_satisfied(const struct tern_uicc *uicc, const struct image_node *pin);

/* fcp.c */
uint16_t fcp_write(const struct request *request, const struct image_node *node);

/* authenticate.c */
/* The AKA parameter set of an ADF. False when it has none. */
bool aka_find(const struct tern_uicc *uicc, uint32_t application, struct image_node *node);
/* True when a bit of EF.UST (or EF.IST) says the service is available. TS 31.102, 4.2.8. */
bool service_available(const struct tern_uicc *uicc, const struct image_node *application,
                       unsigned service);

/* bare.c: the image of a card without an enabled profile. */
struct tern_image bare_image(void);

/* Commands. Each returns the status word and appends its response data. */
uint16_t command_select(const struct request *request);
uint16_t command_status(const struct request *request);
uint16_t command_read_binary(const struct request *request);
uint16_t command_update_binary(const struct request *request);
uint16_t command_read_record(const struct request *request);
uint16_t command_update_record(const struct request *request);
uint16_t command_search_record(const struct request *request);
uint16_t command_increase(const struct request *request);
uint16_t command_retrieve_data(const struct request *request);
uint16_t command_set_data(const struct request *request);
uint16_t command_activate(const struct request *request);
uint16_t command_deactivate(const struct request *request);
uint16_t command_verify_pin(const struct request *request);
uint16_t command_change_pin(const struct request *request);
uint16_t command_disable_pin(const struct request *request);
uint16_t command_enable_pin(const struct request *request);
uint16_t command_unblock_pin(const struct request *request);
uint16_t command_authenticate(const struct request *request);
uint16_t command_get_identity(const struct request *request);
uint16_t command_get_challenge(const struct request *request);

#endif
