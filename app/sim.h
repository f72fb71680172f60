/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of `tern sim`. */
#ifndef APP_SIM_H
#define APP_SIM_H

int sim_link(int argc, char **argv);

#endif
