/* SPDX-License-Identifier: Apache-2.0 */
/* A small profile package, 770 bytes: saip.md 15, the "complete hex of the 770-byte variant". */
#ifndef TESTS_SUPPORT_UPP_H
#define TESTS_SUPPORT_UPP_H

#include "tests/support/hex.h"

#define UPP_HEADER \
    "a02a800102810101830a89000123456789012341a50481008400a610060667810f010201060667810f010204"
#define UPP_MF                                                                                   \
    "b08201c5a0058000810101810667810f010201a206a104c602010aa40c830a98001032547698103214a521a109" \
    "820442210014800114831461124f10a0000000871002ffffffff8907090000a6820179a10a8204422100218002" \
    "01ce831b8001019000800102a406830101950108800158a40683010a9501088201068316800101a40683010195" \
    "010880015aa40683010a95010882010b830b80015ba40683010a9501088201168315800101900080011a970080" \
    "0140a40683010a95010882010c8316800103a406830101950108800158a40683010a95010882010b8316800111" \
    "a40683010195010880014aa40683010a95010882010b8321800103a406830101950108800158a40683010a9501" \
    "08840132a4068301019501088321800101a406830101950108800102a406830181950108800158a40683010a95" \
    "0108831b800101900080011aa406830101950108800140a40683010a9501088201068310800101900080015aa4" \
    "0683010a95010882011183158001019000800118a40683010a950108800142970082010c8310800101a4068301" \
    "0195010880015a97008201118316800113a406830101950108800148a40683010a95010882010b830b80015ea4" \
    "0683010a950108"
#define UPP_PUK "a318a0058000810102a10f300d80010181083131313131313131"
#define UPP_PIN                                                                                  \
    "a232a0058000810103a129a0273013800101810830303030ffffffff820101830106301080010a810835353535" \
    "35353535830103"
#define UPP_USIM                                                                                 \
    "b37da0058000810104810667810f010204a21da11b83027fd08410a0000000871002ffffffff8907090000c603" \
    "81010aa30b8309080910101032540636a406a104c7022f06a810830e0000000020000000000010000000ad1383" \
    "1100496f54ffffffffffffffffffffffffffae03830100b20483020001b606830411f2ff00"
#define UPP_AKA                                                                                  \
    "a435a0058000810105a12ca12a8001018101028210000102030405060708090a0b0c0d0e0f8310101112131415" \
    "161718191a1b1c1d1e1f"
#define UPP_END "aa07a0058000810106"

#define UPP_SIZE_MAX 70000
#define UPP_ICCID_AT 10 /* in the header, in reading order */
#define UPP_EF_ICCID "98001032547698103214"

/* ICCID number `n`: digits 8900012345678901 and four of n. Swapped as EF.ICCID has it. */
static inline void upp_iccid(uint8_t iccid[10], unsigned n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "8900012345678901%04u", n % 10000);
    (void)tern_iccid_from_text(iccid, tern_bytes_text(digits));
}

/* The package with ICCID number `n`. `elements`: further elements in hex before the end, or "". */
static inline struct tern_bytes upp_make(uint8_t *buffer, unsigned n, const char *elements)
{
    char text[4096];
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s", UPP_HEADER, UPP_MF, UPP_PUK, UPP_PIN, UPP_USIM,
             UPP_AKA, elements, UPP_END);
    struct tern_bytes upp = hex(buffer, UPP_SIZE_MAX, text);
    uint8_t old[10];
    uint8_t iccid[10];
    upp_iccid(iccid, n);
    (void)hex(old, sizeof old, UPP_EF_ICCID);
    for (size_t i = 0; i < 10; i++) {
        buffer[UPP_ICCID_AT + i] = (uint8_t)(iccid[i] << 4 | iccid[i] >> 4);
    }
    for (size_t i = 0; i + 10 <= upp.size; i++) {
        if (memcmp(buffer + i, old, 10) == 0) memcpy(buffer + i, iccid, 10);
    }
    return upp;
}

#endif
