/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the directory of a card. card_create.c makes one. */
#include "host/card/card_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "host/card/card_create.h"
#include "host/config/config.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"

int card_complain(struct card_error *error, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return status;
}

static int take_lock(struct card_host *host, const char *directory, struct card_error *error)
{
    char path[4096];
    if (path_join(path, sizeof path, directory, "lock") != TERN_OK) return TERN_ERR_NO_SPACE;
    host->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (host->lock < 0) {
        return card_complain(error, TERN_ERR_IO, "%s: %s", directory, strerror(errno));
    }
    if (flock(host->lock, LOCK_EX | LOCK_NB) != 0) {
        return card_complain(error, TERN_ERR_CONFLICT, "%s is used by another process", directory);
    }
    return TERN_OK;
}

static const char *text_of(struct config_node root, const char *key)
{
    return config_text(config_get(root, key));
}

static int read_quirks(struct card_host *host, struct config_node list, struct card_error *error)
{
    for (size_t i = 0; i < config_count(list); i++) {
        const char *name = config_text(config_at(list, i));
        if (name == NULL ||
            tern_card_quirk_from_text(&host->config.quirks, tern_bytes_text(name)) != TERN_OK) {
            return card_complain(error, TERN_ERR_MALFORMED, "card.yaml: unknown quirk");
        }
    }
    return TERN_OK;
}

static int read_rat(struct card_host *host, struct config_node node)
{
    const char *text = config_text(node);
    if (text == NULL) return TERN_OK;
    size_t capacity = strlen(text) / 2 + 1;
    host->rat = malloc(capacity);
    if (host->rat == NULL) return TERN_ERR_NO_SPACE;
    struct tern_writer out = tern_writer(host->rat, capacity);
    int status = config_hex(node, &out);
    host->config.rules_authorisation_table = tern_writer_bytes(&out);
    return status;
}

static int read_values(struct card_host *host, struct config_node root, struct card_error *error)
{
    struct tern_card_config *config = &host->config;
    uint64_t memory = CARD_MEMORY_DEFAULT;
    bool t1 = false;
    const char *eid = text_of(root, "eid");
    if (eid == NULL || tern_eid_from_text(config->eid, tern_bytes_text(eid)) != TERN_OK) {
        return card_complain(error, TERN_ERR_MALFORMED, "card.yaml: no eid of 32 digits");
    }
    memcpy(host->eid, eid, 32);
    int status = config_uint(config_get(root, "memory"), 16384, 1u << 28, &memory);
    config->memory = (size_t)memory;
    if (status == TERN_OK) status = config_bool(config_get(root, "t1"), &t1);
    config->protocol = t1 ? TERN_CARD_T1 : TERN_CARD_T0;
    if (status == TERN_OK) status = config_bool(config_get(root, "consumer"), &config->consumer);
    if (status == TERN_OK) {
        status = config_bool(config_get(root, "without-iot"), &config->without_iot);
    }
    if (status == TERN_OK) status = config_bool(config_get(root, "ipae"), &config->ipae_supported);
    if (status == TERN_OK) {
        status = config_bool(config_get(root, "uicc-reset"), &config->refresh_uicc_reset);
    }
    if (status == TERN_OK) status = read_quirks(host, config_get(root, "quirks"), error);
    if (status == TERN_OK) status = read_rat(host, config_get(root, "rat"));
    const char *root_ds = text_of(root, "root-ds");
    if (status == TERN_OK && root_ds != NULL) {
        host->root_ds = strdup(root_ds);
        if (host->root_ds == NULL) return TERN_ERR_NO_SPACE;
        config->root_ds = tern_bytes_text(host->root_ds);
    }
    return status;
}

