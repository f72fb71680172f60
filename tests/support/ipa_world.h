/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device in the test's process: the IPA, a real card (card_world.h), and an eIM with its SM-DP+
 * written here by hand. Everything can be taken away at any step: power, the link, the card's
 * memory. What must hold afterwards is counted here.
 */
#ifndef TESTS_SUPPORT_IPA_WORLD_H
#define TESTS_SUPPORT_IPA_WORLD_H

#include "tern/ipa.h"
#include "tests/support/card_download.h"

#define JOBS_MAX    8
#define SEQ_MAX     256
#define WAKES_MAX   40
#define MESSAGE_MAX 262144

enum job_kind {
    JOB_PACKAGE,
    JOB_DOWNLOAD,
    JOB_DATA,
};

/* What the eIM wants of the device; given again and again until its result came. */
struct job {
    enum job_kind kind;
    const char *commands; /* hex of PSMOs */
    struct download download;
    uint8_t message[4096];
    size_t size;
    int64_t counter;
    unsigned results;    /* signed results or installation results that came */
    unsigned reverted;   /* results with rollbackResult */
    unsigned errors;     /* signed errors and trigger results without an installation */
    unsigned executions; /* different seqNumbers among the results */
    uint8_t last_seq;
    bool done;
};

struct ipa_world {
    struct world *card;
    struct tern_ipa ipa;
    struct tern_ipa_config config;
    uint8_t buffer[TERN_IPA_BUFFER_SIZE];
    uint8_t saved[TERN_IPA_SAVED_SIZE_MAX];
    size_t saved_size;
    unsigned saves;
    /* the eIM */
    struct job jobs[JOBS_MAX];
    size_t job_count;
    uint8_t request[MESSAGE_MAX];
    size_t request_size;
    uint8_t reply[MESSAGE_MAX];
    size_t reply_size;
    size_t reply_at;
    bool reply_lost;
    unsigned notifications;
    unsigned seen_seq[SEQ_MAX];
    unsigned bodies; /* bound profile packages that were paid for */
    unsigned acknowledgements;
    /* the radio */
    unsigned uncovered; /* number of the profile that has no network, 0 none */
    unsigned rollbacks; /* ProfileRollback commands that the card saw */
    /* what goes wrong, and when */
    unsigned step;
    unsigned cut_step;  /* power is lost before this step; 0 never */
    unsigned cut_every; /* and again every so many steps behind it */
    unsigned lose_step; /* the link is lost at this step */
    unsigned repeat_step;
    bool power_lost;
    size_t piece_size;
    unsigned wakes;
    size_t peak_held;
};

/* ---- Looking ---- */

static inline bool ipa_world_enabled(const struct ipa_world *w, unsigned n)
{
    uint8_t iccid[10];
    upp_iccid(iccid, n);
    for (size_t i = 0; i < TERN_COUNT_OF(w->card->card.profiles); i++) {
        const struct tern_card_profile *profile = &w->card->card.profiles[i];
        if (profile->used && profile->installed && profile->enabled &&
            memcmp(profile->iccid, iccid, 10) == 0) {
            return true;
        }
    }
    return false;
}

static inline unsigned ipa_world_installed(const struct ipa_world *w)
{
    unsigned count = 0;
    for (size_t i = 0; i < TERN_COUNT_OF(w->card->card.profiles); i++) {
        const struct tern_card_profile *profile = &w->card->card.profiles[i];
        count += profile->used && profile->installed;
    }
    return count;
}

/* ---- The eIM ---- */

static inline struct job *ipa_world_job(struct ipa_world *w, enum job_kind kind)
{
    struct job *job = &w->jobs[w->job_count++];
    job->kind = kind;
    return job;
}

static inline struct job *open_job(struct ipa_world *w)
{
    for (size_t i = 0; i < w->job_count; i++) {
        if (!w->jobs[i].done) return &w->jobs[i];
    }
    return NULL;
}

