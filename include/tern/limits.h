/* SPDX-License-Identifier: Apache-2.0 */
/** Every limit of tern, by name, with the section that justifies it. Bytes unless the name says
 * else. */
#ifndef TERN_LIMITS_H
#define TERN_LIMITS_H

#define TERN_EID_SIZE             16      /**< sgp22.md 3 */
#define TERN_ICCID_SIZE           10      /**< sgp22.md 1.11 */
#define TERN_TRANSACTION_ID_SIZE  16      /**< TransactionId, OCTET STRING (SIZE (1..16)) */
#define TERN_EIM_ID_SIZE          128     /**< sgp32.md 2.1, eimId */
#define TERN_FQDN_SIZE            253     /**< RFC 1035; with ":port" see TERN_ADDRESS_SIZE */
#define TERN_ADDRESS_SIZE         260     /**< FQDN and an optional port */
#define TERN_MATCHING_ID_SIZE     255     /**< sgp22.md 4.2 */
#define TERN_ACTIVATION_CODE_SIZE 255     /**< ProfileDownloadData.activationCode */
#define TERN_CERTIFICATE_SIZE     2048    /**< a GSMA certificate; SGP.26 ones are under 700 */
#define TERN_COUNTER_MAX          8388607 /**< sgp32.md 2.2, counterValue */
#define TERN_SEGMENT_SIZE         1020    /**< sgp22.md 8, one 86 TLV as sent; more is accepted */

#define TERN_HTTP_BODY_SIZE        (1u << 20) /**< a bound package of 1 MB is far above real ones */
#define TERN_HTTP_HEADERS_SIZE     8192
#define TERN_HTTP_CONNECTION_COUNT 4096 /**< a worker */
#define TERN_HTTP_CONNECTION_ADDRESS                                                              \
    1024                                   /**< one address: a whole fleet may sit behind one NAT \
                                            */
#define TERN_HTTP_REQUEST_MS        60000  /**< a request has arrived whole by then */
#define TERN_HTTP_REPLY_MS          120000 /**< NB-IoT takes that long for a package */
#define TERN_HTTP_CLIENT_TIMEOUT_MS 120000 /**< sgp32.md 7.7 */
#define TERN_COAP_BODY_SIZE         65536  /**< a request; a long list of results */
#define TERN_COAP_SESSION_COUNT     20000
#define TERN_COAP_SESSION_IDLE_S    86400 /**< a device may sleep a day and find its session */
#define TERN_COAP_BODY_KEEP_S       86400 /**< a package waits that long for its last block */
#define TERN_STORE_BUSY_MS          10000
/* The software card. sgp32.md and sgp22.md ask for less; these bound its state. */
#define TERN_CARD_CI_COUNT_MAX      4       /**< CIs a card knows */
#define TERN_CARD_PROFILE_COUNT_MAX 16      /**< profiles on a card */
#define TERN_CARD_EIM_COUNT_MAX     8       /**< Associated eIMs */
#define TERN_CARD_PENDING_COUNT_MAX 32      /**< notifications and package results kept */
#define TERN_CARD_CHUNK_SIZE        256     /**< bytes of an image that lie in one record */
#define TERN_CARD_SEQUENCE_MAX      8388607 /**< seqNumber; the card refuses what needs a higher one */

#endif
