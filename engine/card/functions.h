/* SPDX-License-Identifier: Apache-2.0 */
/** The handlers of ES10, for the table in es10.c. Each is described where it is written. */
#ifndef ENGINE_CARD_FUNCTIONS_H
#define ENGINE_CARD_FUNCTIONS_H

#include "engine/card/es10.h"

/* information.c */
es10_handler es10_get_euicc_info1;
es10_handler es10_get_euicc_info2;
es10_handler es10_get_eid;
es10_handler es10_get_rat;
es10_handler es10_get_certs;
es10_handler es10_ipae_activation;
es10_handler es10_get_connectivity_parameters;

/* addresses.c */
es10_handler es10_get_configured_addresses;
es10_handler es10_set_default_dp_address;

/* authenticate_server.c, prepare_download.c, cancel_session.c */
es10_handler es10_get_euicc_challenge;
es10_handler es10_authenticate_server;
es10_handler es10_prepare_download;
es10_handler es10_cancel_session;
es10_handler es10_load_crl;

/* notifications.c */
es10_handler es10_list_notification;
es10_handler es10_retrieve_notifications_list;
es10_handler es10_remove_notification;

/* profiles_info.c, local_management.c, memory_reset.c */
es10_handler es10_get_profiles_info;
es10_handler es10_set_nickname;
es10_handler es10_enable_profile;
es10_handler es10_disable_profile;
es10_handler es10_delete_profile;
es10_handler es10_euicc_memory_reset;
es10_handler es10_euicc_memory_reset_consumer;

/* euicc_package.c, eim_table.c, initial_eim.c */
es10_handler es10_load_euicc_package;
es10_handler es10_get_eim_configuration_data;
es10_handler es10_add_initial_eim;

/* rollback.c, immediate_enable.c, emergency.c, fallback.c */
es10_handler es10_profile_rollback;
es10_handler es10_configure_immediate_enabling;
es10_handler es10_immediate_enable;
es10_handler es10_enable_emergency_profile;
es10_handler es10_disable_emergency_profile;
es10_handler es10_execute_fallback;
es10_handler es10_return_from_fallback;

#endif
