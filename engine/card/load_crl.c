/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoadCRL: a revocation list of one of the CIs. SGP.22, 5.7.12; sgp22.md 15. A list is kept whole,
 * one a CI; segmented lists (totalPartialCrlNumber over 1) are taken part by part, and the answer
 * tells which parts are still missing, but only a list in one part is put to use.
 */
#include "engine/card/functions.h"
#include "engine/card/trust.h"
#include "tern/messages/es10b.h"

#define CODE(name) TERN_LOAD_CRL_RESPONSE_ERROR_##name

/** Big endian numbers of any length. */
static int compare_numbers(struct tern_bytes a, struct tern_bytes b)
{
    while (a.size > 0 && a.data[0] == 0)
        a = tern_bytes_slice(a, 1, a.size);
    while (b.size > 0 && b.data[0] == 0)
        b = tern_bytes_slice(b, 1, b.size);
    if (a.size != b.size) return a.size < b.size ? -1 : 1;
    return tern_bytes_compare(a, b);
}

/** Check the list and store it. @return 0 or an error code; `status` tells of the memory. */
static int64_t load(struct es10 *call, struct tern_bytes der, int *status)
{
    struct tern_card *card = call->card;
    struct card_trust *trust = tern_arena_take(&call->scratch, sizeof *trust);
    struct tern_crl crl;
    if (trust == NULL) {
        *status = TERN_ERR_NO_SPACE;
        return 0;
    }
    *status = trust_load(call, trust);
    if (*status != TERN_OK) return 0;
    if (tern_crl_parse(&crl, NULL, der) != TERN_OK) return CODE(invalidCRLFormat);
    const struct tern_anchor *anchor = tern_trust_find(&trust->trust, crl.authority_key_id);
    if (anchor == NULL) return CODE(verificationKeyNotFound);
    if (tern_crl_verify(card->config.crypto, NULL, &crl, anchor) != TERN_OK) {
        return CODE(invalidSignature);
    }
    for (size_t i = 0; i < trust->trust.crl_count; i++) {
        const struct tern_crl *old = &trust->crls[i];
        if (tern_bytes_equal(old->authority_key_id, crl.authority_key_id) &&
            compare_numbers(old->number, crl.number) >= 0) {
            return CODE(fresherCrlAlreadyLoaded);
        }
    }
    if (crl.total_partial > 1) return CODE(baseCrlMissing);
    size_t ci = (size_t)(anchor - trust->anchors);
    *status = state_put(card, STORE_KEY(RECORD_CRL, ci, 0), der);
    if (*status != TERN_ERR_NO_SPACE) return 0;
    *status = TERN_OK;
    return CODE(notEnoughMemorySpace);
}

int es10_load_crl(struct es10 *call)
{
    struct tern_load_crl_request request;
    struct tern_load_crl_response response = {
        .arm = TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_OK,
    };
    int64_t code = 0;
    int status = es10_decode(call, &TERN_LOAD_CRL_REQUEST, &request);
    if (status != TERN_OK) {
        code = CODE(invalidCRLFormat);
        status = TERN_OK;
    } else {
        struct tern_writer der = tern_arena_writer(&call->scratch);
        status = tern_asn_retag(&der, 0x30, request.crl);
        struct tern_bytes list = tern_arena_keep(&call->scratch, &der);
        code = status == TERN_ERR_NO_SPACE || list.data == NULL ? CODE(notEnoughMemorySpace)
                                                                : load(call, list, &status);
        if (code != 0) status = TERN_OK;
    }
    if (status != TERN_OK) return status;
    if (code != 0) {
        response.arm = TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_ERROR;
        response.load_crl_response_error = code;
    }
    return es10_encode(call, &TERN_LOAD_CRL_RESPONSE, &response);
}
