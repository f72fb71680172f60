/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eligibility: what the eUICC says of itself in EUICCInfo2 against what the profile needs. SGP.22,
 * 3.1.2 and 4.3; sgp22.md 10.3, 15.2. Said too late it costs the device a whole download.
 */
#include "engine/smdp/eligibility.h"

/* extCardResource (TS 102 226): 81 applications | 82 free non-volatile memory | 83 free RAM. */
static bool has_memory(struct tern_bytes ext_card_resource, int64_t needed)
{
    struct tern_tlv free;
    if (tern_der_find(ext_card_resource, 0x82, &free) < 0 || free.value.size > 8) {
        return true; /* It did not say. The installation will. */
    }
    return tern_read_uint(free.value) >= (uint64_t)needed;
}

static bool takes_class(const struct tern_store_metadata_request *metadata,
                        const struct tern_euicc_info2 *info2)
{
    return metadata->profile_class != TERN_PROFILE_CLASS_test ||
           (info2->rsp_capability & TERN_RSP_CAPABILITY_testProfileSupport) != 0;
}

static bool takes_rules(const struct tern_store_metadata_request *metadata,
                        const struct tern_euicc_info2 *info2)
{
    return !metadata->has_profile_policy_rules || !info2->has_forbidden_profile_policy_rules ||
           (metadata->profile_policy_rules & info2->forbidden_profile_policy_rules) == 0;
}

static bool takes_ecall(const struct tern_store_metadata_request *metadata,
                        const struct tern_euicc_info2 *info2)
{
    return !metadata->has_ecall_indication || !metadata->ecall_indication ||
           (info2->has_iot_specific_info && info2->iot_specific_info.ecall_supported);
}

enum tern_status_code eligibility(const struct smdp_profile *profile,
                                  const struct tern_euicc_info2 *info2)
{
    struct tern_store_metadata_request metadata;
    if (tern_asn_decode(&TERN_STORE_METADATA_REQUEST, &metadata, NULL, profile->metadata) < 0) {
        return TERN_STATUS_FUNCTION_FAILED;
    }
    if ((profile->needs & ~info2->uicc_capability) != 0 || !takes_class(&metadata, info2) ||
        !takes_rules(&metadata, info2) || !takes_ecall(&metadata, info2)) {
        return TERN_STATUS_PROFILE_NOT_ELIGIBLE;
    }
    return has_memory(info2->ext_card_resource, profile->memory) ? TERN_STATUS_SUCCESS
                                                                 : TERN_STATUS_EUICC_MEMORY;
}
