/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The bound profile package (BF36): made by an SM-DP+, cut into segments by an IPA, opened by an
 * eUICC.
 *
 *   BF36 { BF23 InitialiseSecureChannel
 *          A0 { 87.. }  ConfigureISDP        encrypted
 *          A1 { 88.. }  StoreMetadata        MAC only
 *          A2 { 87.. }  ReplaceSessionKeys   encrypted, only with PPK
 *          A3 { 86.. }  the profile          encrypted }
 *
 * Spec  sgp22.md 7.3, 7.4 and 8 (SGP.22, 2.5.3 to 2.5.5).
 */
#ifndef TERN_BPP_H
#define TERN_BPP_H

#include "tern/bsp.h"
#include "tern/limits.h"

/* ---- Making: the SM-DP+ ---- */

/** The contents of BF23, which the SM-DP+ signs together with the eUICC's one-time key. */
struct tern_bpp_initialise {
    struct tern_bytes transaction_id; /**< 1 to 16 bytes */
    struct tern_bytes host_id;        /**< 1 to 16 bytes */
    struct tern_bytes smdp_otpk;      /**< 65 bytes, the point */
    struct tern_bytes smdp_sign;      /**< 64 bytes; set by the parser, ignored for signing */
    struct tern_bytes signed_part;    /**< Parser only: the TLVs of BF23 before 5F37, as received */
    int64_t remote_op_id;             /**< Parser only */
    uint8_t key_type;                 /**< Parser only */
    uint8_t key_length;               /**< Parser only */
};

/** What is bound to one eUICC. */
struct tern_bpp_content {
    struct tern_bytes configure_isdp; /**< BF24 TLV; absent means BF24 00 */
    struct tern_bytes store_metadata; /**< BF25 TLV */
    const struct tern_bsp_keys *ppk;  /**< Profile protection keys; NULL: the session keys do it */
    struct tern_bytes upp;            /**< The profile; absent when `protected_profile` is given */
    /** 86 TLVs that tern_bpp_protect_profile() made under `ppk`, once for any number of eUICCs. */
    struct tern_bytes protected_profile;
};

/** Append the 86 TLVs of `upp` under `ppk`: the content of A3. */
int tern_bpp_protect_profile(const struct tern_crypto *crypto, struct tern_writer *out,
                             const struct tern_bsp_keys *ppk, struct tern_bytes upp);

/**
 * Append A0, A1, A2 when there is a PPK, and A3: everything after BF23. `keys` are the session
 * keys of tern_kdf_bsp(). The body depends on no transaction, so a retry binds it again as it is.
 */
int tern_bpp_bind_body(const struct tern_crypto *crypto, struct tern_writer *out,
                       const struct tern_bsp_keys *keys, const struct tern_bpp_content *content);

/** Append the bytes that smdpSign signs: four TLVs of BF23 and the eUICC's 5F49. */
int tern_bpp_signed_bytes(struct tern_writer *out, const struct tern_bpp_initialise *initialise,
                          struct tern_bytes euicc_otpk);

/** Append the whole BF36: BF23 with this signature, then `body`. */
int tern_bpp_assemble(struct tern_writer *out, const struct tern_bpp_initialise *initialise,
                      const uint8_t smdp_sign[TERN_SIGNATURE_SIZE], struct tern_bytes body);

/** Bytes that a package with this content takes at most. */
size_t tern_bpp_size_max(const struct tern_bpp_content *content);

/** The BF25 TLV inside a package: the payloads of its 88 TLVs joined. MACs are not checked. */
int tern_bpp_metadata(struct tern_writer *out, struct tern_bytes package);

/* ---- Cutting: the IPA ---- */

enum tern_bpp_section {
    TERN_BPP_PACKAGE_HEADER = 0, /**< BF36 L and BF23 */
    TERN_BPP_CONFIGURE_ISDP,     /**< A0 */
    TERN_BPP_STORE_METADATA,     /**< A1 */
    TERN_BPP_REPLACE_KEYS,       /**< A2 */
    TERN_BPP_PROFILE,            /**< A3 */
    TERN_BPP_END,
};

/**
 * The segmenter. It keeps headers only, never content: bytes come in any pieces and go out in
 * pieces, each of which belongs to one segment. Zero it to begin.
 */
struct tern_bpp_segmenter {
    struct tern_der_header header; /**< Of the TLV being read */
    uint32_t package_left;         /**< Bytes of BF36's value still to come */
    uint32_t section_left;         /**< Bytes of the open A1 or A3 still to come */
    uint32_t value_left;           /**< Bytes of the current TLV's value still to come */
    uint8_t section;               /**< enum tern_bpp_section of the bytes that come next */
    uint8_t segment_section;       /**< Private: of the segment being handed out */
    uint8_t state;                 /**< Private */
    bool done;                     /**< The whole package has gone through. */
};

/** One piece of a segment. */
struct tern_bpp_piece {
    struct tern_bytes bytes; /**< Points into the input. Never empty. */
    bool last;               /**< The segment ends with this piece. */
    /** enum tern_bpp_section. Sure on the last piece; before it, an A3 whose header is not yet
     * complete may be taken for an A2. */
    uint8_t section;
};

