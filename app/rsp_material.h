/* SPDX-License-Identifier: Apache-2.0 */
/* What `tern smdp` and `tern smds` load from a PKI directory and keep in a data directory. */
#ifndef APP_RSP_MATERIAL_H
#define APP_RSP_MATERIAL_H

#include "host/pki/tls_material.h"
#include "tern/rsp_server.h"

#define RSP_IDENTITY_MAX 8

/* Certificates and keys of one server. Everything borrows from `pki`. */
struct rsp_material {
    struct tern_pki *pki;
    struct tern_rsp_identity identities[RSP_IDENTITY_MAX];
    size_t identity_count;
    struct tls_material tls;
    uint8_t *anchor_data;
    struct tern_bytes anchors; /* in it */
};

/*
 * Load what the server `name` (an FQDN) has under every CI of the directory. `smds` asks for DSauth
 * and DStls instead of DPauth, DPpb and DPtls. NULL with a message on stderr.
 */
struct rsp_material *rsp_material_load(const char *dir, const char *name, bool smds);
void rsp_material_free(struct rsp_material *material);

/* True when something below the directory was changed since the last call. One directory a process.
 */
bool rsp_pki_changed(const char *dir);

/* Fill in what depends on the material: identities and trust. */
void rsp_material_apply(const struct rsp_material *material, struct tern_rsp_server *server);

/* The secret file of a data directory, 0600, made when it is not there. Message on stderr. */
int rsp_secret_load(const char *data, uint8_t *secret, size_t size);

/* Copy store and secret to the folder `target` while a server runs. Exit status, message on stderr.
 */
struct sqlite_store;
int rsp_backup(struct sqlite_store *store, const char *database, struct tern_bytes secret,
               const char *target);

/* Defaults that both servers share. */
void rsp_server_defaults(struct tern_rsp_server *server, const char *address);

#endif
