/* SPDX-License-Identifier: Apache-2.0 */
/* The network's side of an attach, in words for every way it can fail. See network.h. */
#include "host/network/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "host/log/log.h"

int network_confirmation(uint8_t out[32], const char *side, const uint8_t ck[16],
                         const uint8_t ik[16], struct tern_bytes nonce)
{
    uint8_t key[32], message[16 + 64];
    size_t side_size = strlen(side);
    unsigned size = 0;
    if (side_size > 16 || nonce.size > 64) return TERN_ERR_RANGE;
    memcpy(key, ck, 16);
    memcpy(key + 16, ik, 16);
    for (size_t i = 0; i < side_size; i++)
        message[i] = (uint8_t)side[i];
    memcpy(message + side_size, nonce.data, nonce.size);
    bool ok =
        HMAC(EVP_sha256(), key, sizeof key, message, side_size + nonce.size, out, &size) != NULL;
    OPENSSL_cleanse(key, sizeof key);
    return ok && size == 32 ? TERN_OK : TERN_ERR_CRYPTO;
}

/* One attach in progress. Holds secrets. */
struct dialogue {
    struct network *network;
    struct wire *wire;
    size_t subscriber;
    struct auc_vector vector;
    uint8_t nonce[16];
    bool resynchronised;
};

static cJSON *message(const char *name, cJSON **body)
{
    cJSON *object = cJSON_CreateObject();
    *body = cJSON_AddObjectToObject(object, name);
    return object;
}

static void reject(struct wire *wire, const char *imsi, const char *cause, const char *why)
{
    cJSON *body, *object = message("reject", &body);
    cJSON_AddStringToObject(body, "cause", cause);
    cJSON_AddStringToObject(body, "why", why);
    log_warn("network.reject", "imsi", imsi, "cause", cause, "why", why);
    (void)wire_send(wire, object);
}

