/* SPDX-License-Identifier: Apache-2.0 */
/** The CIs of the card: which it trusts, under which it signs. sgp22.md 2 and 6.3. */
#ifndef ENGINE_CARD_TRUST_H
#define ENGINE_CARD_TRUST_H

#include "engine/card/es10.h"
#include "tern/certificate.h"

#define CI_NONE (-1)

/** Anchors of all CIs, and the loaded revocation lists, in scratch. */
struct card_trust {
    struct tern_trust trust;
    struct tern_anchor anchors[TERN_CARD_CI_COUNT_MAX];
    struct tern_crl crls[TERN_CARD_CI_COUNT_MAX];
};

/** Read the CI certificates and revocation lists. Slices lie in the configuration and scratch. */
int trust_load(struct es10 *call, struct card_trust *trust);

/** SubjectKeyIdentifier of CI number `ci`; absent when its certificate cannot be read. */
struct tern_bytes trust_ci_key_id(const struct tern_card *card, unsigned ci);

/** Can the card sign under this CI? */
bool trust_can_sign(const struct tern_card *card, unsigned ci);
/** The first CI the card signs under, or CI_NONE. */
int trust_first_signing(const struct tern_card *card);
/** The CI with this key identifier that the card signs under, or CI_NONE. */
int trust_find_signing(const struct tern_card *card, struct tern_bytes key_id);

/**
 * Verify a server's certificate up to one of the CIs.
 * @return TERN_OK with `certificate` read and `ci` the index of its CI; else an error of
 *         tern_certificate_parse() or tern_chain_verify().
 */
int trust_verify_server(struct es10 *call, struct tern_certificate *certificate, uint8_t *ci,
                        struct tern_bytes der, enum tern_role role);

#endif
