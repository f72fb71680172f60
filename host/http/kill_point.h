/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A place where a test may cut a server's life: between accepting a message and answering it.
 *
 * Inert unless the environment has TERN_TEST_KILL, "accepted:N" or "answering:N": the process
 * then logs the moment and kills itself with SIGKILL at the N-th time it gets there. "accepted" is
 * before the engine has seen the message, "answering" after its changes are durable and before a
 * byte of the answer has left.
 */
#ifndef HOST_HTTP_KILL_POINT_H
#define HOST_HTTP_KILL_POINT_H

void kill_point(const char *moment, const char *path);

#endif