/* The bytes are made once and kept: a package is repeated as it was signed. */
static inline void make_message(struct ipa_world *w, struct job *job)
{
    struct tern_writer out = TERN_WRITER_OF(job->message);
    if (job->kind == JOB_PACKAGE) {
        struct world_package package = {.commands = job->commands};
        job->counter = w->card->counter + 1;
        world_write_package(w->card, &out, &package);
        w->card->counter = job->counter;
    } else if (job->kind == JOB_DOWNLOAD) {
        static const char CODE[] = "1$" WORLD_SMDP "$ABC";
        tern_der_write_header(&out, 0xBF54, 2 + 2 + sizeof CODE - 1 + 4);
        tern_der_write_header(&out, 0xA0, 2 + sizeof CODE - 1);
        tern_der_write(&out, 0x80, tern_bytes(CODE, sizeof CODE - 1));
        tern_der_write(&out, 0x82, TERN_BYTES_TEXT("\7\7"));
    } else {
        uint8_t bytes[64];
        tern_write(&out, hex(bytes, sizeof bytes, job->commands));
    }
    job->size = out.size;
}

static inline void reply(struct ipa_world *w, struct tern_bytes bytes)
{
    memcpy(w->reply, bytes.data, bytes.size);
    w->reply_size = bytes.size;
}

static inline void eim_get_package(struct ipa_world *w)
{
    struct tern_writer out = TERN_WRITER_OF(w->reply);
    struct job *job = open_job(w);
    if (job == NULL) {
        tern_der_write(&out, 0xBF4F, TERN_BYTES_TEXT("\2\1\1"));
    } else {
        if (job->size == 0) make_message(w, job);
        tern_der_write(&out, 0xBF4F, tern_bytes(job->message, job->size));
    }
    w->reply_size = out.size;
}

/* The job that a signed result or error is of. */
static inline struct job *job_of(struct ipa_world *w, int64_t counter)
{
    for (size_t i = 0; i < w->job_count; i++) {
        if (w->jobs[i].kind == JOB_PACKAGE && w->jobs[i].counter == counter) return &w->jobs[i];
    }
    return NULL;
}

/* BF51{A0{30{80, 81 counter, 82?, 83 seq, 30{results}}, 5F37} | A1{..} | A2}; its number or 0. */
static inline unsigned eim_take_result(struct ipa_world *w, struct tern_bytes result)
{
    static const tern_tag OK[] = {0xBF51, 0xA0, 0x30};
    static const tern_tag ERROR[] = {0xBF51, 0xA1, 0x30};
    struct tern_tlv data;
    struct tern_tlv tlv;
    bool ok = tern_der_path(result, OK, 3, &data) == TERN_OK;
    if (!ok && tern_der_path(result, ERROR, 3, &data) != TERN_OK) return 0;
    if (tern_der_find(data.value, 0x81, &tlv) != TERN_OK) abort();
    struct job *job = job_of(w, (int64_t)tern_read_uint(tlv.value));
    if (job == NULL) abort();
    if (!ok) {
        job->errors++;
        return 0;
    }
    if (tern_der_find(data.value, 0x83, &tlv) != TERN_OK) abort();
    unsigned seq = (unsigned)tern_read_uint(tlv.value);
    job->results++;
    job->executions += job->last_seq != seq;
    job->last_seq = (uint8_t)seq;
    job->done = true;
    struct tern_tlv list;
    if (tern_der_find(data.value, 0x30, &list) == TERN_OK &&
        tern_der_find(list.value, 0x8C, &tlv) == TERN_OK) {
        job->reverted++;
    }
    return seq;
}

