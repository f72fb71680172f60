/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The short-range link that opens only with the pairing code of a device.
 *
 * A unix socket stands for Bluetooth. Both sides show that they know the code printed on the
 * device, without sending it; afterwards every frame carries a MAC under a key of this session, so
 * nobody can take the link over. The code has 80 bits: an eavesdropper cannot try them all.
 * docs/FORMATS.md, "Commissioning link".
 *
 *   platform -> device   01 nonce_p(16)
 *   device -> platform   02 nonce_d(16)
 *   platform -> device   03 HMAC(code, "tern platform" | nonce_p | nonce_d)
 *   device -> platform   04 HMAC(code, "tern device"   | nonce_p | nonce_d)
 *   then frames          type | payload | HMAC(session, direction | number(4) | type | payload)[16]
 */
#ifndef HOST_IPA_PAIRING_H
#define HOST_IPA_PAIRING_H

#include "tern/bytes.h"

#define PAIRING_CODE_SIZE    16    /**< characters of base 32, 5 bits each: 80 bits */
#define PAIRING_FRAME_SIZE   16384 /**< payload of one frame */
#define PAIRING_ATTEMPTS_MAX 10    /**< wrong proofs until a code is void */

enum pairing_frame {
    PAIRING_HELLO = 1,
    PAIRING_CHALLENGE = 2,
    PAIRING_PLATFORM_PROOF = 3,
    PAIRING_DEVICE_PROOF = 4,
    PAIRING_REFUSED = 5,
    PAIRING_ES10 = 16,   /**< a command for the card; answered by the same with its response */
    PAIRING_DEVICE = 17, /**< IpaCapabilities and DeviceInfo, A8 and A9; empty request */
    PAIRING_DONE = 18,   /**< the platform has all it needs */
};

struct pairing {
    int fd;
    bool is_device;
    uint8_t session[32];
    uint32_t sent;
    uint32_t received;
};

/** 16 characters without those that look alike. TERN_ERR_CRYPTO. */
int pairing_code_make(char code[PAIRING_CODE_SIZE + 1]);
/** Upper case, without dashes and spaces. TERN_ERR_MALFORMED when it is no code. */
int pairing_code_normalise(char code[PAIRING_CODE_SIZE + 1], const char *text);

/** Connect to "unix:PATH". TERN_ERR_MALFORMED, TERN_ERR_IO. */
int pairing_connect(struct pairing *pairing, const char *link);
/** Listen there, 0600; the descriptor or a negative error. */
int pairing_listen(const char *link);

/** The platform's half. TERN_ERR_DENIED: the device does not know the code, or refuses ours. */
int pairing_prove_platform(struct pairing *pairing, const char *code);
/**
 * The device's half on an accepted connection. `attempt` is called before a proof is looked at and
 * makes the attempt durable; when it refuses (TERN_ERR_DENIED), so does the device.
 */
int pairing_prove_device(struct pairing *pairing, const char *code, int (*attempt)(void *context),
                         void *context);

/** A frame under the session. TERN_ERR_IO. */
int pairing_send(struct pairing *pairing, enum pairing_frame type, struct tern_bytes payload);
/** @return the type, or TERN_ERR_SIGNATURE, TERN_ERR_NO_SPACE, TERN_ERR_IO */
int pairing_receive(struct pairing *pairing, struct tern_writer *payload);

/** Close and forget the session key. */
void pairing_close(struct pairing *pairing);

#endif
