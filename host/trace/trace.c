/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a trace folder: see trace.h. A trace that cannot be written stops nobody. */
#include "host/trace/trace.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/config/files.h"

struct trace {
    char *dir;
    char *role;
    pthread_mutex_t lock;
    unsigned long long last; /* microseconds; every file has a name of its own */
};

struct trace *trace_open(const char *dir, const char *role)
{
    if (dir == NULL || folder_make(dir, 0700) != TERN_OK) {
        return NULL;
    }
    struct trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL) {
        return NULL;
    }
    trace->dir = strdup(dir);
    trace->role = strdup(role);
    pthread_mutex_init(&trace->lock, NULL);
    if (trace->dir == NULL || trace->role == NULL) {
        trace_close(trace);
        return NULL;
    }
    return trace;
}

void trace_close(struct trace *trace)
{
    if (trace != NULL) {
        pthread_mutex_destroy(&trace->lock);
        free(trace->dir);
        free(trace->role);
        free(trace);
    }
}

static unsigned long long stamp(struct trace *trace)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned long long micros =
        (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000;
    pthread_mutex_lock(&trace->lock);
    trace->last = micros > trace->last ? micros : trace->last + 1;
    micros = trace->last;
    pthread_mutex_unlock(&trace->lock);
    return micros;
}

/* Some names come from a peer's request path. */
static void keep_harmless(char *name)
{
    for (; *name != '\0'; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        bool other = (*name >= '0' && *name <= '9') || strchr(".+_-", *name) != NULL;
        if (!letter && !other) {
            *name = '_';
        }
    }
}

void trace_message(struct trace *trace, const char *name, const char *ending,
                   struct tern_bytes message)
{
    char path[600];
    if (trace == NULL) {
        return;
    }
    char file[200];
    snprintf(file, sizeof file, "%llu-%s-%s.%s", stamp(trace), trace->role, name, ending);
    keep_harmless(file);
    if (path_join(path, sizeof path, trace->dir, file) == TERN_OK) {
        (void)file_write(path, message, 0600);
    }
}
