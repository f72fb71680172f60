/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A home network: one PLMN, its subscribers, and the dialogue by which a card attaches.
 *
 *     modem                                   network
 *     {"attach":{"imsi"}}                 ->
 *                                         <-  {"challenge":{"rand","autn","nonce"}}
 *     {"response":{"res","confirm"}}      ->  RES against XRES, CK and IK by the confirmation
 *                                         <-  {"accept":{"plmn","name","confirm"}}
 *     {"sync_failure":{"auts"}}           ->  a new challenge, once
 *     {"auth_failure":{"cause":"mac"}}    ->
 *                                         <-  {"reject":{"cause","why"}}
 *     {"data":{"plmn","imsi"}}            ->  <-  {"data":{"flows":true}}
 *
 * `confirm` is HMAC-SHA-256 over "card" or "network" and the nonce, with CK | IK as key: so both
 * sides prove that they hold the same keys without showing them.
 */
#ifndef HOST_NETWORK_NETWORK_H
#define HOST_NETWORK_NETWORK_H

#include <pthread.h>

#include "host/network/auc.h"
#include "host/network/wire.h"

struct network {
    char plmn[8]; /**< "24001" */
    char name[64];
    struct auc_subscriber *subscribers; /**< malloc'ed */
    bool *attached;                     /**< one a subscriber */
    size_t subscriber_count;
    const char *state_path; /**< where SEQ numbers are kept; NULL: nowhere, resynchronise */
    pthread_mutex_t lock;   /**< guards the subscribers */
};

/** From YAML (docs/FORMATS.md, "Home network"). `error` gets the complaint. */
int network_load(struct network *network, const char *path, char *error, size_t error_size);
/** Wipes the keys. */
void network_free(struct network *network);

/** Serve one connection until it closes. May run in several threads. */
void network_serve(struct network *network, struct wire *wire);

/** The confirmation of either side. `side` is "card" or "network". */
int network_confirmation(uint8_t out[32], const char *side, const uint8_t ck[16],
                         const uint8_t ik[16], struct tern_bytes nonce);

#endif