/* A notification, whole: its number. The installation result ends a download. */
static inline unsigned eim_take_notification(struct ipa_world *w, struct tern_bytes bytes)
{
    static const tern_tag PIR_SEQ[] = {0xBF37, 0xBF27, 0xBF2F, 0x80};
    static const tern_tag OTHER_SEQ[] = {0x30, 0xBF2F, 0x80};
    struct tern_tlv tlv;
    bool pir = tern_der_path(bytes, PIR_SEQ, 4, &tlv) == TERN_OK;
    if (!pir && tern_der_path(bytes, OTHER_SEQ, 3, &tlv) != TERN_OK) abort();
    unsigned seq = (unsigned)tern_read_uint(tlv.value);
    w->notifications += w->seen_seq[seq % SEQ_MAX]++ == 0;
    for (size_t i = 0; pir && i < w->job_count; i++) {
        struct job *job = &w->jobs[i];
        if (job->kind == JOB_DOWNLOAD && !job->done && job->size > 0) {
            bool good = world_error_reason(bytes, NULL) == 0;
            job->results += good;
            job->errors += !good;
            job->done = good;
            break;
        }
    }
    return seq;
}

static inline void eim_provide(struct ipa_world *w, struct tern_bytes message)
{
    uint8_t acks[1024];
    struct tern_writer list = TERN_WRITER_OF(acks);
    struct tern_writer out = TERN_WRITER_OF(w->reply);
    struct tern_tlv tlv;
    struct tern_tlv inner;
    struct tern_tlv notifications = {.value = TERN_BYTES_NONE};
    struct tern_bytes result = TERN_BYTES_NONE;
    if (tern_der_find(message, 0xBF51, &tlv) == TERN_OK) {
        result = tlv.raw;
    } else if (tern_der_find(message, 0x30, &inner) == TERN_OK) {
        if (tern_der_find(inner.value, 0xBF51, &tlv) != TERN_OK) abort();
        result = tlv.raw;
        (void)tern_der_find(inner.value, 0xA0, &notifications);
    }
    unsigned seq = result.size > 0 ? eim_take_result(w, result) : 0;
    if (seq > 0) tern_der_write_int(&list, 0x80, seq);
    while (tern_der_next(&notifications.value, &inner, 0) == 1) {
        tern_der_write_int(&list, 0x80, eim_take_notification(w, inner.raw));
    }
    if (tern_der_find(message, 0xBF54, &tlv) == TERN_OK ||
        tern_der_find(message, 0xA0, &tlv) == 0) {
        if (open_job(w) != NULL) open_job(w)->errors++;
    }
    if (tern_der_find(message, 0xBF52, &tlv) == TERN_OK && open_job(w) != NULL) {
        open_job(w)->results++;
        open_job(w)->done = true;
    }
    if (list.size == 0) {
        tern_der_write(&out, 0xBF50, TERN_BYTES_TEXT("\x30\0"));
    } else {
        tern_der_write_header(&out, 0xBF50, tern_der_header_size(0xBF53, list.size) + list.size);
        tern_der_write(&out, 0xBF53, tern_writer_bytes(&list));
        w->acknowledgements++;
    }
    w->reply_size = out.size;
}

/* BF39{81 challenge, ..} -> BF39{A0{30, 5F37, 04, 30}} */
static inline void eim_initiate(struct ipa_world *w, struct tern_bytes message)
{
    const struct tern_crypto *crypto = tern_openssl();
    const struct download plain = {.n = 0};
    uint8_t signed1[250];
    uint8_t body[2048];
    uint8_t signature[64];
    struct tern_writer one = TERN_WRITER_OF(signed1);
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer out = TERN_WRITER_OF(w->reply);
    struct tern_tlv challenge;
    if (tern_der_find(message, 0x81, &challenge) != TERN_OK) abort();
    world_server_signed1(w->card, &one, &plain, challenge.value.data);
    const struct tern_pki_entry *server =
        world_entry(TERN_PKI_DP_AUTH, w->card->smdp, w->card->curve);
    struct tern_bytes part = tern_writer_bytes(&one);
    if (crypto->ecdsa_sign(crypto->context, signature, server->key, &part, 1) != 0) abort();
    tern_write(&inner, part);
    tern_der_write(&inner, 0x5F37, TERN_BYTES_OF(signature));
    tern_der_write(&inner, 0x04, server->ci->certificate.subject_key_id);
    tern_write(&inner, server->certificate.raw);
    tern_der_write_header(&out, 0xBF39, tern_der_header_size(0xA0, inner.size) + inner.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&inner));
    w->reply_size = out.size;
}

