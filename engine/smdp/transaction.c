/* SPDX-License-Identifier: Apache-2.0 */
/* transactionId and serverChallenge that need no memory: tern/rsp_server.h draws them. */
#include "engine/smdp/transaction.h"

#include <string.h>

#define TIME_SIZE   4
#define BODY_SIZE   12 /* What the MAC covers. */
#define RANDOM_SIZE 6

static int mac_over(const struct tern_rsp_server *server, const char *label,
                    struct tern_bytes bytes, uint8_t mac[TERN_SHA256_SIZE])
{
    const struct tern_bytes parts[] = {tern_bytes_text(label), bytes};
    return server->crypto->hmac_sha256(server->crypto->context, mac, TERN_BYTES_OF(server->secret),
                                       parts, TERN_COUNT_OF(parts));
}

int transaction_make(const struct tern_rsp_server *server, int64_t now, uint8_t euicc_ci,
                     uint8_t server_ci, uint8_t id[TERN_TRANSACTION_ID_SIZE])
{
    uint8_t mac[TERN_SHA256_SIZE];
    struct tern_writer out = tern_writer(id, TERN_TRANSACTION_ID_SIZE);
    tern_write_uint(&out, (uint64_t)now & 0xFFFFFFFF, TIME_SIZE);
    tern_write_byte(&out, euicc_ci);
    tern_write_byte(&out, server_ci);
    int status = server->crypto->random(server->crypto->context, id + out.size, RANDOM_SIZE);
    if (status == TERN_OK) {
        status = mac_over(server, "transaction", tern_bytes(id, BODY_SIZE), mac);
    }
    if (status == TERN_OK) {
        memcpy(id + BODY_SIZE, mac, TERN_TRANSACTION_ID_SIZE - BODY_SIZE);
    }
    return status;
}

int transaction_challenge(const struct tern_rsp_server *server, struct tern_bytes id,
                          uint8_t challenge[16])
{
    uint8_t mac[TERN_SHA256_SIZE];
    int status = mac_over(server, "challenge", id, mac);
    if (status == TERN_OK) {
        memcpy(challenge, mac, 16);
    }
    tern_wipe(mac, sizeof mac);
    return status;
}

uint8_t transaction_euicc_ci(struct tern_bytes id)
{
    return id.data[TIME_SIZE];
}

uint8_t transaction_server_ci(struct tern_bytes id)
{
    return id.data[TIME_SIZE + 1];
}

bool rsp_transaction_is_ours(const struct tern_rsp_server *server, struct tern_bytes transaction_id,
                             int64_t *began)
{
    uint8_t mac[TERN_SHA256_SIZE];
    if (transaction_id.size != TERN_TRANSACTION_ID_SIZE ||
        mac_over(server, "transaction", tern_bytes_slice(transaction_id, 0, BODY_SIZE), mac) !=
            TERN_OK) {
        return false;
    }
    *began = (int64_t)tern_read_uint(tern_bytes_slice(transaction_id, 0, TIME_SIZE));
    return tern_constant_time_equal(mac, transaction_id.data + BODY_SIZE,
                                    TERN_TRANSACTION_ID_SIZE - BODY_SIZE);
}

bool rsp_transaction_is_live(const struct tern_rsp_server *server, struct tern_bytes transaction_id,
                             int64_t now)
{
    int64_t began;
    /* A minute of mercy for a clock that was set back between two workers or restarts. */
    return rsp_transaction_is_ours(server, transaction_id, &began) && now - began >= -60 &&
           now - began <= (int64_t)server->session_lifetime_s;
}
