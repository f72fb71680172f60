/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PrepareDownload: the one-time key that a profile will be bound to. SGP.22, 5.7.5; sgp22.md 7.1.
 *
 * A download that broke off may be taken up again: the key pair is kept, with the SM-DP+'s OID,
 * until a profile was installed with it or failed for good. When the SM-DP+ names it
 * (bppEuiccOtpk), it is used once more and the SM-DP+ may send the same package again.
 */
#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/one_time_key.h"
#include "engine/card/trust.h"
#include "tern/messages/es10b.h"

#define CODE(name) TERN_DOWNLOAD_ERROR_CODE_##name
#define KEY_OTSK   STORE_KEY(RECORD_ONE_TIME_KEY, 0, 0)

static int refuse(struct es10 *call, struct tern_bytes transaction_id, int64_t code)
{
    struct tern_prepare_download_response response = {
        .arm = TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_ERROR,
        .download_response_error = {transaction_id, code},
    };
    return es10_encode(call, &TERN_PREPARE_DOWNLOAD_RESPONSE, &response);
}

/** CERT.DPpb: role, the OID of CERT.DPauth, the same CI. */
static int64_t check_certificate(struct es10 *call, struct tern_certificate *certificate,
                                 struct tern_bytes der)
{
    const struct tern_card_session *session = call->card->session;
    uint8_t ci = 0;
    int status = trust_verify_server(call, certificate, &ci, der, TERN_ROLE_DP_PB);
    if (status == TERN_ERR_UNSUPPORTED) return CODE(unsupportedCurve);
    if (status != TERN_OK || ci != session->server_ci) return CODE(invalidCertificate);
    struct tern_bytes oid = tern_bytes(session->server_oid, session->server_oid_size);
    return tern_bytes_equal(certificate->registered_id, oid) ? 0 : CODE(invalidCertificate);
}

/** The checks in their order. @return 0 or a downloadErrorCode. */
static int64_t check(struct es10 *call, const struct tern_prepare_download_request *request,
                     struct tern_certificate *certificate)
{
    const struct tern_card_session *session = call->card->session;
    const struct tern_crypto *crypto = call->card->config.crypto;
    if (!session->authenticated || !session->is_smdp) return CODE(noSessionContext);
    int64_t code = check_certificate(call, certificate, request->smdp_certificate);
    if (code != 0) return code;
    uint8_t tlv[3 + TERN_SIGNATURE_SIZE];
    struct tern_writer signature1 = TERN_WRITER_OF(tlv);
    tern_der_write(&signature1, 0x5F37, TERN_BYTES_OF(session->euicc_signature1));
    struct tern_bytes parts[] = {request->smdp_signed2.raw, tern_writer_bytes(&signature1)};
    if (crypto->ecdsa_verify(crypto->context, &certificate->public_key, request->smdp_signature2,
                             parts, 2) != TERN_OK) {
        return CODE(invalidSignature);
    }
    struct tern_bytes id = tern_bytes(session->transaction_id, session->transaction_id_size);
    if (!tern_bytes_equal(request->smdp_signed2.transaction_id, id)) {
        return CODE(invalidTransactionId);
    }
    return 0;
}

/** The kept key pair, when it is the one that the SM-DP+ names and was made for it. */
static int reuse_key(struct es10 *call, struct tern_bytes otpk, enum tern_curve curve, bool *reused)
{
    struct tern_card_session *session = call->card->session;
    struct tern_bytes data;
    *reused = false;
    if (otpk.data == NULL) return TERN_OK;
    int status = es10_load(call, KEY_OTSK, &data);
    if (status != TERN_OK || data.data == NULL) return status;
    struct one_time_key_record record;
    status = tern_asn_decode(&ONE_TIME_KEY_RECORD, &record, NULL, data);
    if (status != TERN_OK) return status;
    struct tern_bytes oid = tern_bytes(session->server_oid, session->server_oid_size);
    if (tern_bytes_equal(record.point, otpk) && tern_bytes_equal(record.smdp_oid, oid) &&
        record.curve == (int64_t)curve) {
        memcpy(session->otsk, record.scalar.data, sizeof session->otsk);
        memcpy(session->otpk, record.point.data, sizeof session->otpk);
        *reused = true;
    }
    return TERN_OK;
}

static int make_key(struct es10 *call, struct tern_bytes otpk, enum tern_curve curve)
{
    struct tern_card_session *session = call->card->session;
    const struct tern_crypto *crypto = call->card->config.crypto;
    bool reused = false;
    int status = reuse_key(call, otpk, curve, &reused);
    if (status != TERN_OK || reused) return status;
    status = crypto->ec_generate(crypto->context, curve, session->otsk, session->otpk);
    if (status != TERN_OK) return status;
    struct one_time_key_record record = {
        .smdp_oid = tern_bytes(session->server_oid, session->server_oid_size),
        .curve = (int64_t)curve,
        .scalar = TERN_BYTES_OF(session->otsk),
        .point = TERN_BYTES_OF(session->otpk),
    };
    return es10_put(call, KEY_OTSK, &ONE_TIME_KEY_RECORD, &record);
}

int one_time_key_forget(struct tern_card *card)
{
    return store_remove(&card->store, KEY_OTSK);
}

static int answer(struct es10 *call, const struct tern_prepare_download_request *request)
{
    struct tern_card_session *session = call->card->session;
    struct tern_prepare_download_response response = {
        .arm = TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_OK,
    };
    struct tern_prepare_download_response_ok *ok = &response.download_response_ok;
    ok->euicc_signed2 = (struct tern_euicc_signed2){
        .transaction_id = request->smdp_signed2.transaction_id,
        .euicc_otpk = TERN_BYTES_OF(session->otpk),
        .hash_cc = request->hash_cc,
    };
    struct tern_writer signed2 = tern_arena_writer(&call->scratch);
    int status = tern_asn_encode(&TERN_EUICC_SIGNED2, &signed2, &ok->euicc_signed2);
    if (status != TERN_OK) return status;
    ok->euicc_signed2.raw = tern_arena_keep(&call->scratch, &signed2);
    uint8_t tlv[3 + TERN_SIGNATURE_SIZE];
    struct tern_writer signature2 = TERN_WRITER_OF(tlv);
    tern_der_write(&signature2, 0x5F37, request->smdp_signature2);
    struct tern_bytes parts[] = {ok->euicc_signed2.raw, tern_writer_bytes(&signature2)};
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, session->ci, signature, parts, 2);
    if (status != TERN_OK) return status;
    ok->euicc_signature2 = TERN_BYTES_OF(signature);
    return es10_encode(call, &TERN_PREPARE_DOWNLOAD_RESPONSE, &response);
}

int es10_prepare_download(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    struct tern_prepare_download_request request;
    int status = es10_decode(call, &TERN_PREPARE_DOWNLOAD_REQUEST, &request);
    if (status != TERN_OK) return status;
    struct tern_certificate *certificate = tern_arena_take(&call->scratch, sizeof *certificate);
    if (certificate == NULL) return TERN_ERR_NO_SPACE;
    int64_t code = check(call, &request, certificate);
    if (code != 0) return refuse(call, request.smdp_signed2.transaction_id, code);
    session->prepared = true;
    session->dppb_key = certificate->public_key;
    status = make_key(call, request.smdp_signed2.bpp_euicc_otpk, certificate->public_key.curve);
    return status == TERN_OK ? answer(call, &request) : status;
}
