/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-shared keys of DTLS in YAML: see psk_file.h. */
#include "host/carrier/psk_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/config.h"
#include "host/udp/dtls.h"

#define KEY_SIZE_MIN 16

struct entry {
    uint8_t identity[DTLS_IDENTITY_SIZE_MAX];
    uint8_t key[DTLS_PSK_SIZE_MAX];
    size_t identity_size;
    size_t key_size;
};

struct psk_file {
    size_t count;
    struct entry entries[];
};

static int read_entry(struct entry *entry, struct config_node node)
{
    static const char *const KEYS[] = {"identity", "key", NULL};
    struct tern_writer key = TERN_WRITER_OF(entry->key);
    if (!config_is_map(node) || config_only(node, KEYS) != TERN_OK) {
        return config_complain(node, "wants identity and key");
    }
    const char *identity = config_text_required(node, "identity");
    if (identity == NULL || config_hex(config_get(node, "key"), &key) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    if (strlen(identity) >= DTLS_IDENTITY_SIZE_MAX || tern_writer_status(&key) != TERN_OK ||
        key.size < KEY_SIZE_MIN) {
        return config_complain(node, "identity has less than %d bytes, key %d to %d",
                               DTLS_IDENTITY_SIZE_MAX, KEY_SIZE_MIN, DTLS_PSK_SIZE_MAX);
    }
    entry->identity_size = strlen(identity);
    memcpy(entry->identity, identity, entry->identity_size);
    entry->key_size = key.size;
    return TERN_OK;
}

struct psk_file *psk_file_load(const char *path, char *error, size_t error_size)
{
    struct config *config = NULL;
    if (config_load(&config, path, error, error_size) != TERN_OK) {
        return NULL;
    }
    struct config_node list = config_get(config_root(config), "psk");
    size_t count = config_count(list);
    struct psk_file *file = calloc(1, sizeof(*file) + (count + 1) * sizeof(struct entry));
    int status = config_is_list(list) && count > 0
                     ? TERN_OK
                     : config_complain(config_root(config), "wants a list under psk");
    for (size_t i = 0; file != NULL && status == TERN_OK && i < count; i++) {
        status = read_entry(&file->entries[i], config_at(list, i));
        file->count = i + 1;
    }
    if (status != TERN_OK || file == NULL) {
        snprintf(error, error_size, "%s", file == NULL ? "out of memory" : config_error(config));
        psk_file_free(file);
        file = NULL;
    }
    config_free(config);
    return file;
}

void psk_file_free(struct psk_file *file)
{
    if (file != NULL) {
        tern_wipe(file->entries, file->count * sizeof(struct entry));
        free(file);
    }
}

static struct tern_bytes identity_of(const struct entry *entry)
{
    return tern_bytes(entry->identity, entry->identity_size);
}

void psk_file_device(const struct psk_file *file, struct tern_bytes *identity,
                     struct tern_bytes *key)
{
    *identity = identity_of(&file->entries[0]);
    *key = tern_bytes(file->entries[0].key, file->entries[0].key_size);
}

void psk_file_find(const struct psk_file *file, struct tern_bytes identity, struct tern_writer *key)
{
    for (size_t i = 0; i < file->count; i++) {
        if (tern_bytes_equal(identity_of(&file->entries[i]), identity)) {
            tern_write(key, tern_bytes(file->entries[i].key, file->entries[i].key_size));
            return;
        }
    }
}
