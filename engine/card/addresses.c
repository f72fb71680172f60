/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default SM-DP+ address and the root SM-DS. SGP.22, 5.7.3 and 5.7.4; SGP.32, 5.9.25.
 * An empty address removes the stored one.
 */
#include "engine/card/functions.h"
#include "engine/card/settings.h"
#include "tern/messages/es10c.h"

#define KEY_DEFAULT_DP STORE_KEY(RECORD_DEFAULT_DP, 0, 0)

int es10_get_configured_addresses(struct es10 *call)
{
    int status = es10_decode(call, &TERN_EUICC_CONFIGURED_ADDRESSES_REQUEST, NULL);
    if (status != TERN_OK) return status;
    struct tern_euicc_configured_addresses_response response = {
        .root_ds_address = call->card->config.root_ds,
    };
    if (response.root_ds_address.data == NULL) response.root_ds_address = TERN_BYTES_TEXT("");
    status = es10_load(call, KEY_DEFAULT_DP, &response.default_dp_address);
    if (status != TERN_OK) return status;
    return es10_encode(call, &TERN_EUICC_CONFIGURED_ADDRESSES_RESPONSE, &response);
}

int settings_set_default_dp(struct tern_card *card, struct tern_bytes address)
{
    if (address.size > TERN_ADDRESS_SIZE) return TERN_ERR_RANGE;
    if (address.size == 0) return store_remove(&card->store, KEY_DEFAULT_DP);
    return state_put(card, KEY_DEFAULT_DP, address);
}

int es10_set_default_dp_address(struct es10 *call)
{
    struct tern_set_default_dp_address_request request;
    /* BF3F and BF65 differ in nothing but their tag. */
    int status = tern_asn_decode_as(&TERN_SET_DEFAULT_DP_ADDRESS_REQUEST, &request, NULL,
                                    call->command, TERN_ASN_ANY_TAG, ES10_MERCY);
    if (status != TERN_OK) return status;
    status = settings_set_default_dp(call->card, request.default_dp_address);
    if (status == TERN_ERR_IO) return status;
    struct tern_tlv tlv;
    (void)tern_der_single(call->command, &tlv, TERN_DER_LONG_LENGTHS);
    return es10_code(call, tlv.tag,
                     status == TERN_OK ? TERN_SET_DEFAULT_DP_ADDRESS_RESULT_ok
                                       : TERN_SET_DEFAULT_DP_ADDRESS_RESULT_undefinedError);
}
