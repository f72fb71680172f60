/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eIM as a client of SM-DP+ and SM-DS: ES9+' and ES11' (SGP.32, 3.2.3.2, 3.9.2), always in the
 * JSON binding. An AuthenticateClient answer may be either server's; what it holds tells.
 */
#include "engine/eim/turn.h"

static enum tern_es9plus_function wire_function(enum tern_eim_function function)
{
    switch (function) {
    case TERN_EIM_CALL_INITIATE_AUTHENTICATION:
        return TERN_ES9PLUS_INITIATE_AUTHENTICATION;
    case TERN_EIM_CALL_AUTHENTICATE_CLIENT:
        return TERN_ES9PLUS_AUTHENTICATE_CLIENT;
    case TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE:
        return TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE;
    case TERN_EIM_CALL_HANDLE_NOTIFICATION:
        return TERN_ES9PLUS_HANDLE_NOTIFICATION;
    case TERN_EIM_CALL_CANCEL_SESSION:
        return TERN_ES9PLUS_CANCEL_SESSION;
    case TERN_EIM_CALL_TRANSFER_EIM_PACKAGE:
        break;
    }
    return TERN_ES9PLUS_NONE;
}

static struct tern_bytes encode(struct turn *turn, const struct tern_es9plus_request *request)
{
    struct tern_writer out = tern_arena_writer(turn->arena);
    int error = tern_es9plus_request_encode(&out, TERN_ES9PLUS_JSON, request);
    if (error != TERN_OK) {
        turn_fail(turn, error);
        return TERN_BYTES_NONE;
    }
    return tern_arena_keep(turn->arena, &out);
}

struct tern_bytes es9_initiate(struct turn *turn, struct tern_bytes challenge,
                               struct tern_bytes info1, struct tern_bytes address)
{
    struct tern_es9plus_request request = {.function = TERN_ES9PLUS_INITIATE_AUTHENTICATION,
                                           .euicc_challenge = challenge,
                                           .euicc_info1 = info1,
                                           .smdp_address = address};
    return encode(turn, &request);
}

struct tern_bytes es9_session_call(struct turn *turn, enum tern_eim_function function,
                                   struct tern_bytes transaction, struct tern_bytes message)
{
    struct tern_es9plus_request request = {.function = wire_function(function),
                                           .transaction_id = transaction,
                                           .authenticate_server_response = message,
                                           .prepare_download_response = message,
                                           .pending_notification = message,
                                           .cancel_session_response = message};
    return encode(turn, &request);
}

/* "8.2.6" as 0x080206. */
static int64_t pack(struct tern_bytes text, int parts)
{
    int64_t packed = 0;
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '.') {
            packed = packed << 8 | number;
            number = 0;
            parts--;
        } else if (text.data[i] >= '0' && text.data[i] <= '9') {
            number = (number * 10 + text.data[i] - '0') & 0xFF;
        }
    }
    packed = packed << 8 | number;
    for (parts--; parts > 0; parts--) {
        packed <<= 8;
    }
    return packed;
}

static void copy_members(const struct tern_es9plus_response *response, struct es9_answer *out)
{
    out->transaction = response->transaction_id;
    out->server_signed1 = response->server_signed1;
    out->server_signature1 = response->server_signature1;
    out->ci_key_id = response->euicc_ci_pkid_to_be_used;
    out->certificate = response->server_certificate.data != NULL ? response->server_certificate
                                                                 : response->smdp_certificate;
    out->metadata = response->profile_metadata;
    out->smdp_signed2 = response->smdp_signed2;
    out->smdp_signature2 = response->smdp_signature2;
    out->bound_profile_package = response->bound_profile_package;
}

/* ES11 has another response: look for it when ES9+'s does not fit. */
static bool read_events(struct turn *turn, struct tern_bytes body, struct es9_answer *out)
{
    struct tern_es9plus_response response;
    struct tern_es11_event event;
    if (tern_es9plus_response_decode(&response, TERN_ES9PLUS_JSON, TERN_ES11_AUTHENTICATE_CLIENT,
                                     body, turn->arena, &turn->step->fault) != TERN_OK) {
        return false;
    }
    out->function = TERN_ES11_AUTHENTICATE_CLIENT;
    out->status = response.status;
    if (!tern_status_ok(&response.status)) {
        return true;
    }
    out->has_events = true;
    struct tern_bytes entries = response.event_entries;
    if (tern_es11_next_event(&entries, &event) == 1) {
        out->event_id = event.event_id;
        out->event_address = event.rsp_server_address;
    }
    return true;
}

void es9_read(struct turn *turn, enum tern_eim_function function, const struct tern_eim_answer *in,
              struct es9_answer *out)
{
    struct tern_es9plus_response response;
    *out = (struct es9_answer){.function = wire_function(function)};
    if (in->error != TERN_OK || in->status < 200 || in->status >= 300) {
        return;
    }
    int error = tern_es9plus_response_decode(&response, TERN_ES9PLUS_JSON, out->function, in->body,
                                             turn->arena, &turn->step->fault);
    if (error == TERN_OK) {
        out->reached = true;
        out->status = response.status;
        copy_members(&response, out);
    } else if (function == TERN_EIM_CALL_AUTHENTICATE_CLIENT) {
        out->reached = read_events(turn, in->body, out);
    }
    out->ok = out->reached && tern_status_ok(&out->status);
    if (out->reached && !out->ok) {
        out->subject = pack(out->status.subject_code, 3);
        out->reason = pack(out->status.reason_code, 2);
    }
}

int64_t es9_error(enum tern_eim_function function, const struct es9_answer *answer)
{
    enum tern_es9plus_function wire = answer->function;
    if (!answer->reached) {
        return 127;
    }
    int64_t number = tern_es9plus_error_number(wire, &answer->status);
    if (wire == TERN_ES11_AUTHENTICATE_CLIENT && number == 6) {
        return 56; /* eventIdUnknown has its own number in ESipa */
    }
    if (wire == TERN_ES11_AUTHENTICATE_CLIENT && number == 7) {
        return 10;
    }
    (void)function;
    return number;
}
