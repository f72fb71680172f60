/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UICC's door: mount, reset, channels, and the table of commands.
 * ETSI TS 102 221, 10.1.2 has the classes and instructions, 11 the commands.
 */
#include "engine/uicc/uicc.h"

#include <string.h>

enum { CLASS_ISO = 0x00, CLASS_UICC = 0x80, CLASS_ANY = 0xFF };

struct command {
    uint8_t ins;
    uint8_t class;
    uint16_t (*run)(const struct request *request);
};

/* clang-format off */
static const struct command COMMANDS[] = {
    {0x04, CLASS_ISO,  command_deactivate},
    {0x20, CLASS_ISO,  command_verify_pin},
    {0x24, CLASS_ISO,  command_change_pin},
    {0x26, CLASS_ISO,  command_disable_pin},
    {0x28, CLASS_ISO,  command_enable_pin},
    {0x2C, CLASS_ISO,  command_unblock_pin},
    {0x32, CLASS_UICC, command_increase},
    {0x44, CLASS_ISO,  command_activate},
    {0x78, CLASS_UICC, command_get_identity},
    {0x84, CLASS_ISO,  command_get_challenge},
    {0x88, CLASS_ISO,  command_authenticate},
    {0xA2, CLASS_ISO,  command_search_record},
    {0xA4, CLASS_ISO,  command_select},
    {0xB0, CLASS_ISO,  command_read_binary},
    {0xB2, CLASS_ISO,  command_read_record},
    {0xCB, CLASS_UICC, command_retrieve_data},
    {0xD6, CLASS_ISO,  command_update_binary},
    {0xDB, CLASS_UICC, command_set_data},
    {0xDC, CLASS_ISO,  command_update_record},
    {0xF2, CLASS_UICC, command_status},
};
/* clang-format on */

static void channel_reset(struct tern_uicc *uicc, unsigned channel)
{
    struct image_node master;
    struct tern_uicc_channel *state = &uicc->channels[channel];
    *state = (struct tern_uicc_channel){.open = true};
    if (master_file(uicc, &master)) state->directory = master.offset;
}

void tern_uicc_reset(struct tern_uicc *uicc)
{
    uicc->verified = 0;
    uicc->changed = false;
    memset(uicc->channels, 0, sizeof uicc->channels);
    channel_reset(uicc, 0);
}

int tern_uicc_mount(struct tern_uicc *uicc, const struct tern_image *image,
                    const struct tern_crypto *crypto)
{
    int status = TERN_OK;
    memset(uicc, 0, sizeof *uicc);
    uicc->crypto = crypto;
    uicc->image = bare_image();
    if (image != NULL) {
        uint32_t size = 0;
        status = image_size(image, &size);
        if (status == TERN_OK) {
            uicc->image = *image;
            uicc->image.capacity = size;
            uicc->mounted = true;
        }
    }
    tern_uicc_reset(uicc);
    return status;
}

void tern_uicc_channel_open(struct tern_uicc *uicc, unsigned channel, unsigned origin)
{
    TERN_ASSERT(channel < TERN_UICC_CHANNEL_COUNT);
    TERN_ASSERT(origin < TERN_UICC_CHANNEL_COUNT);
    channel_reset(uicc, channel);
    if (origin == 0) return;
    struct tern_uicc_channel *state = &uicc->channels[channel];
    state->application = uicc->channels[origin].application;
    state->directory = uicc->channels[origin].directory;
    state->file = uicc->channels[origin].file;
}

void tern_uicc_channel_close(struct tern_uicc *uicc, unsigned channel)
{
    TERN_ASSERT(channel < TERN_UICC_CHANNEL_COUNT);
    uicc->channels[channel] = (struct tern_uicc_channel){0};
}

/* Interindustry 00-03 and 40-4F, the UICC's own 80-83 and C0-CF. 0xFF for any other. */
static uint8_t class_of(uint8_t cla)
{
    if ((cla & 0x7C) == 0x00 || (cla & 0x70) == 0x40) return cla & 0x80;
    return CLASS_ANY;
}

static bool class_secured(uint8_t cla)
{
    return ((cla & 0x70) == 0x00 && (cla & 0x0C) != 0) || (cla & 0x70) == 0x60;
}

uint16_t tern_uicc_command(struct tern_uicc *uicc, struct tern_writer *response, unsigned channel,
                           const struct tern_apdu *command)
{
    TERN_ASSERT(channel < TERN_UICC_CHANNEL_COUNT);
    uicc->changed = false;
    struct request request = {uicc, &uicc->channels[channel], command, response};
    if (!request.channel->open) return SW_NOT_SUPPORTED;
    uint8_t class = class_of(command->cla);
    for (size_t i = 0; i < TERN_COUNT_OF(COMMANDS); i++) {
        if (COMMANDS[i].ins != command->ins) continue;
        if (class == CLASS_ANY && class_secured(command->cla)) return SW_SECURE_MESSAGING;
        if (class != COMMANDS[i].class) return SW_WRONG_CLASS;
        size_t mark = response->size;
        uint16_t sw = COMMANDS[i].run(&request);
        TERN_ASSERT(response->size - mark <= TERN_UICC_RESPONSE_SIZE);
        return sw;
    }
    return class == CLASS_ANY ? SW_WRONG_CLASS : SW_WRONG_INS;
}

bool tern_uicc_has_application(const struct tern_uicc *uicc, struct tern_bytes aid)
{
    struct image_node node = {0};
    uint8_t name[16];
    while (aid.size <= sizeof name && node_next(uicc, &node)) {
        if (node.kind != IMAGE_ADF || node.used > sizeof name || node.used < aid.size) continue;
        if (payload_load(uicc, &node, 0, name, node.used) != SW_OK) return false;
        if (tern_bytes_starts_with(tern_bytes(name, node.used), aid)) return true;
    }
    return false;
}

bool tern_uicc_in_use(const struct tern_uicc *uicc)
{
    for (size_t i = 0; i < TERN_UICC_CHANNEL_COUNT; i++) {
        if (uicc->channels[i].open && uicc->channels[i].application != 0) return true;
    }
    return false;
}

/* GET CHALLENGE, TS 102 221, 11.1.15: Le random bytes. */
uint16_t command_get_challenge(const struct request *request)
{
    uint8_t bytes[256];
    const struct tern_crypto *crypto = request->uicc->crypto;
    if (request->command->p1 != 0 || request->command->p2 != 0) return SW_WRONG_P1P2;
    if (request->command->data.size != 0) return SW_WRONG_LENGTH;
    size_t size = request->command->le == 0 ? 8 : request->command->le;
    if (size > sizeof bytes) return SW_WRONG_LENGTH;
    if (crypto == NULL || crypto->random(crypto->context, bytes, size) != TERN_OK) {
        return SW_INTERNAL;
    }
    tern_write(request->response, tern_bytes(bytes, size));
    return SW_OK;
}