static bool find_subscriber(struct network *network, const char *imsi, size_t *index)
{
    for (size_t i = 0; i < network->subscriber_count; i++) {
        if (strcmp(network->subscribers[i].imsi, imsi) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void save_state(struct network *network)
{
    if (network->state_path == NULL) return;
    FILE *file = fopen(network->state_path, "we");
    if (file == NULL) return;
    for (size_t i = 0; i < network->subscriber_count; i++) {
        fprintf(file, "%s %llu\n", network->subscribers[i].imsi,
                (unsigned long long)network->subscribers[i].seq);
    }
    fclose(file);
}

static void challenge(struct dialogue *dialogue)
{
    struct network *network = dialogue->network;
    cJSON *body, *object = message("challenge", &body);
    pthread_mutex_lock(&network->lock);
    int status = auc_vector_make(&network->subscribers[dialogue->subscriber], &dialogue->vector);
    save_state(network);
    pthread_mutex_unlock(&network->lock);
    if (status != TERN_OK || RAND_bytes(dialogue->nonce, sizeof dialogue->nonce) != 1) {
        cJSON_Delete(object);
        reject(dialogue->wire, "", "network-failure", "the authentication centre failed");
        return;
    }
    wire_add_hex(body, "rand", TERN_BYTES_OF(dialogue->vector.rand));
    wire_add_hex(body, "autn", TERN_BYTES_OF(dialogue->vector.autn));
    wire_add_hex(body, "nonce", TERN_BYTES_OF(dialogue->nonce));
    (void)wire_send(dialogue->wire, object);
}

static const char *imsi_of(const struct dialogue *dialogue)
{
    if (dialogue->subscriber >= dialogue->network->subscriber_count) return "";
    return dialogue->network->subscribers[dialogue->subscriber].imsi;
}

static void on_attach(struct dialogue *dialogue, const cJSON *body)
{
    const char *imsi = wire_text(body, "imsi");
    dialogue->resynchronised = false;
    if (!find_subscriber(dialogue->network, imsi, &dialogue->subscriber)) {
        dialogue->subscriber = SIZE_MAX;
        bool home = strncmp(imsi, dialogue->network->plmn, strlen(dialogue->network->plmn)) == 0;
        reject(dialogue->wire, imsi, home ? "unknown-imsi" : "no-roaming",
               home ? "this network has no subscriber with this IMSI"
                    : "the IMSI belongs to another network, and there is no roaming agreement");
        return;
    }
    challenge(dialogue);
}

static void accept_card(struct dialogue *dialogue)
{
    struct network *network = dialogue->network;
    uint8_t confirm[32];
    cJSON *body, *object = message("accept", &body);
    pthread_mutex_lock(&network->lock);
    network->attached[dialogue->subscriber] = true;
    pthread_mutex_unlock(&network->lock);
    (void)network_confirmation(confirm, "network", dialogue->vector.ck, dialogue->vector.ik,
                               TERN_BYTES_OF(dialogue->nonce));
    cJSON_AddStringToObject(body, "plmn", network->plmn);
    cJSON_AddStringToObject(body, "name", network->name);
    wire_add_hex(body, "confirm", TERN_BYTES_OF(confirm));
    log_info("network.attach", "imsi", imsi_of(dialogue), "plmn", network->plmn);
    (void)wire_send(dialogue->wire, object);
}

static void on_response(struct dialogue *dialogue, const cJSON *body)
{
    uint8_t res[16], confirm[32], expected[32];
    struct tern_writer res_out = TERN_WRITER_OF(res), confirm_out = TERN_WRITER_OF(confirm);
    if (wire_get_hex(body, "res", &res_out, 4, 16) != TERN_OK ||
        wire_get_hex(body, "confirm", &confirm_out, 32, 32) != TERN_OK) {
        reject(dialogue->wire, imsi_of(dialogue), "malformed", "the response cannot be read");
        return;
    }
    if (res_out.size != dialogue->vector.xres_size ||
        CRYPTO_memcmp(res, dialogue->vector.xres, res_out.size) != 0) {
        reject(dialogue->wire, imsi_of(dialogue), "wrong-res",
               "RES is not XRES: the key or OPc in the card is not the one of this network");
        return;
    }
    int status = network_confirmation(expected, "card", dialogue->vector.ck, dialogue->vector.ik,
                                      TERN_BYTES_OF(dialogue->nonce));
    if (status != TERN_OK || CRYPTO_memcmp(confirm, expected, sizeof expected) != 0) {
        reject(dialogue->wire, imsi_of(dialogue), "wrong-keys",
               "RES is right but CK and IK differ: card and network compute f3 or f4 differently");
        return;
    }
    accept_card(dialogue);
}

static void on_sync_failure(struct dialogue *dialogue, const cJSON *body)
{
    struct network *network = dialogue->network;
    uint8_t auts[14];
    struct tern_writer out = TERN_WRITER_OF(auts);
    if (wire_get_hex(body, "auts", &out, 14, 14) != TERN_OK) {
        reject(dialogue->wire, imsi_of(dialogue), "malformed", "AUTS cannot be read");
        return;
    }
    if (dialogue->resynchronised) {
        reject(dialogue->wire, imsi_of(dialogue), "sync-failure",
               "the card refuses the sequence number even after a resynchronisation");
        return;
    }
    pthread_mutex_lock(&network->lock);
    int status =
        auc_resync(&network->subscribers[dialogue->subscriber], dialogue->vector.rand, auts);
    pthread_mutex_unlock(&network->lock);
    if (status != TERN_OK) {
        reject(dialogue->wire, imsi_of(dialogue), "wrong-auts",
               "MAC-S in AUTS is wrong: the key or OPc in the card is not the one of this network");
        return;
    }
    dialogue->resynchronised = true;
    log_info("network.resync", "imsi", imsi_of(dialogue));
    challenge(dialogue);
}

static void on_auth_failure(struct dialogue *dialogue, const cJSON *body)
{
    bool mac = strcmp(wire_text(body, "cause"), "mac") == 0;
    reject(dialogue->wire, imsi_of(dialogue), mac ? "card-refused-mac" : "card-refused",
           mac ? "the card finds MAC in AUTN wrong (9862): its key or OPc is not the one of this "
                 "network"
               : "the card did not authenticate");
}

static void on_data(struct dialogue *dialogue, const cJSON *body)
{
    size_t index;
    struct network *network = dialogue->network;
    cJSON *answer, *object = message("data", &answer);
    pthread_mutex_lock(&network->lock);
    bool flows = find_subscriber(network, wire_text(body, "imsi"), &index) &&
                 network->attached[index] && strcmp(wire_text(body, "plmn"), network->plmn) == 0;
    pthread_mutex_unlock(&network->lock);
    cJSON_AddBoolToObject(answer, "flows", flows);
    (void)wire_send(dialogue->wire, object);
}

struct row {
    const char *name;
    void (*run)(struct dialogue *dialogue, const cJSON *body);
    bool in_attach; /* only after a challenge */
};

static const struct row ROWS[] = {
    {"attach",       on_attach,       false},
    {"response",     on_response,     true },
    {"sync_failure", on_sync_failure, true },
    {"auth_failure", on_auth_failure, true },
    {"data",         on_data,         false},
};

static bool handle(struct dialogue *dialogue, const cJSON *object)
{
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        const cJSON *body = cJSON_GetObjectItemCaseSensitive(object, ROWS[i].name);
        if (body == NULL) continue;
        if (ROWS[i].in_attach && dialogue->subscriber == SIZE_MAX) return false;
        ROWS[i].run(dialogue, body);
        return true;
    }
    return false;
}

void network_serve(struct network *network, struct wire *wire)
{
    struct dialogue dialogue = {.network = network, .wire = wire, .subscriber = SIZE_MAX};
    cJSON *object;
    while ((object = wire_receive(wire)) != NULL) {
        bool understood = handle(&dialogue, object);
        cJSON_Delete(object);
        if (!understood) break;
    }
    OPENSSL_cleanse(&dialogue, sizeof dialogue);
}
