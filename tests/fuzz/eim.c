/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a hostile IPA into the eIM, over both bindings, with a device, a package under way
 * and a provider that believes every signature, so that a search reaches what lies behind. First
 * byte: the binding and function; second: whether a question is answered with the rest of the
 * input as the server's body.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/open_crypto.h"
#include "tests/support/memory_store.h"

#include "tern/eim.h"

static int fixed_random(void *context, uint8_t *out, size_t size)
{
    static uint8_t next;
    (void)context;
    memset(out, ++next, size);
    return TERN_OK;
}

struct world {
    struct memory_store memory;
    struct tern_arena arena;
    uint8_t bytes[1 << 19];
};

static struct tern_eim_step step(struct world *world)
{
    world->arena = tern_arena(world->bytes, sizeof(world->bytes));
    return (struct tern_eim_step){.arena = &world->arena, .now_ms = 1700000000000};
}

static void fill(struct world *world, struct tern_eim *eim)
{
    static const uint8_t POINT[65] = {4};
    static const uint8_t PACKAGE[] = {0xA0, 0x03, 0xBF, 0x2D, 0x00};
    static const char CODE[] = "\x80\x0A"
                               "1$dp.ex$AB";
    struct tern_eim_device device = {.curve = TERN_CURVE_P256, .features = 0x3F};
    struct tern_eim_device_data data = {.euicc_info1 = TERN_BYTES_TEXT("\xBF\x20\x00"),
                                        .euicc_info2 = TERN_BYTES_TEXT("\xBF\x22\x02\x84\x00")};
    struct tern_eim_operation package = {.kind = TERN_EIM_KIND_PACKAGE,
                                         .request = TERN_BYTES_OF(PACKAGE)};
    struct tern_eim_operation download = {.kind = TERN_EIM_KIND_DOWNLOAD,
                                          .request = tern_bytes(CODE, sizeof(CODE) - 1)};
    memset(device.eid, 0x89, sizeof(device.eid));
    device.euicc_key = TERN_BYTES_OF(POINT);
    struct tern_eim_step now = step(world);
    FUZZ_CHECK(tern_eim_device_add(eim, &now, &device, &data) == TERN_OK);
    FUZZ_CHECK(tern_eim_queue(eim, &now, device.eid, &download) == TERN_OK);
    FUZZ_CHECK(tern_eim_queue(eim, &now, device.eid, &package) == TERN_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const FUNCTIONS[] = {"getEimPackage",      "provideEimPackageResult",
                                            "handleNotification", "initiateAuthentication",
                                            "authenticateClient", "getBoundProfilePackage",
                                            "cancelSession",      "other"};
    if (size < 2) {
        return 0;
    }
    struct world *world = calloc(1, sizeof(*world));
    struct tern_crypto crypto = OPEN_CRYPTO;
    struct tern_store store = memory_store_interface(&world->memory);
    struct tern_eim_key key = {.id = 1};
    struct tern_trust trust = {0};
    uint8_t eid[16];
    crypto.random = fixed_random;
    struct tern_eim eim = {.crypto = &crypto,
                           .store = &store,
                           .eim_id = TERN_BYTES_TEXT("e"),
                           .keys = &key,
                           .key_count = 1,
                           .trust = &trust};
    fill(world, &eim);
    memset(eid, 0x89, sizeof(eid));
    struct tern_eim_peer peer = {.binding = (data[0] & 8) != 0 ? TERN_EIM_BINDING_JSON
                                                               : TERN_EIM_BINDING_ASN1,
                                 .function = tern_bytes_text(FUNCTIONS[data[0] & 7]),
                                 .eid = (data[0] & 16) != 0 ? eid : NULL};
    struct tern_bytes message = tern_bytes(data + 2, size - 2);
    struct tern_eim_step now = step(world);
    int error = tern_eim_receive(&eim, &now, &peer, message);
    FUZZ_CHECK(error == TERN_OK || error == TERN_ERR_NO_SPACE);
    FUZZ_CHECK(error != TERN_OK || now.outcome != TERN_EIM_NOTHING);
    if (error == TERN_OK && now.outcome != TERN_EIM_REPLY) {
        uint8_t ticket[4096];
        size_t ticket_size = now.ticket.size < sizeof(ticket) ? now.ticket.size : sizeof(ticket);
        memcpy(ticket, now.ticket.data, ticket_size);
        struct tern_eim_answer answer = {.status = 200, .body = message};
        answer.error = (data[1] & 1) != 0 ? TERN_ERR_TIMEOUT : TERN_OK;
        struct tern_eim_step then = step(world);
        error = tern_eim_answer(&eim, &then, tern_bytes(ticket, ticket_size), &answer);
        FUZZ_CHECK(error == TERN_OK || error == TERN_ERR_NO_SPACE || error == TERN_ERR_MALFORMED);
    }
    free(world);
    return 0;
}
