/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates of an SM-DP+ or SM-DS: see rsp_material.h. */
#include "app/rsp_material.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/store/sqlite_store.h"

static char *without_port(const char *name)
{
    char *copy = strdup(name);
    char *colon = copy == NULL ? NULL : strchr(copy, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    return copy;
}

static const struct tern_pki_entry *find_with_key(const struct tern_pki *pki,
                                                  enum tern_pki_kind kind, const char *name,
                                                  struct tern_bytes ci)
{
    const struct tern_pki_entry *entry = NULL;
    do {
        entry = tern_pki_find(pki, kind, name, ci, entry);
    } while (entry != NULL && (entry->key.handle == NULL || entry->status != TERN_OK));
    return entry;
}

static void add_identity(struct rsp_material *material, struct tern_bytes ci, const char *name,
                         bool smds)
{
    const struct tern_pki_entry *auth =
        find_with_key(material->pki, smds ? TERN_PKI_DS_AUTH : TERN_PKI_DP_AUTH, name, ci);
    const struct tern_pki_entry *pb =
        smds ? NULL : find_with_key(material->pki, TERN_PKI_DP_PB, name, ci);
    if (auth == NULL || (pb == NULL && !smds) || material->identity_count == RSP_IDENTITY_MAX) {
        return;
    }
    struct tern_rsp_identity *identity = &material->identities[material->identity_count++];
    *identity = (struct tern_rsp_identity){.ci = ci,
                                           .auth_certificate = auth->certificate.raw,
                                           .auth_key = auth->key,
                                           .oid = auth->certificate.registered_id};
    if (pb != NULL) {
        identity->pb_certificate = pb->certificate.raw;
        identity->pb_key = pb->key;
    }
}

struct rsp_material *rsp_material_load(const char *dir, const char *name, bool smds)
{
    struct tern_pki_why why = {""};
    struct rsp_material *material = calloc(1, sizeof *material);
    char *host = without_port(name);
    if (material == NULL || host == NULL) {
        free(material);
        free(host);
        return NULL;
    }
    material->pki = tern_pki_load(dir, TERN_PKI_SKIP_EUICCS, (int64_t)time(NULL), &why);
    const struct tern_pki_entry *ci = NULL;
    while (material->pki != NULL &&
           (ci = tern_pki_find(material->pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
        add_identity(material, ci->certificate.subject_key_id, host, smds);
    }
    const struct tern_pki_entry *tls =
        material->pki == NULL
            ? NULL
            : find_with_key(material->pki, smds ? TERN_PKI_DS_TLS : TERN_PKI_DP_TLS, host,
                            TERN_BYTES_NONE);
    if (material->identity_count == 0 || tls == NULL ||
        tls_material_from_entry(&material->tls, tls) != TERN_OK) {
        fprintf(stderr, "tern: %s has no valid %s for %s%s%s\n", dir,
                material->identity_count == 0 ? (smds ? "DSauth" : "DPauth and DPpb") : "TLS", host,
                why.text[0] == '\0' ? "" : ": ", why.text);
        free(host);
        rsp_material_free(material);
        return NULL;
    }
    free(host);
    size_t size;
    material->anchor_data = tls_anchors_of(material->pki, &size);
    material->anchors = tern_bytes(material->anchor_data, size);
    return material;
}

void rsp_material_free(struct rsp_material *material)
{
    if (material != NULL) {
        tls_material_free(&material->tls);
        free(material->anchor_data);
        tern_pki_free(material->pki);
        free(material);
    }
}

void rsp_material_apply(const struct rsp_material *material, struct tern_rsp_server *server)
{
    server->identities = material->identities;
    server->identity_count = material->identity_count;
    server->trust = tern_pki_trust(material->pki, 0);
}

int rsp_secret_load(const char *data, uint8_t *secret, size_t size)
{
    char path[512];
    uint8_t *content = NULL;
    size_t content_size = 0;
    if (folder_make(data, 0700) != TERN_OK ||
        path_join(path, sizeof path, data, "secret.key") != TERN_OK) {
        fprintf(stderr, "tern: cannot make %s\n", data);
        return TERN_ERR_IO;
    }
    int status = file_read(path, size, &content, &content_size);
    if (status == TERN_ERR_NOT_FOUND) {
        const struct tern_crypto *crypto = tern_openssl();
        status = crypto->random(crypto->context, secret, size);
        return status < 0 ? status : file_write(path, tern_bytes(secret, size), 0600);
    }
    if (status == TERN_OK && content_size == size) {
        memcpy(secret, content, size);
    } else {
        fprintf(stderr, "tern: %s is no key file of this version\n", path);
        status = TERN_ERR_MALFORMED;
    }
    if (content != NULL) {
        tern_wipe(content, content_size);
        free(content);
    }
    return status;
}

void rsp_server_defaults(struct tern_rsp_server *server, const char *address)
{
    static const uint8_t SVN_MIN[3] = {2, 0, 0};
    static const uint8_t SVN_MAX[3] = {2, 255, 255};
    server->crypto = tern_openssl();
    server->address = tern_bytes_text(address);
    memcpy(server->svn_min, SVN_MIN, sizeof SVN_MIN);
    memcpy(server->svn_max, SVN_MAX, sizeof SVN_MAX);
    server->session_lifetime_s = 3600;
}

/* Newest change below the PKI directory, one level of folders deep. */
static int64_t newest_change(const char *path, int depth)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return 0;
    }
    int64_t newest = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
    DIR *dir = S_ISDIR(info.st_mode) && depth > 0 ? opendir(path) : NULL;
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char child[1024];
        int size = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && size > 0 && (size_t)size < sizeof child) {
            int64_t changed = newest_change(child, depth - 1);
            newest = changed > newest ? changed : newest;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return newest;
}

bool rsp_pki_changed(const char *dir)
{
    static int64_t last;
    int64_t change = newest_change(dir, 4);
    bool changed = last != 0 && change != last;
    last = change;
    return changed;
}

int rsp_backup(struct sqlite_store *store, const char *database, struct tern_bytes secret,
               const char *target)
{
    char path[600];
    int status = folder_make(target, 0700);
    if (status == TERN_OK && (status = path_join(path, sizeof path, target, database)) == TERN_OK) {
        status = sqlite_store_backup(store, path);
    }
    if (status == TERN_OK &&
        (status = path_join(path, sizeof path, target, "secret.key")) == TERN_OK) {
        status = file_write(path, secret, 0600);
    }
    if (status < 0) {
        fprintf(stderr, "tern: cannot back up to %s: %s\n", target, tern_error_text(status));
    }
    return status < 0 ? 2 : 0;
}
