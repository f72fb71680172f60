/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Commissioning: the first eIM of a device is bound over the short-range link (pairing.h), and what
 * the eIM needs to know of the device comes back. SGP.32, 2.11, 5.9.4; sgp32.md 2.4.
 *
 * A device serves the link only while somebody has put it into the commissioning state, that is
 * while `tern ipa commission-serve` runs; the card itself refuses a second first eIM. After a
 * memory reset the same is needed again.
 */
#ifndef HOST_IPA_COMMISSION_H
#define HOST_IPA_COMMISSION_H

#include "host/ipa/es10.h"
#include "host/ipa/pairing.h"

/* ---- The device ---- */

struct commission_device {
    struct tern_reader *reader;
    const char *state_folder;       /**< "pairing-code" and "pairing-attempts" are there */
    struct tern_bytes capabilities; /**< A8 and A9, as an IpaEuiccData would have them */
};

/** The code of the device, made on first use and kept 0600. `fresh`: a new one, attempts anew. */
int commission_code(const char *state_folder, bool fresh, char code[PAIRING_CODE_SIZE + 1]);

/**
 * Serve one connection.
 * @return 1 when a platform bound an eIM, 0 when not (the next may come), TERN_ERR_DENIED when the
 *         code is void after too many wrong proofs, TERN_ERR_IO when the card failed
 */
int commission_accept(const struct commission_device *device, int listen_fd);

/* ---- The platform ---- */

struct commission_result {
    uint8_t eid[16];
    char eim_id[129];
    int64_t initial_counter;
    int64_t association_token;         /**< 0: none was assigned */
    struct tern_bytes eum_certificate; /**< X.509 DER; all slices lie in `memory` */
    struct tern_bytes euicc_certificate;
    struct tern_bytes euicc_info1;
    struct tern_bytes euicc_info2;
    struct tern_bytes capabilities; /**< A8 TLV */
    struct tern_bytes device_info;  /**< A9 TLV */
    int eim_error;                  /**< AddInitialEim's code when the card refused, else 0 */
    uint8_t memory[32768];
    size_t memory_size;
};

/**
 * Bind the eIM of `enrolment` (BF57) and ask the device who it is.
 * @return TERN_OK; TERN_ERR_DENIED: wrong code, or `eim_error` is set; TERN_ERR_IO,
 *         TERN_ERR_MALFORMED
 */
int commission_bind(struct commission_result *result, const char *link, const char *code,
                    struct tern_bytes enrolment);

/** The enrolment file of the device as docs/FORMATS.md has it, one JSON object and a newline. */
void commission_write_file(struct tern_writer *out, const struct commission_result *result,
                           const char *label);

#endif
