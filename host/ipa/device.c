/* SPDX-License-Identifier: Apache-2.0 */
/* A device with an IPA; see device.h. One function an action, each says what happened as an event.
 */
#include "host/ipa/device.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/config/files.h"
#include "host/loop/loop.h"

#define STATE_FILE "ipa.state"

/* ---- Trace: whole messages, only when asked for ---- */

static void trace_begin(struct device *device)
{
    device->trace_size = 0;
}

static void trace_add(struct device *device, struct tern_bytes piece)
{
    if (device->trace == NULL || piece.size == 0) {
        return;
    }
    if (device->trace_size + piece.size > device->trace_capacity) {
        size_t capacity = (device->trace_size + piece.size) * 2;
        uint8_t *data = realloc(device->trace_data, capacity);
        if (data == NULL) {
            return;
        }
        device->trace_data = data;
        device->trace_capacity = capacity;
    }
    memcpy(device->trace_data + device->trace_size, piece.data, piece.size);
    device->trace_size += piece.size;
}

/* Rows that go to either server are named without their interface. */
static const char *interface_of(const struct device *device)
{
    static const char *const NAMES[] = {"ESipa.", "ES9+.", "ES11.", "ESipa."};
    return strchr(device->exchange.name, '.') != NULL ? "" : NAMES[device->action.peer];
}

static void trace_end(struct device *device, const char *half, bool json)
{
    char name[96];
    if (device->trace == NULL) {
        return;
    }
    snprintf(name, sizeof(name), "%s%s-%s", interface_of(device), device->exchange.name, half);
    trace_message(device->trace, name, json ? "json" : "der",
                  tern_bytes(device->trace_data, device->trace_size));
    trace_begin(device);
}

/* ---- The card ---- */

static struct tern_ipa_event event_of(enum tern_ipa_event_kind kind)
{
    return (struct tern_ipa_event){.kind = kind, .now_ms = loop_now_ms()};
}

/* Nothing has to prove the enabled profile any more (host/ipa/radio.h). */
static void settle(struct device *device, bool settled)
{
    const struct device_modem *modem = &device->options.modem;
    if (settled && modem->settled != NULL) {
        modem->settled(modem->context);
    }
}

/* Is this STORE DATA the one behind which a test cuts the power? */
static bool is_last_write(struct device *device, struct tern_bytes command)
{
    if (command.size < 2 || command.data[1] != 0xE2) {
        return false;
    }
    bool begins = command.size > 6 && command.data[3] == 0 && command.data[5] == 0xBF;
    if (begins) {
        device->store_tag = 0xBF00u | command.data[6];
    }
    if (device->options.stop_in != 0 && device->options.stop_in != device->store_tag) {
        return false;
    }
    return ++device->store_count == device->options.stop_after;
}

static struct tern_ipa_event transmit(struct device *device)
{
    struct tern_ipa_event event = event_of(TERN_IPA_EVENT_RESPONSE);
    struct tern_bytes command = device->action.data;
    struct tern_writer response = tern_writer(device->piece, TERN_READER_RESPONSE_SIZE);
    struct tern_reader *reader = &device->options.reader;
    if (device->action.name != NULL && strcmp(device->action.name, "ES10b.ProfileRollback") == 0) {
        device->rolled_back = true;
        settle(device, true);
    }
    trace_message(device->trace, "APDU-command", "apdu", command);
    int status = reader->transmit(reader->context, &response, command);
    if (status != TERN_OK || tern_writer_status(&response) != TERN_OK) {
        device->failure = "the card reader failed";
        return event_of(TERN_IPA_EVENT_CARD_LOST);
    }
    event.received = tern_writer_bytes(&response);
    trace_message(device->trace, "APDU-response", "apdu", event.received);
    if (is_last_write(device, command)) {
        _exit(3); /* a power cut: nothing is tidied up */
    }
    return event;
}

static struct tern_ipa_event reset(struct device *device)
{
    struct tern_reader *reader = &device->options.reader;
    struct device_modem *modem = &device->options.modem;
    if (device->open != NULL) {
        device->open->verbs->sleep(device->open);
    }
    if (device->options.eim_carrier != NULL) {
        device->options.eim_carrier->verbs->sleep(device->options.eim_carrier);
    }
    device->open = NULL;
    (void)reader->reset(reader->context);
    if (modem->switched != NULL) {
        (void)modem->switched(modem->context); /* without coverage the next exchange is lost */
    }
    settle(device, device->rolled_back);
    return event_of(TERN_IPA_EVENT_DONE);
}

/* ---- Peers ---- */

