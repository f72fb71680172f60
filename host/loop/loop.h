/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The event loop of a worker: timers, file descriptors, signals and work from other threads, over
 * one libevent base.
 *
 * Everything except loop_post() and loop_stop() belongs to the thread that runs the loop.
 */
#ifndef HOST_LOOP_LOOP_H
#define HOST_LOOP_LOOP_H

#include "tern/bytes.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct event_base;

typedef void (*loop_function)(void *context);
/** `what` has LOOP_READ, LOOP_WRITE or both. */
typedef void (*loop_watch_function)(void *context, int fd, unsigned what);

#define LOOP_READ  1u
#define LOOP_WRITE 2u

/** NULL when out of resources. The first one makes libevent thread-safe and ignores SIGPIPE. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/** Run until loop_stop(). TERN_OK, or TERN_ERR_IO when the base fails. */
int loop_run(struct loop *loop);
/** One turn: wait at most `wait_ms` (0 does not wait) for something and handle it. */
int loop_turn(struct loop *loop, uint64_t wait_ms);
/** End loop_run() after the current turn. From any thread. */
void loop_stop(struct loop *loop);
/** SIGINT and SIGTERM call loop_stop(); a second one kills. One loop a process. */
int loop_stop_on_signals(struct loop *loop);

/** Run `function` in the loop's thread soon. From any thread. TERN_ERR_NO_SPACE, TERN_ERR_IO. */
int loop_post(struct loop *loop, loop_function function, void *context);
/** True in the thread that runs (or last ran, or made) the loop. */
bool loop_is_here(const struct loop *loop);

/** Milliseconds of a clock that never goes back. */
uint64_t loop_now_ms(void);

/** A timer that is not set yet. NULL when out of memory. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_function function, void *context);
/** Fire once, `after_ms` from now; replaces an earlier setting. 0 means the next turn. */
void loop_timer_set(struct loop_timer *timer, uint64_t after_ms);
void loop_timer_clear(struct loop_timer *timer);
/** Also from within its own function. */
void loop_timer_free(struct loop_timer *timer);

/** Call `function` whenever `fd` is ready for `what`. The fd stays the caller's. */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what,
                                  loop_watch_function function, void *context);
void loop_watch_set(struct loop_watch *watch, unsigned what);
void loop_watch_free(struct loop_watch *watch);

/** For adapters that hand the base to a library. */
struct event_base *loop_base(struct loop *loop);

#endif
