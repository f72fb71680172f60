/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a profile suits an eUICC. */
#ifndef ENGINE_SMDP_ELIGIBILITY_H
#define ENGINE_SMDP_ELIGIBILITY_H

#include "engine/smdp/records.h"
#include "tern/messages/rsp.h"

enum tern_status_code eligibility(const struct smdp_profile *profile,
                                  const struct tern_euicc_info2 *info2);

#endif
