/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of packages as the API names them. Private to host/eim. */
#ifndef HOST_EIM_API_COMMAND_H
#define HOST_EIM_API_COMMAND_H

#include "host/eim/api.h"

/** [{"command":"enable","iccid":..}, ..] as A0{Psmo..} or A1{Eco..}. Refuses what is not that. */
int commands_read(struct api_call *call, struct tern_writer *out, const cJSON *commands);
/** Refuse what would strand the device, unless "force" in the body names it. */
int commands_judge(struct api_call *call, struct tern_eim_step *step,
                   const struct tern_eim_device *device, struct tern_bytes request);
/** addEim from {"configuration": base64 of an enrolment file or EimConfigurationData}. */
int command_add_eim(struct api_call *call, struct tern_writer *out, const cJSON *object);

#endif