/* BF3B{80, BF38} -> BF3B{A0{BF25, 30, 5F37, 30}} */
static inline void eim_authenticate(struct ipa_world *w, struct tern_bytes message)
{
    static const tern_tag SIGNATURE1[] = {0xA0, 0x5F37};
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t inner_bytes[200];
    uint8_t signed2[220];
    uint8_t body[4096];
    uint8_t signature[64];
    struct tern_writer flag = TERN_WRITER_OF(inner_bytes);
    struct tern_writer two = TERN_WRITER_OF(signed2);
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer out = TERN_WRITER_OF(w->reply);
    struct tern_tlv tlv;
    struct job *job = open_job(w);
    if (tern_der_find(message, 0xBF38, &tlv) != TERN_OK ||
        tern_der_path(tlv.value, SIGNATURE1, 2, &tlv) != TERN_OK || tlv.raw.size != 67) {
        reply(w, TERN_BYTES_TEXT("\xBF\x3B\x03\x82\x01\x7F"));
        return;
    }
    memcpy(w->card->euicc_signature1, tlv.raw.data, 67);
    tern_der_write(&flag, 0x80, TERN_BYTES_OF(w->card->transaction_id));
    tern_der_write(&flag, 0x01, TERN_BYTES_TEXT("\0"));
    tern_der_write(&two, 0x30, tern_writer_bytes(&flag));
    const struct tern_pki_entry *pb = world_entry(TERN_PKI_DP_PB, w->card->smdp, w->card->curve);
    struct tern_bytes parts[] = {tern_writer_bytes(&two), TERN_BYTES_OF(w->card->euicc_signature1)};
    if (crypto->ecdsa_sign(crypto->context, signature, pb->key, parts, 2) != 0) abort();
    world_write_metadata(&inner, &job->download);
    tern_write(&inner, tern_writer_bytes(&two));
    tern_der_write(&inner, 0x5F37, TERN_BYTES_OF(signature));
    tern_write(&inner, pb->certificate.raw);
    tern_der_write_header(&out, 0xBF3B, tern_der_header_size(0xA0, inner.size) + inner.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&inner));
    w->reply_size = out.size;
}

/* BF3A{80, BF21} -> BF3A{A0{BF36}} */
static inline void eim_bound_package(struct ipa_world *w, struct tern_bytes message)
{
    static const tern_tag OTPK[] = {0xA0, 0x30, 0x5F49};
    struct tern_writer out = TERN_WRITER_OF(w->reply);
    struct tern_tlv tlv;
    if (tern_der_find(message, 0xBF21, &tlv) != TERN_OK ||
        tern_der_path(tlv.value, OTPK, 3, &tlv) != TERN_OK || tlv.value.size != 65) {
        reply(w, TERN_BYTES_TEXT("\xBF\x3A\x03\x81\x01\x7F"));
        return;
    }
    memcpy(w->card->euicc_otpk, tlv.value.data, 65);
    struct tern_bytes package = world_bind(w->card, &open_job(w)->download);
    tern_der_write_header(&out, 0xBF3A, tern_der_header_size(0xA0, package.size) + package.size);
    tern_der_write(&out, 0xA0, package);
    w->reply_size = out.size;
    w->bodies++;
}

