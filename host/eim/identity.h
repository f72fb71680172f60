/* SPDX-License-Identifier: Apache-2.0 */
/* Who this eIM is, out of a PKI folder. Private to host/eim. */
#ifndef HOST_EIM_IDENTITY_H
#define HOST_EIM_IDENTITY_H

#include "host/eim/eim_server.h"

struct tern_pki *identity_load(const char *path);
/** An entry with its private key, by name and curve (NULL: any), after another one. */
const struct tern_pki_entry *identity_find(const struct tern_pki *pki, enum tern_pki_kind kind,
                                           const char *name, const char *curve,
                                           const struct tern_pki_entry *after);
/** A0{SubjectPublicKeyInfo} or A1{Certificate}; malloc'ed. */
struct tern_bytes identity_key_data(const struct tern_pki_entry *entry, bool certificate);
/** The number by which devices remember this key. */
uint32_t identity_key_id(const struct tern_pki_entry *entry);
/** Fill the server's identity. False after a log line. */
bool identity_take(struct eim_server *server);
void identity_release(struct eim_server *server);

#endif
