/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `tern eim` that ask the API. */
#ifndef APP_EIM_COMMANDS_H
#define APP_EIM_COMMANDS_H

int eim_device(int argc, char **argv);
int eim_profile(int argc, char **argv);
int eim_download(int argc, char **argv);
int eim_package(int argc, char **argv);
int eim_data(int argc, char **argv);
int eim_code(int argc, char **argv);
int eim_operation(int argc, char **argv);
int eim_key(int argc, char **argv);
int eim_handover(int argc, char **argv);
int eim_user(int argc, char **argv);
int eim_audit(int argc, char **argv);
int eim_event(int argc, char **argv);
int eim_webhook(int argc, char **argv);
int eim_backup(int argc, char **argv);

#endif
