/* SPDX-License-Identifier: Apache-2.0 */
/* A revocation list: read, and asked. */
#include "tests/fuzz/fuzz.h"

#include "tern/certificate.h"
#include "tern/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_crl crl;
    struct tern_fault fault = {NULL, 0};
    struct tern_bytes input = tern_bytes(data, size);
    int error = tern_crl_parse(&crl, &fault, input);
    if (error != TERN_OK) {
        FUZZ_CHECK(error < 0);
        FUZZ_CHECK(fault.field != NULL);
        FUZZ_CHECK(fault.offset <= size);
        return 0;
    }
    fuzz_check_inside(crl.tbs, input);
    fuzz_check_inside(crl.issuer, input);
    fuzz_check_inside(crl.entries, input);
    FUZZ_CHECK(crl.total_partial >= 1);
    FUZZ_CHECK(crl.partial_number >= 1);
    /* Whoever stands first in the list is revoked by it. */
    struct tern_bytes rest = crl.entries;
    struct tern_tlv entry, serial;
    struct tern_certificate certificate = {.issuer = crl.issuer};
    if (tern_der_next(&rest, &entry, TERN_DER_STRICT) == 1) {
        FUZZ_CHECK(tern_der_next(&entry.value, &serial, TERN_DER_STRICT) == 1);
        certificate.serial_number = serial.value;
        FUZZ_CHECK(tern_crl_revokes(&crl, &certificate));
    } else {
        FUZZ_CHECK(!tern_crl_revokes(&crl, &certificate));
    }
    return 0;
}
