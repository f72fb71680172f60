/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Errors of the world: what a function of tern returns when an input, a peer or a resource is at
 * fault.
 *
 * 0 is success. A peer that says no in its protocol (iccidOrAidNotFound, 8.2.6/3.8, 6A88) is not an
 * error of this list: it is a decoded value. A caller that breaks a contract meets TERN_ASSERT.
 */
#ifndef TERN_ERROR_H
#define TERN_ERROR_H

#include <stddef.h>

/* clang-format off */
#define TERN_ERRORS(X)                                                                     \
    X(TERN_ERR_TRUNCATED,    -1,  "the input ends inside an element")                      \
    X(TERN_ERR_MALFORMED,    -2,  "the input breaks its format")                           \
    X(TERN_ERR_NO_SPACE,     -3,  "the buffer, the arena or the store is full")            \
    X(TERN_ERR_RANGE,        -4,  "a value is outside its range")                          \
    X(TERN_ERR_UNEXPECTED,   -5,  "an element is not allowed at this place")               \
    X(TERN_ERR_MISSING,      -6,  "a mandatory element is missing")                        \
    X(TERN_ERR_NOT_FOUND,    -7,  "nothing is stored under this name")                     \
    X(TERN_ERR_CONFLICT,     -8,  "the stored value is not the expected one")              \
    X(TERN_ERR_SIGNATURE,    -9,  "a signature or MAC does not verify")                    \
    X(TERN_ERR_CERTIFICATE,  -10, "a certificate breaks its profile or its chain")         \
    X(TERN_ERR_EXPIRED,      -11, "a certificate, session or order is past its time")      \
    X(TERN_ERR_REVOKED,      -12, "a certificate is revoked")                              \
    X(TERN_ERR_UNSUPPORTED,  -13, "the peer asks for something this build does not do")    \
    X(TERN_ERR_DENIED,       -14, "a policy forbids it")                                   \
    X(TERN_ERR_STATE,        -15, "it cannot be done in this state")                       \
    X(TERN_ERR_CRYPTO,       -16, "the crypto provider failed")                            \
    X(TERN_ERR_IO,           -17, "the store, the link or the reader failed")              \
    X(TERN_ERR_TIMEOUT,      -18, "no answer in time")
/* clang-format on */

enum tern_error {
    TERN_OK = 0,
#define TERN_ERROR_ENUM(name, value, text) name = value,
    TERN_ERRORS(TERN_ERROR_ENUM)
#undef TERN_ERROR_ENUM
};

/** Where an input is at fault: a name of the spec and the offset of the offending byte in the
 * input. */
struct tern_fault {
    const char *field; /**< Static text, such as "iccid"; NULL when no fault was recorded. */
    size_t offset;     /**< Bytes from the start of the decoded input. */
};

/** The sentence that goes with an error; "unknown error" for a number that is none. Never NULL. */
const char *tern_error_text(int error);

/** The enumerator's name, such as "TERN_ERR_RANGE"; "TERN_ERR_UNKNOWN" for a number that is none.
 */
const char *tern_error_name(int error);

/**
 * A broken contract stops at the line that lied. Firmware defines TERN_ASSERT_HOOK to its own
 * handler; elsewhere the program traps.
 */
#ifdef TERN_ASSERT_HOOK
void TERN_ASSERT_HOOK(const char *file, int line, const char *condition);
#define TERN_ASSERT(condition) \
    ((condition) ? (void)0 : TERN_ASSERT_HOOK(__FILE__, __LINE__, #condition))
#else
#define TERN_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#endif

#endif
