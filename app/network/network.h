/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of `tern network`. */
#ifndef APP_NETWORK_NETWORK_H
#define APP_NETWORK_NETWORK_H

int network_serve_command(int argc, char **argv);
int network_attach_command(int argc, char **argv);

#endif
