/* SPDX-License-Identifier: Apache-2.0 */
/* A home network from its YAML file and, for many subscribers, from a CSV file. docs/FORMATS.md */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/config.h"
#include "host/config/files.h"
#include "host/config/subscribers.h"
#include "host/network/network.h"

#define SUBSCRIBER_COUNT_MAX 200000
#define CSV_SIZE_MAX         (64u << 20)

static int add(struct network *network, const struct auc_subscriber *subscriber)
{
    size_t count = network->subscriber_count;
    if (count == SUBSCRIBER_COUNT_MAX) return TERN_ERR_NO_SPACE;
    if ((count & (count - 1)) == 0) { /* at every power of two there is no room left */
        size_t room = count == 0 ? 1 : 2 * count;
        struct auc_subscriber *grown = calloc(room, sizeof *grown);
        if (grown == NULL) return TERN_ERR_NO_SPACE;
        if (count > 0) memcpy(grown, network->subscribers, count * sizeof *grown);
        tern_wipe(network->subscribers, count * sizeof *grown);
        free(network->subscribers);
        network->subscribers = grown;
    }
    network->subscribers[network->subscriber_count++] = *subscriber;
    return TERN_OK;
}

static int read_hex(struct config_node map, const char *key, uint8_t *out, size_t capacity,
                    size_t *size)
{
    struct tern_writer writer = tern_writer(out, capacity);
    struct config_node node = config_get(map, key);
    *size = 0;
    if (!config_present(node)) return TERN_OK;
    int status = config_hex(node, &writer);
    if (status == TERN_OK && writer.size > capacity) status = config_complain(node, "is too long");
    *size = writer.size;
    return status;
}

/* OPc, or OP to make it from; for TUAK TOPc or TOP. */
static int read_operator(struct config_node map, struct auc_subscriber *subscriber)
{
    bool tuak = subscriber->algorithm == AUC_TUAK;
    size_t wanted = tuak ? 32 : 16, size = 0;
    uint8_t op[32];
    int status = read_hex(map, tuak ? "topc" : "opc", subscriber->opc, wanted, &size);
    if (status != TERN_OK || size == wanted || subscriber->algorithm == AUC_TEST) return status;
    if (size != 0) return config_complain(map, "wants %zu bytes of OPc", wanted);
    status = read_hex(map, tuak ? "top" : "op", op, wanted, &size);
    if (status != TERN_OK) return status;
    if (size != wanted) return config_complain(map, "wants opc or op (topc or top for TUAK)");
    status = tuak ? auc_topc(subscriber->opc, tern_bytes(subscriber->key, subscriber->key_size), op,
                             subscriber->keccak)
                  : auc_opc(subscriber->opc, subscriber->key, op);
    tern_wipe(op, sizeof op);
    return status;
}

static int read_subscriber(struct network *network, struct config_node map)
{
    static const char *const KEYS[] = {"imsi", "key",       "opc",    "op",  "topc",
                                       "top",  "algorithm", "keccak", "seq", NULL};
    struct auc_subscriber subscriber = {.algorithm = AUC_MILENAGE, .keccak = 1};
    uint64_t keccak = 1;
    const char *imsi = config_text_required(map, "imsi");
    const char *algorithm = config_text(config_get(map, "algorithm"));
    if (config_only(map, KEYS) != TERN_OK || imsi == NULL) return TERN_ERR_MALFORMED;
    if (strlen(imsi) > 15 || strspn(imsi, "0123456789") != strlen(imsi)) {
        return config_complain(config_get(map, "imsi"), "wants up to 15 digits");
    }
    snprintf(subscriber.imsi, sizeof subscriber.imsi, "%s", imsi);
    if (algorithm != NULL && strcmp(algorithm, "tuak") == 0)
        subscriber.algorithm = AUC_TUAK;
    else if (algorithm != NULL && strcmp(algorithm, "test") == 0)
        subscriber.algorithm = AUC_TEST;
    else if (algorithm != NULL && strcmp(algorithm, "milenage") != 0) {
        return config_complain(map, "algorithm wants milenage, tuak or test");
    }
    int status = config_uint(config_get(map, "keccak"), 1, 255, &keccak);
    subscriber.keccak = (unsigned)keccak;
    if (status == TERN_OK) {
        status = config_uint(config_get(map, "seq"), 0, (1ull << 43) - 1, &subscriber.seq);
    }
    if (status == TERN_OK) status = read_hex(map, "key", subscriber.key, 32, &subscriber.key_size);
    if (status == TERN_OK && subscriber.key_size != 16 &&
        !(subscriber.key_size == 32 && subscriber.algorithm == AUC_TUAK)) {
        status = config_complain(map, "wants a key of 16 bytes (TUAK: 16 or 32)");
    }
    if (status == TERN_OK) status = read_operator(map, &subscriber);
    if (status == TERN_OK) status = add(network, &subscriber);
    tern_wipe(&subscriber, sizeof subscriber);
    return status;
}

