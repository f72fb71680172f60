/* SPDX-License-Identifier: Apache-2.0 */
/* Activation codes of the API. Private to host/eim. */
#ifndef HOST_EIM_API_CODE_H
#define HOST_EIM_API_CODE_H

#include "host/eim/api.h"

/** Read a QR image outside the transaction; `done` is called in the API's loop. */
bool codes_start_qr(struct api_call *call,
                    void (*done)(struct api_call *call, const char *text, int error));
/** Import from the request's body, or from `qr_text` when it is not NULL. */
int codes_import(struct api_call *call, const char *qr_text);

#endif
