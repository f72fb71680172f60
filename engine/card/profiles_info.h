/* SPDX-License-Identifier: Apache-2.0 */
/** GetProfilesInfo, and listProfileInfo of eUICC packages: the same list. */
#ifndef ENGINE_CARD_PROFILES_INFO_H
#define ENGINE_CARD_PROFILES_INFO_H

#include "engine/card/es10.h"
#include "tern/messages/esep.h"

/**
 * Append ProfileInfoListResponse (BF2D) to `out`. Criteria that are not known give
 * incorrectInputValues. TERN_ERR_NO_SPACE when the list is longer than what is left.
 */
int profiles_info_write(struct es10 *call, struct tern_writer *out,
                        const struct tern_profile_info_list_request *request);

#endif
