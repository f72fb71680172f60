/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of enum tern_error, from the one list in tern/error.h. */
#include "tern/error.h"

const char *tern_error_text(int error)
{
    switch (error) {
    case TERN_OK:
        return "ok";
#define TERN_ERROR_TEXT(name, value, text) \
    case value:                            \
        return text;
        TERN_ERRORS(TERN_ERROR_TEXT)
#undef TERN_ERROR_TEXT
    default:
        return "unknown error";
    }
}

const char *tern_error_name(int error)
{
    switch (error) {
    case TERN_OK:
        return "TERN_OK";
#define TERN_ERROR_NAME(name, value, text) \
    case value:                            \
        return #name;
        TERN_ERRORS(TERN_ERROR_NAME)
#undef TERN_ERROR_NAME
    default:
        return "TERN_ERR_UNKNOWN";
    }
}