static inline void eim(struct ipa_world *w)
{
    struct tern_tlv message;
    struct tern_tlv tlv;
    w->reply_size = 0;
    w->reply_at = 0;
    if (tern_der_single(tern_bytes(w->request, w->request_size), &message, 0) != TERN_OK) abort();
    switch (message.tag) {
    case 0xBF4F:
        eim_get_package(w);
        break;
    case 0xBF50:
        eim_provide(w, message.value);
        break;
    case 0xBF39:
        eim_initiate(w, message.value);
        break;
    case 0xBF3B:
        eim_authenticate(w, message.value);
        break;
    case 0xBF3A:
        eim_bound_package(w, message.value);
        break;
    case 0xBF3D:
        if (tern_der_find(message.value, 0xA0, &tlv) != TERN_OK) abort();
        eim_take_notification(w, tlv.value);
        break;
    case 0xBF41:
        reply(w, TERN_BYTES_TEXT("\xBF\x41\x02\xA0\0"));
        break;
    default:
        abort();
    }
}

/* ---- The device ---- */

static inline void ipa_world_power_on(struct ipa_world *w)
{
    card_blocks_power(&w->card->blocks, UINT64_MAX);
    world_power_on(w->card);
    if (tern_ipa_init(&w->ipa, &w->config, w->buffer, sizeof w->buffer,
                      tern_bytes(w->saved, w->saved_size)) != TERN_OK) {
        abort();
    }
    memset(w->buffer, 0xEE, sizeof w->buffer); /* RAM forgets */
}

static inline struct ipa_world *ipa_world_new(void)
{
    static const uint8_t DEVICE[] = {0x80, 0x04, 0x35, 0x29, 0x06, 0x11, 0xA1, 0x00};
    struct ipa_world *w = calloc(1, sizeof *w);
    uint8_t list[800];
    uint8_t command[900];
    struct tern_writer eims = TERN_WRITER_OF(list);
    struct tern_writer out = TERN_WRITER_OF(command);
    w->card = world_new();
    world_write_eim(&eims, WORLD_EIM, 0, true, w->card->eim_key, "870207808900");
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, eims.size) + eims.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&eims));
    struct tern_bytes response = world_es10(w->card, tern_writer_bytes(&out));
    if (response.size < 8 || response.data[3] != 0xA0) abort();
    w->card->counter = 0;
    w->card->token = 1;
    w->config = (struct tern_ipa_config){.features = TERN_IPA_INDIRECT,
                                         .protocols = TERN_IPA_RETRIEVE_HTTPS,
                                         .rollback_attempts = 2,
                                         .device = TERN_BYTES_OF(DEVICE)};
    w->piece_size = 256;
    ipa_world_power_on(w);
    return w;
}

static inline void ipa_world_free(struct ipa_world *w)
{
    world_free(w->card);
    free(w);
}

static inline bool link_is_there(const struct ipa_world *w)
{
    bool lost = w->step == w->lose_step;
    return !lost && (w->uncovered == 0 || !ipa_world_enabled(w, w->uncovered));
}

static inline void transmit(struct ipa_world *w, struct tern_bytes command,
                            struct tern_writer *response)
{
    tern_card_transmit(&w->card->card, response, command);
    if (command.size > 6 && command.data[1] == 0xE2 && command.data[5] == 0xBF &&
        command.data[6] == 0x58) {
        w->rollbacks++;
    }
    if (w->card->blocks.cut) w->power_lost = true;
}

static inline void send_piece(struct ipa_world *w, const struct tern_ipa_action *action,
                              struct tern_ipa_event *event)
{
    if (action->first) w->request_size = 0;
    if (action->data.size > 0) {
        memcpy(w->request + w->request_size, action->data.data, action->data.size);
    }
    w->request_size += action->data.size;
    if (!link_is_there(w)) {
        event->kind = TERN_IPA_EVENT_LINK_LOST;
    } else if (action->last) {
        eim(w);
        if (w->step == w->repeat_step) eim(w); /* the transport delivered it twice */
    }
}