/* trustedPublicKeyDataTls: A0{SubjectPublicKeyInfo} or A1{Certificate}, each in place of its 30
 * (sgp32.md 0.1, no. 4), or around it as some peers have it. Rewritten in place. */
static struct tern_bytes untag(uint8_t *trust, size_t size)
{
    struct tern_tlv outer;
    struct tern_tlv inner;
    if (tern_der_single(tern_bytes(trust, size), &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    if (tern_der_single(outer.value, &inner, TERN_DER_LONG_LENGTHS) == TERN_OK &&
        inner.tag == 0x30) {
        return outer.value;
    }
    trust[0] = 0x30;
    return outer.raw;
}

static void take_trust(struct device *device)
{
    const struct tern_ipa_action *action = &device->action;
    if (action->first) {
        device->trust_size = 0;
    }
    if (device->trust_size + action->data.size > sizeof(device->trust)) {
        device->trust_size = 0;
        device->failure = "the trust data of the eIM are too long";
        return;
    }
    if (action->data.size > 0) {
        memcpy(device->trust + device->trust_size, action->data.data, action->data.size);
        device->trust_size += action->data.size;
    }
}

static struct tls_trust trust_of(struct device *device, enum tern_ipa_peer peer)
{
    struct tls_trust trust = {.anchors = device->options.anchors};
    uint8_t arm = device->trust_size > 0 ? device->trust[0] : 0;
    if (peer != TERN_IPA_PEER_EIM || arm == 0) {
        return trust;
    }
    if (arm == 0x30) { /* untagged before; `trust_arm` tells */
        arm = device->trust_arm;
    }
    device->trust_arm = arm;
    struct tern_bytes data = untag(device->trust, device->trust_size);
    trust.anchors = TERN_BYTES_NONE;
    if (arm == 0xA0) {
        trust.spki = data;
    } else {
        trust.certificate = data;
    }
    return trust;
}

static struct tern_ipa_event lost(struct device *device, int status)
{
    bool refused = status == TERN_ERR_UNEXPECTED;
    device->exchange.outcome = refused ? "refused" : "lost";
    device->failure = tern_error_text(status);
    if (device->options.on_exchange != NULL) {
        device->options.on_exchange(device->options.context, &device->exchange);
    }
    device->open = NULL;
    return event_of(refused ? TERN_IPA_EVENT_REFUSED : TERN_IPA_EVENT_LINK_LOST);
}

static int begin_exchange(struct device *device)
{
    const struct tern_ipa_action *action = &device->action;
    char address[TERN_ADDRESS_SIZE + 1];
    bool eim = action->peer == TERN_IPA_PEER_EIM;
    device->open = eim ? device->options.eim_carrier : device->options.server_carrier;
    device->exchange =
        (struct device_exchange){.name = action->name, .outcome = "", .request_size = 0};
    device->exchange.interface = interface_of(device);
    device->exchange_start_ms = loop_now_ms();
    trace_begin(device);
    if (device->open == NULL) {
        return TERN_ERR_UNSUPPORTED;
    }
    if (device->options.modem.covered != NULL &&
        !device->options.modem.covered(device->options.modem.context)) {
        return TERN_ERR_IO;
    }
    snprintf(address, sizeof(address), "%.*s", (int)action->address.size,
             (const char *)action->address.data);
    struct carrier_request request = {.address = address,
                                      .path = action->path,
                                      .json = !eim,
                                      .trust = trust_of(device, action->peer),
                                      .total_size = action->total_size,
                                      .final = action->final};
    return device->open->verbs->begin(device->open, &request);
}

static struct tern_ipa_event exchange(struct device *device)
{
    const struct tern_ipa_action *action = &device->action;
    if (action->peer == TERN_IPA_PEER_INJECTOR) {
        tern_write(device->answer, action->data);
        device->paused = action->last;
        return event_of(TERN_IPA_EVENT_DONE);
    }
    int status = action->first ? begin_exchange(device) : TERN_OK;
    if (status == TERN_OK) {
        status = device->open->verbs->send(device->open, action->data, action->last);
    }
    if (status != TERN_OK) {
        return lost(device, status);
    }
    device->exchange.request_size += action->data.size;
    trace_add(device, action->data);
    if (action->last) {
        trace_end(device, "request", action->peer != TERN_IPA_PEER_EIM);
    }
    device->reading_peer = action->peer;
    return event_of(TERN_IPA_EVENT_DONE);
}

static struct tern_ipa_event read_injected(struct device *device)
{
    struct tern_ipa_event event = event_of(TERN_IPA_EVENT_RECEIVED);
    event.received = tern_bytes_slice(device->injected, 0, device->action.size_max);
    device->injected =
        tern_bytes_slice(device->injected, event.received.size, device->injected.size);
    event.last = device->injected.size == 0;
    return event;
}

/* Malware between modem and card: the reply is thrown away, another package takes its place. */
static struct tern_ipa_event swap_package(struct device *device)
{
    size_t size = 0;
    bool last = false;
    bool nothing_waits = false;
    while (!last) {
        int status = device->open->verbs->read(device->open, device->piece, sizeof(device->piece),
                                               &size, &last, &nothing_waits);
        if (status != TERN_OK) {
            return lost(device, status);
        }
        device->exchange.reply_size += size;
    }
    if (device->options.on_exchange != NULL) {
        device->options.on_exchange(device->options.context, &device->exchange);
    }
    device->injected = device->options.swapped_package;
    device->open = NULL;
    return read_injected(device);
}

static struct tern_ipa_event read_reply(struct device *device)
{
    struct tern_ipa_event event = event_of(TERN_IPA_EVENT_RECEIVED);
    size_t room = device->action.size_max < sizeof(device->piece) ? device->action.size_max
                                                                  : sizeof(device->piece);
    size_t size = 0;
    if (device->open == NULL) {
        return read_injected(device);
    }
    if (device->options.swapped_package.size > 0 &&
        strcmp(device->exchange.name, "GetBoundProfilePackage") == 0) {
        return swap_package(device);
    }
    int status = device->open->verbs->read(device->open, device->piece, room, &size, &event.last,
                                           &event.nothing_waits);
    if (status != TERN_OK) {
        return lost(device, status);
    }
    event.now_ms = loop_now_ms();
    event.received = tern_bytes(device->piece, size);
    device->exchange.reply_size += size;
    trace_add(device, event.received);
    if (event.last) {
        device->exchange.ms = event.now_ms - device->exchange_start_ms;
        device->action.peer = device->reading_peer;
        trace_end(device, "response", device->reading_peer != TERN_IPA_PEER_EIM);
        if (device->options.on_exchange != NULL) {
            device->options.on_exchange(device->options.context, &device->exchange);
        }
        device->open = NULL;
        if (++device->reply_count == device->options.stop_after_exchanges) {
            _exit(3);
        }
    }
    return event;
}

/* ---- The state folder ---- */

static int save(struct device *device, struct tern_bytes content)
{
    char path[4096];
    int status = path_join(path, sizeof(path), device->options.state_folder, STATE_FILE);
    return status == TERN_OK ? file_write(path, content, 0600) : status;
}

static struct tern_bytes load(struct device *device)
{
    char path[4096];
    uint8_t *data;
    size_t size = 0;
    if (path_join(path, sizeof(path), device->options.state_folder, STATE_FILE) != TERN_OK ||
        file_read(path, sizeof(device->piece), &data, &size) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    memcpy(device->piece, data, size);
    free(data);
    return tern_bytes(device->piece, size);
}

/* ---- The loop ---- */

static void wait_until(uint64_t wake_ms)
{
    uint64_t now = loop_now_ms();
    if (wake_ms > now) {
        uint64_t wait = wake_ms - now;
        struct timespec time = {(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};
        nanosleep(&time, NULL);
    }
}

static void note_step(struct device *device)
{
    const char *name = device->action.name;
    if (device->options.on_action != NULL) {
        device->options.on_action(device->options.context);
    }
    if (name != NULL && name != device->last_name) {
        device->last_name = name;
        if (device->options.on_step != NULL) {
            device->options.on_step(device->options.context, name);
        }
    }
}

static int perform(struct device *device, struct tern_ipa_event *event)
{
    switch (device->action.want) {
    case TERN_IPA_WANT_APDU:
        *event = transmit(device);
        break;
    case TERN_IPA_WANT_EXCHANGE:
        *event = exchange(device);
        break;
    case TERN_IPA_WANT_READ:
        *event = read_reply(device);
        break;
    case TERN_IPA_WANT_TRUST:
        take_trust(device);
        *event = event_of(TERN_IPA_EVENT_DONE);
        break;
    case TERN_IPA_WANT_SAVE:
        *event = event_of(TERN_IPA_EVENT_DONE);
        return save(device, device->action.data);
    case TERN_IPA_WANT_RESET:
        *event = reset(device);
        break;
    default:
        wait_until(device->action.wake_ms);
        *event = event_of(TERN_IPA_EVENT_WAKE);
        break;
    }
    return TERN_OK;
}

static int run(struct device *device, struct tern_ipa_event event)
{
    int status = TERN_OK;
    while (status == TERN_OK) {
        status = tern_ipa_step(&device->ipa, &device->action, &event);
        note_step(device);
        if (status != TERN_OK ||
            (device->action.want == TERN_IPA_WANT_SLEEP && device->action.idle)) {
            break;
        }
        if (device->options.modem.rplmn != NULL) {
            device->options.modem.rplmn(device->options.modem.context, device->options.ipa.rplmn);
        }
        status = perform(device, &event);
        if (device->paused) {
            device->next = event;
            return status;
        }
    }
    if (device->options.eim_carrier != NULL) {
        device->options.eim_carrier->verbs->sleep(device->options.eim_carrier);
    }
    if (device->options.server_carrier != NULL) {
        device->options.server_carrier->verbs->sleep(device->options.server_carrier);
    }
    device->open = NULL;
    return status;
}

int device_open(struct device *device, const struct device_options *options)
{
    memset(device, 0, sizeof(*device));
    device->options = *options;
    if (folder_make(options->state_folder, 0700) != TERN_OK) {
        return TERN_ERR_IO;
    }
    device->trace = trace_open(options->trace_folder, "ipa");
    int status = tern_ipa_init(&device->ipa, &device->options.ipa, device->buffer,
                               sizeof(device->buffer), load(device));
    device->started = false;
    return status;
}

void device_close(struct device *device)
{
    struct carrier *eim = device->options.eim_carrier;
    struct carrier *server = device->options.server_carrier;
    if (eim != NULL) {
        eim->verbs->free(eim);
    }
    if (server != NULL && server != eim) {
        server->verbs->free(server);
    }
    if (device->options.reader.close != NULL) {
        device->options.reader.close(device->options.reader.context);
    }
    trace_close(device->trace);
    free(device->trace_data);
}

int device_wake(struct device *device)
{
    enum tern_ipa_event_kind kind = device->started ? TERN_IPA_EVENT_WAKE : TERN_IPA_EVENT_START;
    if (!device->started && device->options.modem.attach != NULL) {
        (void)device->options.modem.attach(device->options.modem.context);
    }
    device->started = true;
    device->failure = NULL;
    device->rolled_back = false;
    settle(device, true);
    return run(device, event_of(kind));
}

int device_local(struct device *device, struct tern_bytes request)
{
    struct tern_ipa_event event = event_of(TERN_IPA_EVENT_LOCAL);
    event.received = request;
    return run(device, event);
}

int device_inject(struct device *device, struct tern_writer *answer, struct tern_bytes message)
{
    if (!device->started) {
        return TERN_ERR_STATE;
    }
    device->injected = message;
    device->answer = answer;
    device->open = NULL;
    device->failure = NULL;
    return run(device, event_of(TERN_IPA_EVENT_INJECTED));
}

int device_continue(struct device *device)
{
    if (!device->paused) {
        return TERN_OK;
    }
    device->paused = false;
    return run(device, device->next);
}

bool device_trusts(struct device *device, struct tern_bytes certificate)
{
    struct tls_trust trust = trust_of(device, TERN_IPA_PEER_EIM);
    if (trust.certificate.size > 0) {
        return tern_bytes_equal(trust.certificate, certificate);
    }
    const unsigned char *at = certificate.data;
    X509 *leaf = d2i_X509(NULL, &at, (long)certificate.size);
    unsigned char *key = NULL;
    int size = leaf == NULL ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &key);
    bool same = trust.spki.size > 0 && size > 0 &&
                tern_bytes_equal(trust.spki, tern_bytes(key, (size_t)size));
    OPENSSL_free(key);
    X509_free(leaf);
    return same;
}

uint64_t device_sleep_ms(const struct device *device)
{
    uint64_t now = loop_now_ms();
    return device->action.wake_ms > now ? device->action.wake_ms - now : 0;
}

static void add(struct carrier_traffic *sum, const struct carrier_traffic *part)
{
    sum->bytes_up += part->bytes_up;
    sum->bytes_down += part->bytes_down;
    sum->packets_up += part->packets_up;
    sum->packets_down += part->packets_down;
    sum->handshakes += part->handshakes;
    sum->resumptions += part->resumptions;
    sum->round_trips += part->round_trips;
}

struct carrier_traffic device_traffic(const struct device *device)
{
    struct carrier_traffic sum = {0};
    if (device->options.eim_carrier != NULL) {
        add(&sum, &device->options.eim_carrier->traffic);
    }
    if (device->options.server_carrier != NULL &&
        device->options.server_carrier != device->options.eim_carrier) {
        add(&sum, &device->options.server_carrier->traffic);
    }
    return sum;
}
