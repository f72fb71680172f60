/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Installing a profile package: SAIP / TCA Interoperable Profile Format 2.x and 3.x.
 * saip.md, above all 12, 13 and 16.
 *
 * The unprotected profile package (UPP) arrives in pieces of any size, as SCP03t opens them. Each
 * profile element is collected in a buffer of the caller's, turned into a piece of the profile's
 * image and forgotten. The image is written at rising offsets with a few corrections behind; it is
 * a valid profile only once tern_profile_install_finish() said so. To undo, drop the bytes.
 *
 *     tern_profile_install_begin(&install, &options)
 *     while bytes come:  tern_profile_install_feed(&install, bytes)
 *     tern_profile_install_finish(&install, &response)     -> EUICCResponse, image_size
 */
#ifndef TERN_PROFILE_H
#define TERN_PROFILE_H

#include "tern/der.h"
#include "tern/image.h"

/** PEStatus.status, saip.md 12. */
enum tern_pe_status {
    TERN_PE_OK = 0,
    TERN_PE_NOT_SUPPORTED = 1,
    TERN_PE_MEMORY_FAILURE = 2,
    TERN_PE_BAD_VALUES = 3,
    TERN_PE_NOT_ENOUGH_MEMORY = 4,
    TERN_PE_INVALID_REQUEST_FORMAT = 5,
    TERN_PE_INVALID_PARAMETER = 6,
    TERN_PE_RUNTIME_NOT_SUPPORTED = 7,
    TERN_PE_LIB_NOT_SUPPORTED = 8,
    TERN_PE_TEMPLATE_NOT_SUPPORTED = 9,
    TERN_PE_FEATURE_NOT_SUPPORTED = 10,
    TERN_PE_PIN_CODE_MISSING = 11,
    TERN_PE_UNSUPPORTED_PROFILE_VERSION = 31,
};

/** The text of the ASN.1, such as "not-enough-memory"; "unknown" for a number that is none. */
const char *tern_pe_status_name(unsigned status);

/** The buffer that a profile element is collected in: TS.48 needs 2.6 KB. */
#define TERN_PROFILE_ELEMENT_SIZE_MIN 4096
/** Skipped elements that are reported; more are counted as one. */
#define TERN_PROFILE_STATUS_COUNT_MAX 16

/** UICCCapability, bit n of the ASN.1 is 1u << n: what this platform can do. For EUICCInfo2. */
#define TERN_PROFILE_UICC_CAPABILITY                                                     \
    ((1u << 1) | (1u << 2) | (1u << 3) | (1u << 4) | (1u << 6) | (1u << 7) | (1u << 8) | \
     (1u << 16) | (1u << 17) | (1u << 19) | (1u << 20) | (1u << 22) | (1u << 31))

struct tern_profile_install_options {
    struct tern_image image; /**< Where the profile goes; `capacity` is what may be used. */
    uint8_t *buffer;         /**< For one element; must outlive the installation. */
    size_t buffer_size;      /**< At least TERN_PROFILE_ELEMENT_SIZE_MIN. */
    /**
     * UICCCapability bits of the platform as far as they depend on the crypto provider: 23 for
     * X25519, 24 for P-256 with compressed points. Others are TERN_PROFILE_UICC_CAPABILITY's.
     */
    uint32_t extra_capability;
};

struct tern_pe_report {
    uint16_t status;
    uint16_t identification;
    bool has_identification;
};

/** State of one installation. Read the first fields; the rest is private. Holds no secrets. */
struct tern_profile_install {
    bool finished; /**< PE-End was processed, or the installation was aborted. */
    bool aborted;
    struct tern_pe_report failure; /**< Why, when aborted. */
    uint8_t iccid[10];             /**< From the header, in EF.ICCID coding (swapped). */
    size_t image_size;             /**< Bytes of the image so far. */
    size_t memory_needed;          /**< At least this much, when memory did not suffice. */

    /* Private from here on. */
    struct tern_profile_install_options options;
    struct tern_der_header header;
    size_t element_size;  /**< Bytes of the element collected so far. */
    size_t element_total; /**< Its whole size; 0 while the header is being read. */
    bool element_skipped; /**< Too big for the buffer and not needed whole. */
    uint16_t element_count;
    uint32_t services; /**< Mandatory services of the header, bit n. */
    uint64_t seen;     /**< Which elements came, bit by number. */
    uint32_t mf;       /**< Offsets into the image; 0 none. */
    uint32_t context;  /**< The MF, DF or ADF created last: where PINs go. */
    uint32_t naa;      /**< The ADF created last: where AKA goes. */
    uint32_t usim;
    uint32_t isim;
    uint32_t csim;
    uint32_t connectivity;
    uint16_t pin_count;
    uint16_t algorithms; /**< Bit n: an akaParameter with algorithmID n (n + 8: TUAK with 32). */
    uint8_t report_count;
    struct tern_pe_report reports[TERN_PROFILE_STATUS_COUNT_MAX];
    uint16_t identifications[128];
    uint8_t identification_count;
};

/** TERN_ERR_NO_SPACE when the buffer or the image is too small to begin. */
int tern_profile_install_begin(struct tern_profile_install *install,
                               const struct tern_profile_install_options *options);

/**
 * Take the next bytes of the UPP, any number of them.
 *
 * @return TERN_OK to go on, 1 when PE-End was processed; TERN_ERR_DENIED when the installation was
 *         aborted (`failure` says why; further bytes are ignored), TERN_ERR_UNEXPECTED for bytes
 *         after PE-End.
 */
int tern_profile_install_feed(struct tern_profile_install *install, struct tern_bytes bytes);

/**
 * End it and append the EUICCResponse (the simaResponse of the ProfileInstallationResult).
 *
 * @return TERN_OK when the profile is installed: `image_size` bytes are the image. Else
 *         TERN_ERR_DENIED; a package without its PE-End counts as aborted too.
 */
int tern_profile_install_finish(struct tern_profile_install *install, struct tern_writer *response);

/** connectivityParameters of an installed profile's header (opaque); NOT_FOUND when it has none. */
int tern_profile_connectivity(const struct tern_image *image, struct tern_writer *out);
/** ICCID of an installed profile, EF.ICCID coding. */
int tern_profile_iccid(const struct tern_image *image, uint8_t iccid[10]);

/** What makes one profile out of a template. Members with NULL data are left as they are. */
struct tern_personal_data {
    struct tern_bytes iccid; /**< EF.ICCID coding, 10 bytes */
    struct tern_bytes imsi;  /**< EF.IMSI content, 9 bytes; EF.ACC follows its last digit */
    struct tern_bytes key;   /**< Ki, for every akaParameter of the package */
    struct tern_bytes opc;   /**< OPc or TOPc */
};

/**
 * Put the data of one subscription into a package, in place: its size does not change, so a
 * template is measured once. The IMSI is also replaced where the ISIM spells it in digits.
 *
 * Fails   TERN_ERR_NOT_FOUND    the package has no place for a member that is given
 *         TERN_ERR_RANGE        a member has not the size of the one in the package
 *         TERN_ERR_MALFORMED and others of the DER reader. The package may be half changed then.
 */
int tern_profile_personalise(uint8_t *upp, size_t upp_size, const struct tern_personal_data *data);

/** EF.IMSI content from 6 to 15 digits. TERN_ERR_MALFORMED. */
int tern_imsi_from_text(uint8_t imsi[9], struct tern_bytes text);

#endif
