/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libevent base with what servers need around it: see loop.h.
 *
 * Work from other threads goes through a list under a mutex and one byte in a pipe, so that the
 * order is kept and a thousand posts cost one wake-up.
 */
#include "host/loop/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct post {
    struct post *next;
    loop_function function;
    void *context;
};

struct loop {
    struct event_base *base;
    pthread_t thread;
    pthread_mutex_t mutex; /* posts and stopping */
    struct post *first;
    struct post **last;
    bool stopping;
    int wake[2];
    struct event *wake_event;
    struct event *signals[2];
    unsigned signal_count;
};

struct loop_timer {
    struct event *event;
    loop_function function;
    void *context;
};

struct loop_watch {
    struct loop *loop;
    struct event *event;
    int fd;
    loop_watch_function function;
    void *context;
};

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = context;
    char bytes[64];
    (void)what;
    while (read(fd, bytes, sizeof(bytes)) > 0) {
    }
    pthread_mutex_lock(&loop->mutex);
    struct post *post = loop->first;
    bool stopping = loop->stopping;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->mutex);
    while (post != NULL) {
        struct post *next = post->next;
        post->function(post->context);
        free(post);
        post = next;
    }
    if (stopping) {
        event_base_loopexit(loop->base, NULL);
    }
}

static void set_up_process(void)
{
    evthread_use_pthreads();
    signal(SIGPIPE, SIG_IGN);
}

struct loop *loop_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_process);
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return NULL;
    }
    loop->last = &loop->first;
    loop->thread = pthread_self();
    loop->wake[0] = loop->wake[1] = -1;
    pthread_mutex_init(&loop->mutex, NULL);
    loop->base = event_base_new();
    if (loop->base == NULL || pipe2(loop->wake, O_NONBLOCK | O_CLOEXEC) != 0) {
        loop_free(loop);
        return NULL;
    }
    loop->wake_event = event_new(loop->base, loop->wake[0], EV_READ | EV_PERSIST, on_wake, loop);
    if (loop->wake_event == NULL || event_add(loop->wake_event, NULL) != 0) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (unsigned i = 0; i < loop->signal_count; i++) {
        event_free(loop->signals[i]);
    }
    if (loop->wake_event != NULL) {
        event_free(loop->wake_event);
    }
    if (loop->base != NULL) {
        event_base_free(loop->base);
    }
    for (int i = 0; i < 2; i++) {
        if (loop->wake[i] >= 0) {
            close(loop->wake[i]);
        }
    }
    while (loop->first != NULL) {
        struct post *post = loop->first;
        loop->first = post->next;
        free(post);
    }
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

int loop_run(struct loop *loop)
{
    loop->thread = pthread_self();
    /* With EVLOOP_NO_EXIT_ON_EMPTY a loop that waits only for posts stays alive. */
    int status = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    pthread_mutex_lock(&loop->mutex);
    loop->stopping = false;
    pthread_mutex_unlock(&loop->mutex);
    return status < 0 ? TERN_ERR_IO : TERN_OK;
}

static void on_nothing(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

int loop_turn(struct loop *loop, uint64_t wait_ms)
{
    loop->thread = pthread_self();
    if (wait_ms == 0) {
        return event_base_loop(loop->base, EVLOOP_NONBLOCK) < 0 ? TERN_ERR_IO : TERN_OK;
    }
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};
    struct event *timer = event_new(loop->base, -1, 0, on_nothing, NULL);
    if (timer == NULL || event_add(timer, &wait) != 0) {
        return TERN_ERR_IO;
    }
    int status = event_base_loop(loop->base, EVLOOP_ONCE);
    event_free(timer);
    return status < 0 ? TERN_ERR_IO : TERN_OK;
}

static void wake(struct loop *loop)
{
    char byte = 1;
    ssize_t wrote = write(loop->wake[1], &byte, 1);
    (void)wrote; /* a full pipe wakes as well */
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    loop->stopping = true;
    pthread_mutex_unlock(&loop->mutex);
    wake(loop);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    struct loop *loop = context;
    (void)what;
    /* The next one of its kind is not ours: a second Ctrl-C always ends the process. */
    for (unsigned i = 0; i < loop->signal_count; i++) {
        if (event_get_signal(loop->signals[i]) == number) {
            event_del(loop->signals[i]);
        }
    }
    signal((int)number, SIG_DFL);
    event_base_loopexit(loop->base, NULL);
}

int loop_stop_on_signals(struct loop *loop)
{
    static const int NUMBERS[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < TERN_COUNT_OF(NUMBERS); i++) {
        struct event *event = evsignal_new(loop->base, NUMBERS[i], on_signal, loop);
        if (event == NULL) {
            return TERN_ERR_IO;
        }
        loop->signals[loop->signal_count++] = event;
        if (event_add(event, NULL) != 0) {
            return TERN_ERR_IO;
        }
    }
    return TERN_OK;
}

int loop_post(struct loop *loop, loop_function function, void *context)
{
    struct post *post = malloc(sizeof(*post));
    if (post == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    *post = (struct post){NULL, function, context};
    pthread_mutex_lock(&loop->mutex);
    *loop->last = post;
    loop->last = &post->next;
    pthread_mutex_unlock(&loop->mutex);
    wake(loop);
    return TERN_OK;
}

bool loop_is_here(const struct loop *loop)
{
    return pthread_equal(loop->thread, pthread_self()) != 0;
}

uint64_t loop_now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct loop_timer *timer = context;
    (void)fd;
    (void)what;
    timer->function(timer->context);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_function function, void *context)
{
    struct loop_timer *timer = malloc(sizeof(*timer));
    if (timer == NULL) {
        return NULL;
    }
    timer->function = function;
    timer->context = context;
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t after_ms)
{
    struct timeval after = {(time_t)(after_ms / 1000), (suseconds_t)(after_ms % 1000 * 1000)};
    event_add(timer->event, &after);
}

void loop_timer_clear(struct loop_timer *timer)
{
    event_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer != NULL) {
        event_free(timer->event);
        free(timer);
    }
}

static void on_watch(evutil_socket_t fd, short what, void *context)
{
    struct loop_watch *watch = context;
    unsigned ready =
        ((what & EV_READ) != 0 ? LOOP_READ : 0) | ((what & EV_WRITE) != 0 ? LOOP_WRITE : 0);
    watch->function(watch->context, (int)fd, ready);
}

void loop_watch_set(struct loop_watch *watch, unsigned what)
{
    short wanted = (short)(EV_PERSIST | ((what & LOOP_READ) != 0 ? EV_READ : 0) |
                           ((what & LOOP_WRITE) != 0 ? EV_WRITE : 0));
    event_del(watch->event);
    event_assign(watch->event, watch->loop->base, watch->fd, wanted, on_watch, watch);
    if (what != 0) {
        event_add(watch->event, NULL);
    }
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what,
                                  loop_watch_function function, void *context)
{
    struct loop_watch *watch = malloc(sizeof(*watch));
    if (watch == NULL) {
        return NULL;
    }
    *watch = (struct loop_watch){loop, NULL, fd, function, context};
    watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_watch, watch);
    if (watch->event == NULL) {
        free(watch);
        return NULL;
    }
    loop_watch_set(watch, what);
    return watch;
}

void loop_watch_free(struct loop_watch *watch)
{
    if (watch != NULL) {
        event_free(watch->event);
        free(watch);
    }
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}
