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

#endif