static int add_row(struct network *network, const struct subscriber_row *row)
{
    struct auc_subscriber subscriber = {.algorithm = AUC_MILENAGE, .keccak = 1, .key_size = 16};
    struct tern_writer key = tern_writer(subscriber.key, 16), opc = tern_writer(subscriber.opc, 16);
    size_t size = strlen(row->imsi);
    if (size < 6 || size > 15 || strspn(row->imsi, "0123456789") != size) return TERN_ERR_RANGE;
    int status = tern_hex_decode(&key, tern_bytes_text(row->ki));
    if (status == TERN_OK) status = tern_hex_decode(&opc, tern_bytes_text(row->opc));
    if (status == TERN_OK && (key.size != 16 || opc.size != 16)) status = TERN_ERR_RANGE;
    snprintf(subscriber.imsi, sizeof subscriber.imsi, "%s", row->imsi);
    if (status == TERN_OK) status = add(network, &subscriber);
    tern_wipe(&subscriber, sizeof subscriber);
    return status;
}

static int read_csv(struct network *network, struct config_node node)
{
    uint8_t *data;
    size_t size;
    struct subscriber_csv csv;
    struct subscriber_row row;
    const char *path = config_text(node);
    if (path == NULL) return TERN_OK;
    if (file_read(path, CSV_SIZE_MAX, &data, &size) != TERN_OK) {
        return config_complain(node, "cannot be read");
    }
    subscriber_csv_open(&csv, (char *)data);
    int got;
    while ((got = subscriber_csv_next(&csv, &row)) == 1) {
        got = add_row(network, &row);
        if (got != TERN_OK) break;
    }
    if (got < 0) (void)config_complain(node, "line %zu: %s", csv.line, tern_error_text(got));
    tern_wipe(data, size);
    free(data);
    return got;
}

/* Sequence numbers of an earlier run. */
static void read_state(struct network *network)
{
    char line[64];
    FILE *file = network->state_path == NULL ? NULL : fopen(network->state_path, "re");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) {
        char *space = strchr(line, ' ');
        if (space == NULL) continue;
        *space = '\0';
        for (size_t i = 0; i < network->subscriber_count; i++) {
            if (strcmp(network->subscribers[i].imsi, line) != 0) continue;
            network->subscribers[i].seq = strtoull(space + 1, NULL, 10);
        }
    }
    fclose(file);
}

static int read_all(struct network *network, struct config_node root)
{
    static const char *const KEYS[] = {"plmn",   "name", "subscribers", "subscribers_csv",
                                       "listen", NULL};
    const char *plmn = config_text_required(root, "plmn");
    const char *name = config_text(config_get(root, "name"));
    if (config_only(root, KEYS) != TERN_OK || plmn == NULL) return TERN_ERR_MALFORMED;
    if (strlen(plmn) < 5 || strlen(plmn) > 6 || strspn(plmn, "0123456789") != strlen(plmn)) {
        return config_complain(config_get(root, "plmn"), "wants MCC and MNC, 5 or 6 digits");
    }
    snprintf(network->plmn, sizeof network->plmn, "%s", plmn);
    snprintf(network->name, sizeof network->name, "%s", name == NULL ? plmn : name);
    struct config_node list = config_get(root, "subscribers");
    int status = TERN_OK;
    for (size_t i = 0; status == TERN_OK && i < config_count(list); i++) {
        status = read_subscriber(network, config_at(list, i));
    }
    return status == TERN_OK ? read_csv(network, config_get(root, "subscribers_csv")) : status;
}

int network_load(struct network *network, const char *path, char *error, size_t error_size)
{
    struct config *config;
    const char *state_path = network->state_path;
    *network = (struct network){.state_path = state_path};
    int status = config_load(&config, path, error, error_size);
    if (status != TERN_OK) return status;
    status = read_all(network, config_root(config));
    if (status != TERN_OK) snprintf(error, error_size, "%s", config_error(config));
    config_free(config);
    if (status == TERN_OK) {
        network->attached = calloc(network->subscriber_count + 1, sizeof *network->attached);
        if (network->attached == NULL) status = TERN_ERR_NO_SPACE;
    }
    if (status == TERN_OK) read_state(network);
    pthread_mutex_init(&network->lock, NULL);
    if (status != TERN_OK) network_free(network);
    return status;
}

void network_free(struct network *network)
{
    if (network->subscribers != NULL) {
        tern_wipe(network->subscribers, network->subscriber_count * sizeof *network->subscribers);
    }
    free(network->subscribers);
    free(network->attached);
    pthread_mutex_destroy(&network->lock);
    *network = (struct network){0};
}