/** The CI in `pki` on this curve, as the card knows it. */
static int add_ci(struct card_host *host, const char *curve)
{
    const struct tern_pki_entry *ci = NULL;
    while ((ci = tern_pki_find(host->pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
        if (strcmp(tern_curve_name(ci->certificate.public_key.curve), curve) != 0) continue;
        if (host->config.ci_count == TERN_CARD_CI_COUNT_MAX) return TERN_ERR_NO_SPACE;
        struct tern_card_ci *own = &host->cis[host->config.ci_count++];
        own->ci_certificate = ci->certificate.raw;
        const struct tern_pki_entry *euicc = tern_pki_find(host->pki, TERN_PKI_EUICC, host->eid,
                                                           ci->certificate.subject_key_id, NULL);
        if (euicc == NULL || euicc->key.handle == NULL || euicc->issuer == NULL) continue;
        own->euicc_certificate = euicc->certificate.raw;
        own->eum_certificate = euicc->issuer->certificate.raw;
        own->key = euicc->key;
    }
    return TERN_OK;
}

static int read_cis(struct card_host *host, struct config_node curves, const char *directory,
                    struct card_error *error)
{
    char path[4096];
    struct tern_pki_why why = {""};
    if (path_join(path, sizeof path, directory, "pki") != TERN_OK) return TERN_ERR_NO_SPACE;
    host->pki = tern_pki_load(path, 0, TERN_TIME_NONE, &why);
    if (host->pki == NULL) return card_complain(error, TERN_ERR_IO, "%s", why.text);
    int status = TERN_OK;
    for (size_t i = 0; i < config_count(curves) && status == TERN_OK; i++) {
        const char *curve = config_text(config_at(curves, i));
        if (curve != NULL) status = add_ci(host, curve);
    }
    if (status == TERN_OK && host->config.ci_count == 0) {
        return card_complain(error, TERN_ERR_MISSING, "%s: no CI for this card", path);
    }
    host->config.cis = host->cis;
    return status;
}

static int read_configuration(struct card_host *host, const char *directory,
                              struct card_error *error)
{
    char path[4096];
    struct config *config = NULL;
    if (path_join(path, sizeof path, directory, "card.yaml") != TERN_OK) return TERN_ERR_NO_SPACE;
    int status = config_load(&config, path, error->text, sizeof error->text);
    if (status != TERN_OK) return status;
    struct config_node root = config_root(config);
    status = read_values(host, root, error);
    if (status == TERN_OK) status = read_cis(host, config_get(root, "curves"), directory, error);
    if (status != TERN_OK && error->text[0] == 0) {
        card_complain(error, status, "%s", config_error(config));
    }
    config_free(config);
    return status;
}

int card_directory_open(struct card_host *host, const char *directory, struct card_error *error)
{
    memset(host, 0, sizeof *host);
    error->text[0] = 0;
    host->lock = -1;
    host->blocks.fd[0] = -1;
    host->blocks.fd[1] = -1;
    int status = take_lock(host, directory, error);
    if (status == TERN_OK) status = read_configuration(host, directory, error);
    if (status == TERN_OK) {
        status = card_blocks_open_files(&host->blocks, directory,
                                        host->config.memory + TERN_CARD_BANK_SLACK);
    }
    size_t count = TERN_CARD_ENTRY_COUNT(host->config.memory);
    host->entries = calloc(count, sizeof *host->entries);
    if (host->entries == NULL) status = TERN_ERR_NO_SPACE;
    if (status == TERN_OK) {
        host->config.crypto = tern_openssl();
        host->config.blocks = &host->blocks.blocks;
        host->config.entries = host->entries;
        host->config.entry_capacity = count;
        host->config.extra_capability = (1u << 23) | (1u << 24);
        status = tern_card_init(&host->card, &host->config);
    }
    if (status != TERN_OK) {
        if (error->text[0] == 0) {
            card_complain(error, status, "%s: %s", directory, tern_error_text(status));
        }
        card_directory_close(host);
    }
    return status;
}

void card_directory_close(struct card_host *host)
{
    card_blocks_close(&host->blocks);
    tern_pki_free(host->pki);
    free(host->entries);
    free(host->rat);
    free(host->root_ds);
    if (host->lock >= 0) close(host->lock);
    memset(host, 0, sizeof *host);
    host->lock = -1;
}
