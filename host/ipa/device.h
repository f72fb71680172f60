/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A device with an IPA on this machine: it performs what the IPA wants (tern/ipa.h) with a card
 * reader, carriers, a modem and a folder for the saved bytes.
 *
 * All of it is fixed memory: nothing here grows with a profile or a result. Only `--trace` collects
 * messages.
 */
#ifndef HOST_IPA_DEVICE_H
#define HOST_IPA_DEVICE_H

#include "host/carrier/carrier.h"
#include "host/reader/reader.h"
#include "host/trace/trace.h"
#include "tern/ipa.h"

#define DEVICE_TRUST_SIZE 2560 /**< trustedPublicKeyDataTls, with a certificate in it */
#define DEVICE_PIECE_SIZE 1024

/** The radio as the device sees it. Functions may be NULL: always covered, nothing to do. */
struct device_modem {
    void *context;
    int (*attach)(void *context);   /**< After power-on. An error: no network. */
    int (*switched)(void *context); /**< After a profile was switched: attach with the new one. */
    void (*settled)(void *context); /**< The new profile got a result through, or is rolled back. */
    bool (*covered)(void *context);
    void (*rplmn)(void *context, uint8_t rplmn[3]);
};

/** What one exchange was, for those who print it. */
struct device_exchange {
    const char
        *name; /**< "ESipa.GetEimPackage"; of what goes to either server: "ES9+." etc. left out */
    const char *interface; /**< "ES9+.", "ESipa.", "ES11." where `name` leaves it out, else "" */
    const char *outcome;   /**< "", "refused", "lost" */
    size_t request_size;
    size_t reply_size;
    uint64_t ms;
};

struct device_options {
    struct tern_ipa_config ipa;
    struct tern_reader reader;      /**< The device's until device_close(). */
    struct carrier *eim_carrier;    /**< ESipa. The device's too. */
    struct carrier *server_carrier; /**< ES9+ and ES11; may be the same one. */
    struct tern_bytes anchors;      /**< CI roots for servers, and for an eIM without trust data */
    struct device_modem modem;
    const char *state_folder;      /**< holds "ipa.state" */
    const char *trace_folder;      /**< NULL: no trace */
    unsigned stop_after;           /**< _exit behind the n-th STORE DATA; 0: never */
    unsigned stop_in;              /**< count only those of this ES10 tag, such as 0xBF51; 0: all */
    unsigned stop_after_exchanges; /**< _exit behind the n-th reply; 0: never */
    struct tern_bytes
        swapped_package; /**< what malware puts in place of a bound profile package's reply */
    void (*on_exchange)(void *context, const struct device_exchange *exchange);
    void (*on_step)(void *context, const char *name); /**< a new function begins */
    void (*on_action)(void *context);                 /**< before each thing the IPA wants */
    void *context;
};

/** Private, but placed by the caller: a device is one struct. */
struct device {
    struct device_options options;
    struct tern_ipa ipa;
    struct tern_ipa_action action;
    uint8_t buffer[TERN_IPA_BUFFER_SIZE];
    uint8_t trust[DEVICE_TRUST_SIZE];
    size_t trust_size;
    uint8_t trust_arm; /**< A0 or A1, before it was rewritten */
    bool started;      /**< START was given */
    bool rolled_back;  /**< in this wake */
    enum tern_ipa_peer reading_peer;
    struct tern_bytes injected; /**< what is left of an injected message */
    struct tern_writer *answer; /**< where the answer to it goes */
    bool paused;                /**< the answer is complete, `next` waits */
    struct tern_ipa_event next;
    struct trace *trace;
    struct carrier *open; /**< carrier of the exchange under way */
    struct device_exchange exchange;
    uint64_t exchange_start_ms;
    const char *last_name;
    const char *failure; /**< why the last wake was cut short, or NULL */
    unsigned store_count;
    unsigned store_tag; /**< of the ES10 function under way; the segments of a BPP count as BF36 */
    unsigned reply_count;
    uint8_t piece[DEVICE_PIECE_SIZE];
    uint8_t *trace_data; /**< heap, only with a trace */
    size_t trace_size;
    size_t trace_capacity;
};

/** TERN_ERR_IO when the state folder cannot be used. `options` is copied, what it names is not. */
int device_open(struct device *device, const struct device_options *options);
/** Closes reader and carriers. */
void device_close(struct device *device);

/**
 * One wake: do all that waits, until the IPA sleeps with nothing under way. Waits that belong to it
 * (before a rollback) are waited for.
 * @return TERN_OK, or TERN_ERR_IO when the card or the state folder failed.
 */
int device_wake(struct device *device);
/** The device's own wish to the card, an ES10b request such as BF5D; then a wake's worth. */
int device_local(struct device *device, struct tern_bytes request);
/**
 * A TransferEimPackage, between wakes. What the IPA answers goes to `answer`; then it pauses: send
 * the answer on its way and call device_continue(), which does what is left (a switch of profiles
 * and its report, a download).
 * @return TERN_OK, also when there is no answer; TERN_ERR_STATE when the device was never woken
 */
int device_inject(struct device *device, struct tern_writer *answer, struct tern_bytes message);
int device_continue(struct device *device);

/** True when this certificate is the one, or has the key, that the last eIM is trusted by. */
bool device_trusts(struct device *device, struct tern_bytes certificate);

/** Milliseconds until the IPA wants to be woken; 0 when it is time. */
uint64_t device_sleep_ms(const struct device *device);

/** Sum of both carriers. */
struct carrier_traffic device_traffic(const struct device *device);

#endif
