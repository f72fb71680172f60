/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believing an eUICC: its chain up to a CI once (SGP.32, 2.10; sgp32.md 9), then every signature
 * with the key that chain proved. The key is kept in the device record so that a result costs one
 * verification; the certificates it came from lie in eim.data.
 */
#include <string.h>

#include "engine/eim/turn.h"

static struct tern_trust trust_now(const struct turn *turn)
{
    struct tern_trust trust = *turn->eim->trust;
    trust.crypto = turn->eim->crypto;
    trust.now = (int64_t)(turn->now_ms / 1000);
    return trust;
}

int adopt_chain(struct turn *turn, struct tern_eim_device *device,
                struct tern_eim_device_data *data, struct tern_bytes euicc_certificate,
                struct tern_bytes eum_certificate)
{
    struct tern_certificate euicc;
    struct tern_certificate eum;
    struct tern_fault *fault = &turn->step->fault;
    int error = tern_certificate_parse(&euicc, fault, euicc_certificate);
    if (error == TERN_OK) {
        error = tern_certificate_parse(&eum, fault, eum_certificate);
    }
    if (error != TERN_OK) {
        return TERN_ERR_CERTIFICATE;
    }
    uint8_t eid[TERN_EID_SIZE];
    error = tern_certificate_eid(&euicc, eid);
    if (error != TERN_OK || memcmp(eid, device->eid, TERN_EID_SIZE) != 0) {
        *fault = (struct tern_fault){"the EID of the eUICC certificate is another one", 0};
        return TERN_ERR_CERTIFICATE;
    }
    const struct tern_certificate *chain[] = {&euicc, &eum};
    struct tern_trust trust = trust_now(turn);
    const struct tern_anchor *anchor = NULL;
    error = tern_chain_verify(&trust, fault, &anchor, chain, 2, TERN_ROLE_EUICC);
    if (error != TERN_OK) {
        return error;
    }
    if (device->ci_key_id.size != 0 && !tern_bytes_equal(device->ci_key_id, anchor->key_id)) {
        *fault = (struct tern_fault){"another CI than this eIM's configuration names", 1};
        return TERN_ERR_CERTIFICATE;
    }
    device->curve = euicc.public_key.curve;
    device->euicc_key = turn_copy(turn, TERN_BYTES_OF(euicc.public_key.point));
    data->euicc_certificate = euicc_certificate;
    data->eum_certificate = eum_certificate;
    return turn->error;
}

/* SEQUENCE{r, s} as r | s, when 5F37 holds that. */
static struct tern_bytes plain_signature(struct turn *turn, struct tern_eim_device *device,
                                         struct tern_bytes signature)
{
    if (signature.size == TERN_SIGNATURE_SIZE || signature.size == 0 || signature.data[0] != 0x30) {
        return signature;
    }
    uint8_t *plain = (uint8_t *)turn_take(turn, TERN_SIGNATURE_SIZE);
    if (plain == NULL || tern_signature_from_der(plain, signature) != TERN_OK) {
        return signature;
    }
    learn_quirk(turn, device, TERN_EIM_QUIRK_DER_SIGNATURE);
    return tern_bytes(plain, TERN_SIGNATURE_SIZE);
}

bool euicc_signed(struct turn *turn, struct tern_eim_device *device, struct tern_bytes signature,
                  const struct tern_bytes *parts, size_t count)
{
    if (device->curve == TERN_CURVE_NONE || device->euicc_key.size != TERN_POINT_SIZE) {
        return false;
    }
    int64_t quirks = device->quirks;
    struct tern_bytes plain = plain_signature(turn, device, signature);
    if (plain.size != TERN_SIGNATURE_SIZE) {
        return false;
    }
    struct tern_public_key key = {.curve = (enum tern_curve)device->curve};
    memcpy(key.point, device->euicc_key.data, TERN_POINT_SIZE);
    const struct tern_crypto *crypto = turn->eim->crypto;
    int error = crypto->ecdsa_verify(crypto->context, &key, plain, parts, count);
    if (error != TERN_OK) {
        device->quirks = quirks; /* a forgery teaches nothing */
    }
    if (error == TERN_ERR_CRYPTO) {
        turn_fail(turn, error);
    }
    return error == TERN_OK;
}

struct tern_bytes untag_certificate(struct turn *turn, struct tern_bytes value)
{
    if (value.data == NULL) {
        return value;
    }
    struct tern_tlv tlv;
    if (tern_der_single(value, &tlv, TERN_DER_LONG_LENGTHS) == TERN_OK && tlv.tag == 0x30) {
        turn->quirks_seen |= TERN_EIM_QUIRK_NESTED_CERTIFICATE;
        return value; /* nested: sgp32.md 0.1, rule 4 */
    }
    return turn_wrap(turn, 0x30, &value, 1);
}

bool certificate_eid(struct tern_bytes certificate, uint8_t eid[16])
{
    struct tern_certificate parsed;
    return certificate.data != NULL &&
           tern_certificate_parse(&parsed, NULL, certificate) == TERN_OK &&
           tern_certificate_eid(&parsed, eid) == TERN_OK;
}

void learn_quirk(struct turn *turn, struct tern_eim_device *device, int64_t quirk)
{
    if ((device->quirks & quirk) == quirk) {
        return;
    }
    device->quirks |= quirk;
    turn_event(turn, TERN_EIM_EVENT_QUIRK, device->eid, 0, quirk);
}