/**
 * Take the next piece off `in`.
 *
 * @return 1 with a piece, 0 when `in` is used up (or the package is complete: `done`), or
 *         TERN_ERR_UNEXPECTED  a TLV that is not allowed at this place
 *         TERN_ERR_MALFORMED   lengths that do not fit into each other, bytes behind the end
 *         After an error the package is to be given up; pieces handed out before stay valid.
 */
int tern_bpp_segmenter_next(struct tern_bpp_segmenter *segmenter, struct tern_bpp_piece *piece,
                            struct tern_bytes *in);

/**
 * The same over a package that is whole in memory: each call gives one segment and moves `rest`.
 * @return 1 with a segment, 0 at the end; TERN_ERR_TRUNCATED when the package ends too early.
 */
int tern_bpp_next_segment(struct tern_bpp_segmenter *segmenter, struct tern_bytes *segment,
                          struct tern_bytes *rest);

/* ---- Opening: the eUICC ---- */

/** Decode a BF23 TLV. Unknown TLVs inside are TERN_ERR_UNEXPECTED. */
int tern_bpp_initialise_decode(struct tern_bpp_initialise *initialise, struct tern_bytes tlv);

/** Why an opening failed, in the words of ProfileInstallationResult (sgp22.md 9). */
enum tern_bpp_reason {
    TERN_BPP_INCORRECT_INPUT_VALUES = 1,
    TERN_BPP_INVALID_SIGNATURE = 2,
    TERN_BPP_INVALID_TRANSACTION_ID = 3,
    TERN_BPP_UNSUPPORTED_CRT_VALUES = 4,
    TERN_BPP_UNSUPPORTED_REMOTE_OPERATION_TYPE = 5,
    TERN_BPP_SCP03T_STRUCTURE_ERROR = 7,
    TERN_BPP_SCP03T_SECURITY_ERROR = 8,
    TERN_BPP_UNKNOWN_ERROR = 127,
};

enum tern_bpp_event_kind {
    /** BF23 is here: call tern_bpp_opener_start() before the next step. `data` is the TLV. */
    TERN_BPP_EVENT_INITIALISE = 1,
    TERN_BPP_EVENT_CONFIGURE_ISDP, /**< `data` is the whole BF24 TLV. */
    TERN_BPP_EVENT_STORE_METADATA, /**< `data` is the whole BF25 TLV. */
    TERN_BPP_EVENT_REPLACE_KEYS,   /**< The PPKs are in force. No data. */
    TERN_BPP_EVENT_PROFILE,        /**< `data` is the next piece of the UPP. */
    TERN_BPP_EVENT_DONE,           /**< Behind the last piece of the UPP. No data. */
};

struct tern_bpp_event {
    enum tern_bpp_event_kind kind;
    struct tern_bytes data; /**< In the opener's buffer; valid until the next step. */
};

/**
 * The opener: bytes of a package in any pieces, checked and decrypted events out. Holds one
 * protected TLV at a time in the caller's buffer, beside the plaintext of the section it is in.
 */
struct tern_bpp_opener {
    struct tern_bpp_segmenter segmenter;
    struct tern_bsp bsp;
    uint8_t *buffer;
    uint32_t capacity;
    uint32_t plain_size; /**< Plaintext of the section, at the start of the buffer */
    uint32_t gathered;   /**< Bytes of the segment being gathered, behind it */
    uint8_t state;       /**< Private */
    uint8_t command_id;  /**< bppCommandId reached, for the error report */
    uint8_t reason;      /**< enum tern_bpp_reason after a failed step, else 0 */
};

/** A buffer for packages as tern and others send them; a smaller one refuses larger TLVs. */
#define TERN_BPP_OPENER_BUFFER_SIZE 4096

/** `buffer` must outlive the opener; its content is secret after use: tern_bpp_opener_wipe(). */
void tern_bpp_opener_init(struct tern_bpp_opener *opener, uint8_t *buffer, size_t capacity);

/**
 * Take bytes off `in` until something happened.
 *
 * @return 1 with an event, 0 when `in` is used up, or a negative error with `opener->reason` and
 *         `opener->command_id` set. TERN_ERR_STATE when called again after an error or the end.
 */
int tern_bpp_opener_step(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                         struct tern_bpp_event *event, struct tern_bytes *in);

/** What the eUICC knows of the session, to check BF23 against. */
struct tern_bpp_session {
    struct tern_bytes transaction_id;
    const struct tern_public_key *dppb_key; /**< Of CERT.DPpb */
    const uint8_t *euicc_otsk;              /**< 32 bytes */
    struct tern_bytes euicc_otpk;           /**< 65 bytes */
    const uint8_t *eid;                     /**< 16 bytes */
};

/**
 * Answer TERN_BPP_EVENT_INITIALISE: check remoteOpId, transactionId, CRT values and smdpSign in
 * this order, then derive the session keys. On failure `opener->reason` says which.
 */
int tern_bpp_opener_start(struct tern_bpp_opener *opener, const struct tern_crypto *crypto,
                          const struct tern_bpp_session *session, struct tern_bytes tlv);

void tern_bpp_opener_wipe(struct tern_bpp_opener *opener);

#endif
