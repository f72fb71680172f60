/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: timers in order, posts from threads, descriptors, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/loop/loop.h"

static struct loop *loop;
static char trail[64];

static void leave(const char *mark)
{
    strncat(trail, mark, sizeof(trail) - strlen(trail) - 1);
}

static void mark_a(void *context)
{
    (void)context;
    leave("a");
}

static void mark_b(void *context)
{
    (void)context;
    leave("b");
}

static void stop(void *context)
{
    (void)context;
    leave(".");
    loop_stop(loop);
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    loop = loop_new();
    trail[0] = '\0';
    struct loop_timer *late = loop_timer_new(loop, stop, NULL);
    struct loop_timer *second = loop_timer_new(loop, mark_b, NULL);
    struct loop_timer *first = loop_timer_new(loop, mark_a, NULL);
    struct loop_timer *never = loop_timer_new(loop, mark_b, NULL);
    loop_timer_set(never, 10);
    loop_timer_set(late, 60);
    loop_timer_set(second, 500);
    loop_timer_set(second, 30); /* replaces */
    loop_timer_set(first, 5);
    loop_timer_clear(never);
    uint64_t before = loop_now_ms();
    assert_int_equal(loop_run(loop), TERN_OK);
    assert_true(loop_now_ms() - before >= 50);
    assert_string_equal(trail, "ab.");
    loop_timer_free(late);
    loop_timer_free(second);
    loop_timer_free(first);
    loop_timer_free(never);
    loop_free(loop);
}

static void *post_from_outside(void *context)
{
    (void)context;
    for (int i = 0; i < 10; i++) {
        loop_post(loop, mark_a, NULL);
        loop_post(loop, mark_b, NULL);
    }
    loop_post(loop, stop, NULL);
    return NULL;
}

static void posts_keep_their_order(void **state)
{
    (void)state;
    loop = loop_new();
    trail[0] = '\0';
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_from_outside, NULL), 0);
    assert_int_equal(loop_run(loop), TERN_OK);
    pthread_join(thread, NULL);
    assert_string_equal(trail, "abababababababababab.");
    assert_true(loop_is_here(loop));
    loop_post(loop, mark_a, NULL); /* never run: freed with the loop */
    loop_free(loop);
}

static void on_readable(void *context, int fd, unsigned what)
{
    struct loop_watch **watch = context;
    char byte;
    if ((what & LOOP_READ) != 0) {
        assert_int_equal(read(fd, &byte, 1), 1);
        leave("r");
        loop_watch_set(*watch, LOOP_WRITE); /* a pipe's reading end is never writable */
        loop_post(loop, stop, NULL);
    } else {
        leave("w");
    }
}

static void descriptors_are_watched(void **state)
{
    (void)state;
    int ends[2];
    loop = loop_new();
    trail[0] = '\0';
    assert_int_equal(pipe(ends), 0);
    struct loop_watch *watch = loop_watch_new(loop, ends[0], LOOP_READ, on_readable, &watch);
    assert_int_equal(write(ends[1], "xy", 2), 2);
    assert_int_equal(loop_run(loop), TERN_OK);
    assert_string_equal(trail, "r.");
    loop_watch_free(watch);
    loop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

static void raise_signal(void *context)
{
    (void)context;
    raise(SIGTERM);
}

static void a_signal_stops_it(void **state)
{
    (void)state;
    loop = loop_new();
    assert_int_equal(loop_stop_on_signals(loop), TERN_OK);
    loop_post(loop, raise_signal, NULL);
    assert_int_equal(loop_run(loop), TERN_OK);
    loop_free(loop);
    signal(SIGTERM, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(posts_keep_their_order),
        cmocka_unit_test(descriptors_are_watched),
        cmocka_unit_test(a_signal_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
