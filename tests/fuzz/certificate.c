/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate: read, then believed by a provider that believes everything. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/open_crypto.h"

#include "tern/certificate.h"

static void check_slices(const struct tern_certificate *certificate, struct tern_bytes input)
{
    const struct tern_bytes slices[] = {
        certificate->tbs,
        certificate->serial_number,
        certificate->issuer,
        certificate->subject,
        certificate->subject_organization,
        certificate->subject_common_name,
        certificate->subject_serial_number,
        certificate->spki,
        certificate->subject_key_id,
        certificate->authority_key_id,
        certificate->subject_alt_names,
        certificate->registered_id,
        certificate->dns_name,
        certificate->name_constraints,
        certificate->permitted_eins,
        certificate->crl_distribution_points,
    };
    for (size_t i = 0; i < TERN_COUNT_OF(slices); i++) {
        fuzz_check_inside(slices[i], input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_certificate certificate;
    struct tern_fault fault = {NULL, 0};
    struct tern_bytes input = tern_bytes(data, size);
    int error = tern_certificate_parse(&certificate, &fault, input);
    if (error != TERN_OK) {
        FUZZ_CHECK(error < 0);
        FUZZ_CHECK(fault.field != NULL);
        FUZZ_CHECK(fault.offset <= size);
        return 0;
    }
    check_slices(&certificate, input);
    FUZZ_CHECK(certificate.public_key.point[0] == 0x04);
    uint8_t eid[16];
    (void)tern_certificate_eid(&certificate, eid);
    (void)tern_certificate_has_dns_name(&certificate, TERN_BYTES_TEXT("smdp.example"));
    (void)tern_eum_permits(&certificate, &certificate);
    struct tern_anchor anchor;
    if (tern_anchor_from_certificate(&OPEN_CRYPTO, &anchor, &fault, &certificate) != TERN_OK) {
        anchor = (struct tern_anchor){.key_id = certificate.authority_key_id,
                                      .public_key = certificate.public_key,
                                      .not_before = INT64_MIN + 1,
                                      .not_after = INT64_MAX};
    }
    struct tern_trust trust = {.crypto = &OPEN_CRYPTO, .anchors = &anchor, .anchor_count = 1};
    const struct tern_certificate *chain[] = {&certificate, &certificate};
    for (size_t count = 1; count <= 2; count++) {
        (void)tern_chain_verify(&trust, &fault, NULL, chain, count, TERN_ROLE_NONE);
    }
    return 0;
}
