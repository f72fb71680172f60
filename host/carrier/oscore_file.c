/* SPDX-License-Identifier: Apache-2.0 */
/* OSCORE keys in YAML and sequence numbers in a file or a store: see oscore_file.h. */
#include "host/carrier/oscore_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/config.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"

#define SECRET_SIZE_MAX 64
#define SALT_SIZE_MAX   32

static const char SPACE[] = "coap.oscore";

struct entry {
    uint8_t secret[SECRET_SIZE_MAX];
    uint8_t salt[SALT_SIZE_MAX];
    uint8_t device[TERN_OSCORE_ID_SIZE_MAX];
    uint8_t eim[TERN_OSCORE_ID_SIZE_MAX];
    size_t secret_size;
    size_t salt_size;
    size_t device_size;
    size_t eim_size;
};

struct oscore_file {
    size_t count;
    struct entry entries[];
};

static int read_hex(struct config_node map, const char *key, uint8_t *out, size_t out_size,
                    size_t *size)
{
    struct tern_writer writer = tern_writer(out, out_size);
    struct config_node node = config_get(map, key);
    if (!config_present(node)) {
        return TERN_OK;
    }
    int status = config_hex(node, &writer);
    if (status == TERN_OK && tern_writer_status(&writer) != TERN_OK) {
        status = config_complain(node, "has more than %zu bytes", out_size);
    }
    *size = writer.size;
    return status;
}

static int read_entry(struct entry *entry, struct config_node node)
{
    static const char *const KEYS[] = {"secret", "salt", "device", "eim", NULL};
    int status = config_is_map(node) ? config_only(node, KEYS)
                                     : config_complain(node, "wants secret, salt, device, eim");
    if (status == TERN_OK) {
        status = read_hex(node, "secret", entry->secret, SECRET_SIZE_MAX, &entry->secret_size);
    }
    if (status == TERN_OK && entry->secret_size < 16) {
        status = config_complain(node, "secret wants 16 bytes and more");
    }
    if (status == TERN_OK) {
        status = read_hex(node, "salt", entry->salt, SALT_SIZE_MAX, &entry->salt_size);
    }
    if (status == TERN_OK) {
        status =
            read_hex(node, "device", entry->device, sizeof(entry->device), &entry->device_size);
    }
    if (status == TERN_OK) {
        status = read_hex(node, "eim", entry->eim, sizeof(entry->eim), &entry->eim_size);
    }
    if (status == TERN_OK && tern_bytes_equal(tern_bytes(entry->device, entry->device_size),
                                              tern_bytes(entry->eim, entry->eim_size))) {
        status = config_complain(node, "device and eim are the same");
    }
    return status;
}

struct oscore_file *oscore_file_load(const char *path, char *error, size_t error_size)
{
    struct config *config = NULL;
    if (config_load(&config, path, error, error_size) != TERN_OK) {
        return NULL;
    }
    struct config_node list = config_get(config_root(config), "oscore");
    size_t count = config_count(list);
    struct oscore_file *file = calloc(1, sizeof(*file) + (count + 1) * sizeof(struct entry));
    int status = config_is_list(list) && count > 0
                     ? TERN_OK
                     : config_complain(config_root(config), "wants a list under oscore");
    for (size_t i = 0; file != NULL && status == TERN_OK && i < count; i++) {
        status = read_entry(&file->entries[i], config_at(list, i));
        file->count = i + 1;
    }
    if (status != TERN_OK || file == NULL) {
        snprintf(error, error_size, "%s", file == NULL ? "out of memory" : config_error(config));
        oscore_file_free(file);
        file = NULL;
    }
    config_free(config);
    return file;
}

void oscore_file_free(struct oscore_file *file)
{
    if (file != NULL) {
        tern_wipe(file->entries, file->count * sizeof(struct entry));
        free(file);
    }
}

size_t oscore_file_count(const struct oscore_file *file)
{
    return file->count;
}

static int derive(const struct entry *entry, struct tern_oscore *oscore, bool device)
{
    struct tern_bytes of_device = tern_bytes(entry->device, entry->device_size);
    struct tern_bytes of_eim = tern_bytes(entry->eim, entry->eim_size);
    const struct tern_oscore_keys keys = {
        .master_secret = tern_bytes(entry->secret, entry->secret_size),
        .master_salt = tern_bytes(entry->salt, entry->salt_size),
        .sender_id = device ? of_device : of_eim,
        .recipient_id = device ? of_eim : of_device,
    };
    return tern_oscore_init(oscore, tern_openssl(), &keys);
}

int oscore_file_device(const struct oscore_file *file, struct tern_oscore *oscore,
                       const char *state)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int status = derive(&file->entries[0], oscore, true);
    if (status == TERN_OK) {
        status = file_read(state, TERN_OSCORE_SAVED_SIZE, &data, &size);
        /* A fresh device has none. Any other failure may hide a number that was used. */
        status = status == TERN_OK ? tern_oscore_restore(oscore, tern_bytes(data, size))
                 : status == TERN_ERR_NOT_FOUND ? TERN_OK
                                                : status;
    }
    free(data);
    return status;
}

int oscore_file_reserve(struct tern_oscore *oscore, const char *state)
{
    uint8_t saved[TERN_OSCORE_SAVED_SIZE];
    struct tern_writer out = TERN_WRITER_OF(saved);
    tern_oscore_save(oscore, &out);
    int status = file_write(state, TERN_BYTES_OF(saved), 0600);
    if (status == TERN_OK) {
        tern_oscore_saved(oscore);
    }
    return status;
}

int oscore_server_find(void *oscore_server, struct tern_bytes kid, struct tern_bytes kid_context,
                       struct tern_oscore *oscore)
{
    const struct oscore_server *server = oscore_server;
    uint8_t saved[TERN_OSCORE_SAVED_SIZE];
    (void)kid_context;
    for (size_t i = 0; i < server->file->count; i++) {
        const struct entry *entry = &server->file->entries[i];
        if (!tern_bytes_equal(kid, tern_bytes(entry->device, entry->device_size))) {
            continue;
        }
        int status = derive(entry, oscore, false);
        struct tern_writer out = TERN_WRITER_OF(saved);
        if (status == TERN_OK) {
            status = server->store->load(server->store->context, SPACE, kid, &out);
            status = status == TERN_OK ? tern_oscore_restore(oscore, tern_writer_bytes(&out))
                     : status == TERN_ERR_NOT_FOUND ? TERN_OK
                                                    : status;
        }
        return status;
    }
    return TERN_ERR_NOT_FOUND;
}

int oscore_server_save(void *oscore_server, struct tern_bytes kid, struct tern_bytes saved)
{
    const struct oscore_server *server = oscore_server;
    return server->store->save(server->store->context, SPACE, kid, saved);
}
