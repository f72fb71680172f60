/* SPDX-License-Identifier: Apache-2.0 */
/* The CIs of the card. An eUICC has no clock: validity is not looked at (sgp22.md 2.4, 7). */
#include "engine/card/trust.h"

static int load_crl(struct es10 *call, struct card_trust *trust, unsigned ci)
{
    struct tern_bytes der;
    int status = es10_load(call, STORE_KEY(RECORD_CRL, ci, 0), &der);
    if (status != TERN_OK || der.data == NULL) return status;
    struct tern_crl *crl = &trust->crls[trust->trust.crl_count];
    status = tern_crl_parse(crl, NULL, der);
    if (status == TERN_OK) trust->trust.crl_count++;
    return status;
}

int trust_load(struct es10 *call, struct card_trust *trust)
{
    const struct tern_card_config *config = &call->card->config;
    trust->trust = (struct tern_trust){
        .crypto = config->crypto,
        .anchors = trust->anchors,
        .now = TERN_TIME_NONE,
        .crls = trust->crls,
    };
    for (unsigned ci = 0; ci < config->ci_count; ci++) {
        struct tern_certificate certificate;
        int status = tern_certificate_parse(&certificate, NULL, config->cis[ci].ci_certificate);
        if (status == TERN_OK) {
            struct tern_anchor *anchor = &trust->anchors[trust->trust.anchor_count];
            status = tern_anchor_from_certificate(config->crypto, anchor, NULL, &certificate);
        }
        if (status != TERN_OK) return status;
        trust->trust.anchor_count++;
        status = load_crl(call, trust, ci);
        if (status != TERN_OK) return status;
    }
    return TERN_OK;
}

struct tern_bytes trust_ci_key_id(const struct tern_card *card, unsigned ci)
{
    struct tern_certificate certificate;
    if (ci >= card->config.ci_count ||
        tern_certificate_parse(&certificate, NULL, card->config.cis[ci].ci_certificate) !=
            TERN_OK) {
        return TERN_BYTES_NONE;
    }
    return certificate.subject_key_id;
}

bool trust_can_sign(const struct tern_card *card, unsigned ci)
{
    return ci < card->config.ci_count && card->config.cis[ci].key.handle != NULL &&
           card->config.cis[ci].euicc_certificate.data != NULL;
}

int trust_first_signing(const struct tern_card *card)
{
    for (unsigned ci = 0; ci < card->config.ci_count; ci++) {
        if (trust_can_sign(card, ci)) return (int)ci;
    }
    return CI_NONE;
}

int trust_find_signing(const struct tern_card *card, struct tern_bytes key_id)
{
    for (unsigned ci = 0; ci < card->config.ci_count; ci++) {
        if (trust_can_sign(card, ci) && tern_bytes_equal(trust_ci_key_id(card, ci), key_id)) {
            return (int)ci;
        }
    }
    return CI_NONE;
}

int trust_verify_server(struct es10 *call, struct tern_certificate *certificate, uint8_t *ci,
                        struct tern_bytes der, enum tern_role role)
{
    struct card_trust *trust = tern_arena_take(&call->scratch, sizeof *trust);
    if (trust == NULL) return TERN_ERR_NO_SPACE;
    int status = trust_load(call, trust);
    if (status == TERN_OK) status = tern_certificate_parse(certificate, NULL, der);
    if (status != TERN_OK) return status;
    const struct tern_certificate *chain[] = {certificate};
    const struct tern_anchor *anchor = NULL;
    status = tern_chain_verify(&trust->trust, NULL, &anchor, chain, 1, role);
    if (status == TERN_OK) *ci = (uint8_t)(anchor - trust->anchors);
    return status;
}
