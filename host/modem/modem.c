/* SPDX-License-Identifier: Apache-2.0 */
/* Attach: the card's identity, the networks in coverage, AKA between the two. See modem.h. */
#include "host/modem/modem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/config/config.h"
#include "host/modem/card.h"
#include "host/network/network.h"

#define COVERAGE_MAX 16

struct cell {
    char plmn[8];
    char address[260];
};

const char *modem_cause_name(enum modem_cause cause)
{
    static const char *const NAMES[] = {"attached",    "no-sim",          "pin-needed",
                                        "no-coverage", "refused",         "wrong-network",
                                        "wrong-keys",  "network-failure", "card-failure"};
    return (size_t)cause < TERN_COUNT_OF(NAMES) ? NAMES[cause] : "unknown";
}

static bool fail(struct modem_result *result, enum modem_cause cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail(struct modem_result *result, enum modem_cause cause, const char *format, ...)
{
    va_list arguments;
    result->cause = cause;
    va_start(arguments, format);
    vsnprintf(result->why, sizeof result->why, format, arguments);
    va_end(arguments);
    return false;
}

/* A file that cannot be read is no coverage. */
static size_t read_coverage(const char *path, struct cell cells[COVERAGE_MAX])
{
    struct config *config;
    char error[256];
    size_t count = 0;
    if (path == NULL || config_load(&config, path, error, sizeof error) != TERN_OK) return 0;
    struct config_node list = config_get(config_root(config), "networks");
    for (size_t i = 0; i < config_count(list) && count < COVERAGE_MAX; i++) {
        const char *plmn = config_text(config_get(config_at(list, i), "plmn"));
        const char *address = config_text(config_get(config_at(list, i), "address"));
        if (plmn == NULL || address == NULL) continue;
        snprintf(cells[count].plmn, sizeof cells[count].plmn, "%s", plmn);
        snprintf(cells[count].address, sizeof cells[count].address, "%s", address);
        count++;
    }
    config_free(config);
    return count;
}

static cJSON *message(const char *name, cJSON **body)
{
    cJSON *object = cJSON_CreateObject();
    *body = cJSON_AddObjectToObject(object, name);
    return object;
}

/* Send, and take the answer; NULL when the network is gone. */
static cJSON *ask(struct wire *wire, cJSON *object)
{
    return wire_send(wire, object) == TERN_OK ? wire_receive(wire) : NULL;
}

/* One AKA run: what the card says to a challenge becomes the next message. */
struct run {
    struct modem *modem;
    struct modem_result *result;
    struct wire *wire;
    struct card_answer answer;
    uint8_t nonce[64];
    size_t nonce_size;
};

static cJSON *answer_message(struct run *run)
{
    cJSON *body, *object;
    uint8_t confirm[32];
    const struct card_answer *answer = &run->answer;
    if (answer->sw != 0x9000) {
        object = message("auth_failure", &body);
        cJSON_AddStringToObject(body, "cause", answer->sw == 0x9862 ? "mac" : "card");
        return object;
    }
    if (answer->sync_failure) {
        object = message("sync_failure", &body);
        wire_add_hex(body, "auts", TERN_BYTES_OF(answer->auts));
        run->result->resynchronised = true;
        return object;
    }
    object = message("response", &body);
    (void)network_confirmation(confirm, "card", answer->ck, answer->ik,
                               tern_bytes(run->nonce, run->nonce_size));
    wire_add_hex(body, "res", tern_bytes(answer->res, answer->res_size));
    wire_add_hex(body, "confirm", TERN_BYTES_OF(confirm));
    return object;
}

/* NULL with the result filled when the challenge cannot be answered at all. */
static cJSON *take_challenge(struct run *run, const cJSON *body)
{
    uint8_t rand[16], autn[16];
    struct tern_writer rand_out = TERN_WRITER_OF(rand), autn_out = TERN_WRITER_OF(autn);
    struct tern_writer nonce_out = TERN_WRITER_OF(run->nonce);
    if (wire_get_hex(body, "rand", &rand_out, 16, 16) != TERN_OK ||
        wire_get_hex(body, "autn", &autn_out, 16, 16) != TERN_OK ||
        wire_get_hex(body, "nonce", &nonce_out, 8, 64) != TERN_OK) {
        fail(run->result, MODEM_NETWORK_FAILURE, "the network's challenge cannot be read");
        return NULL;
    }
    run->nonce_size = nonce_out.size;
    int status = card_authenticate(run->modem->reader, &run->answer, rand, autn);
    if (status != TERN_OK) {
        fail(run->result, MODEM_CARD_FAILURE, "AUTHENTICATE: %s", tern_error_text(status));
        return NULL;
    }
    if (run->answer.sw == 0x6982) {
        fail(run->result, MODEM_PIN_NEEDED, "the USIM wants PIN1 before it authenticates");
        return NULL;
    }
    if (run->answer.sw == 0x9862) {
        fail(run->result, MODEM_WRONG_NETWORK,
             "the USIM finds the network's MAC wrong (9862): its key or OPc is another one");
    } else if (run->answer.sw != 0x9000) {
        fail(run->result, MODEM_CARD_FAILURE, "AUTHENTICATE answered %04X", run->answer.sw);
    }
    return answer_message(run);
}

static bool take_accept(struct run *run, const cJSON *body)
{
    uint8_t confirm[32], expected[32];
    struct tern_writer out = TERN_WRITER_OF(confirm);
    int status = network_confirmation(expected, "network", run->answer.ck, run->answer.ik,
                                      tern_bytes(run->nonce, run->nonce_size));
    if (status != TERN_OK || wire_get_hex(body, "confirm", &out, 32, 32) != TERN_OK ||
        run->answer.res_size == 0 || !tern_constant_time_equal(confirm, expected, 32)) {
        return fail(run->result, MODEM_WRONG_KEYS,
                    "the network does not hold the CK and IK that the USIM computed");
    }
    snprintf(run->result->plmn, sizeof run->result->plmn, "%.7s", wire_text(body, "plmn"));
    snprintf(run->result->network_name, sizeof run->result->network_name, "%.63s",
             wire_text(body, "name"));
    run->result->cause = MODEM_ATTACHED;
    run->result->why[0] = '\0';
    return true;
}

/* Follow the network until it accepts or refuses. */
static bool run_dialogue(struct run *run)
{
    cJSON *body, *next = message("attach", &body);
    cJSON_AddStringToObject(body, "imsi", run->modem->imsi);
    for (unsigned i = 0; i < 4 && next != NULL; i++) {
        cJSON *reply = ask(run->wire, next);
        next = NULL;
        if (reply == NULL) return fail(run->result, MODEM_NETWORK_FAILURE, "the network is silent");
        const cJSON *challenge = cJSON_GetObjectItemCaseSensitive(reply, "challenge");
        const cJSON *accept = cJSON_GetObjectItemCaseSensitive(reply, "accept");
        const cJSON *reject = cJSON_GetObjectItemCaseSensitive(reply, "reject");
        bool attached = false;
        if (challenge != NULL) {
            next = take_challenge(run, challenge);
        } else if (accept != NULL) {
            attached = take_accept(run, accept);
        } else if (reject != NULL && run->result->why[0] == '\0') {
            fail(run->result, MODEM_REFUSED, "%.60s: %.180s", wire_text(reject, "cause"),
                 wire_text(reject, "why"));
        }
        cJSON_Delete(reply);
        if (attached) return true;
    }
    cJSON_Delete(next);
    return false;
}

static bool try_network(struct modem *modem, struct modem_result *result, const struct cell *cell)
{
    struct wire wire;
    struct run run = {.modem = modem, .result = result, .wire = &wire};
    snprintf(result->plmn, sizeof result->plmn, "%.7s", cell->plmn);
    result->why[0] = '\0';
    if (wire_connect(&wire, cell->address) != TERN_OK) {
        return fail(result, MODEM_NETWORK_FAILURE, "the network %s does not answer", cell->plmn);
    }
    bool attached = run_dialogue(&run);
    wire_close(&wire);
    tern_wipe(&run.answer, sizeof run.answer);
    if (!attached) return false;
    modem->registered = true;
    memcpy(modem->plmn, result->plmn, sizeof modem->plmn);
    memcpy(modem->address, cell->address, sizeof modem->address);
    return true;
}

/* ICCID and IMSI, with PIN1 when it is asked for. */
static bool read_card(struct modem *modem, struct modem_result *result)
{
    uint16_t sw = 0;
    int status = card_iccid(modem->reader, modem->iccid);
    memcpy(result->iccid, modem->iccid, sizeof result->iccid);
    if (status == TERN_OK) status = card_imsi(modem->reader, modem->imsi, &sw);
    if (status == TERN_ERR_NOT_FOUND) {
        return fail(result, MODEM_NO_SIM, "the card has no USIM: no profile is enabled (%04X)", sw);
    }
    if (status == TERN_OK && sw == 0x6982 && modem->pin != NULL) {
        status = card_verify_pin(modem->reader, modem->pin, &sw);
        if (status == TERN_OK && sw == 0x9000) status = card_imsi(modem->reader, modem->imsi, &sw);
    }
    memcpy(result->imsi, modem->imsi, sizeof result->imsi);
    if (status != TERN_OK) {
        return fail(result, MODEM_NO_SIM, "the card cannot be read: %s", tern_error_text(status));
    }
    if (sw == 0x6982 || sw >> 4 == 0x63C || sw == 0x6983) {
        return fail(result, MODEM_PIN_NEEDED, "the USIM wants PIN1 (%04X)", sw);
    }
    if (sw != 0x9000) return fail(result, MODEM_CARD_FAILURE, "EF.IMSI answered %04X", sw);
    return true;
}

bool modem_attach(struct modem *modem, struct modem_result *result)
{
    struct cell cells[COVERAGE_MAX];
    *result = (struct modem_result){0};
    modem_detach(modem);
    if (!read_card(modem, result)) return false;
    size_t count = read_coverage(modem->coverage, cells);
    if (count == 0) return fail(result, MODEM_NO_COVERAGE, "no network is in reach");
    for (int home = 1; home >= 0; home--) { /* the home network first */
        for (size_t i = 0; i < count; i++) {
            bool is_home = strncmp(modem->imsi, cells[i].plmn, strlen(cells[i].plmn)) == 0;
            if (is_home != (home == 1)) continue;
            if (try_network(modem, result, &cells[i])) return true;
        }
    }
    return false;
}

bool modem_data(struct modem *modem)
{
    struct cell cells[COVERAGE_MAX];
    struct wire wire;
    bool reachable = false, flows = false;
    if (!modem->registered) return false;
    size_t count = read_coverage(modem->coverage, cells);
    for (size_t i = 0; i < count; i++) {
        reachable = reachable || strcmp(cells[i].plmn, modem->plmn) == 0;
    }
    if (reachable && wire_connect(&wire, modem->address) == TERN_OK) {
        cJSON *body, *object = message("data", &body);
        cJSON_AddStringToObject(body, "plmn", modem->plmn);
        cJSON_AddStringToObject(body, "imsi", modem->imsi);
        cJSON *reply = ask(&wire, object);
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(reply, "data");
        flows = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "flows"));
        cJSON_Delete(reply);
        wire_close(&wire);
    }
    if (!flows) modem_detach(modem);
    return flows;
}

void modem_detach(struct modem *modem)
{
    modem->registered = false;
    modem->plmn[0] = '\0';
    modem->address[0] = '\0';
}