static inline void read_piece(struct ipa_world *w, const struct tern_ipa_action *action,
                              struct tern_ipa_event *event, struct tern_writer *out)
{
    size_t left = w->reply_size - w->reply_at;
    size_t give = action->size_max < w->piece_size ? action->size_max : w->piece_size;
    give = give < left ? give : left;
    if (!link_is_there(w)) {
        event->kind = TERN_IPA_EVENT_LINK_LOST;
        return;
    }
    event->kind = TERN_IPA_EVENT_RECEIVED;
    tern_write(out, tern_bytes(w->reply + w->reply_at, give));
    w->reply_at += give;
    event->last = w->reply_at == w->reply_size;
}

static inline bool power_fails(const struct ipa_world *w)
{
    return w->power_lost || (w->cut_step != 0 && (w->step == w->cut_step ||
                                                  (w->cut_every != 0 && w->step > w->cut_step &&
                                                   (w->step - w->cut_step) % w->cut_every == 0)));
}

/* One wish. `piece` holds what is received. */
static inline void perform(struct ipa_world *w, const struct tern_ipa_action *action,
                           struct tern_ipa_event *event, struct tern_writer *piece)
{
    event->kind = TERN_IPA_EVENT_DONE;
    event->last = false;
    switch (action->want) {
    case TERN_IPA_WANT_APDU:
        event->kind = TERN_IPA_EVENT_RESPONSE;
        transmit(w, action->data, piece);
        break;
    case TERN_IPA_WANT_EXCHANGE:
        send_piece(w, action, event);
        break;
    case TERN_IPA_WANT_READ:
        read_piece(w, action, event, piece);
        break;
    case TERN_IPA_WANT_SAVE:
        memcpy(w->saved, action->data.data, action->data.size);
        w->saved_size = action->data.size;
        w->saves++;
        break;
    case TERN_IPA_WANT_RESET:
        if (tern_card_reset(&w->card->card) != TERN_OK) abort();
        break;
    default:
        break;
    }
    event->received = tern_writer_bytes(piece);
}

/* Wakes until the eIM has nothing open and the IPA sleeps. False when that does not come. */
static inline bool ipa_world_run(struct ipa_world *w)
{
    struct tern_ipa_event event = {.kind = TERN_IPA_EVENT_START};
    struct tern_ipa_action action;
    uint8_t *own = malloc(1);
    bool settled = false;
    while (w->wakes < WAKES_MAX) {
        uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
        struct tern_writer piece = TERN_WRITER_OF(bytes);
        w->step++;
        if (power_fails(w)) {
            w->power_lost = false;
            ipa_world_power_on(w);
            event = (struct tern_ipa_event){.kind = TERN_IPA_EVENT_START};
            w->wakes++;
        }
        if (tern_ipa_step(&w->ipa, &action, &event) != TERN_OK) abort();
        event.now_ms++;
        if (action.want == TERN_IPA_WANT_SLEEP) {
            w->wakes++;
            /* One quiet wake behind the last one shows that nothing is left. */
            if (action.idle && open_job(w) == NULL && settled) break;
            settled = action.idle && open_job(w) == NULL;
            event.kind = TERN_IPA_EVENT_WAKE;
            event.received = TERN_BYTES_NONE;
            continue;
        }
        perform(w, &action, &event, &piece);
        free(own);
        own = malloc(event.received.size + 1); /* gone with the next step */
        memcpy(own, bytes, event.received.size);
        event.received = tern_bytes(own, event.received.size);
    }
    free(own);
    return w->wakes < WAKES_MAX;
}

/* True when the card has nothing to deliver any more. */
static inline bool ipa_world_drained(struct ipa_world *w)
{
    struct tern_bytes results = world_es10_hex(w->card, "BF2B04A0028200");
    bool none = results.size == 5 && results.data[4] == 0;
    struct tern_bytes list = world_es10_hex(w->card, "BF2B00");
    return none && list.size == 5 && list.data[4] == 0;
}

#endif
