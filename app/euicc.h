/* SPDX-License-Identifier: Apache-2.0 */
/** The parts of `tern euicc`. */
#ifndef APP_EUICC_H
#define APP_EUICC_H

int euicc_run_show(int argc, char **argv);

#endif
