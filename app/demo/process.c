/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of the demo: see process.h. Children die with their parent (PR_SET_PDEATHSIG). */
#include "app/demo/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void argument(struct arguments *arguments, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = NULL;
    int size = vasprintf(&text, format, list);
    va_end(list);
    if (size < 0 || arguments->count == PROCESS_ARGUMENTS_MAX) {
        fputs("tern demo: out of room for arguments\n", stderr);
        exit(2);
    }
    arguments->list[arguments->count++] = text;
    arguments->list[arguments->count] = NULL;
}

void arguments_free(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        free(arguments->list[i]);
    }
    memset(arguments, 0, sizeof(*arguments));
}

/* In the child: descriptors, death with the parent, then the program. Does not return. */
static void become(char *const *argv, int in, int out, int err, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) {
        _exit(127);
    }
    for (int fd = 3; fd < 256; fd++) {
        close(fd);
    }
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv);
    _exit(127);
}

/* Take the next entry off the list of kills; "" when there is none. */
static void next_kill(struct process *process, char entry[128])
{
    entry[0] = '\0';
    if (process->kills == NULL || process->kills[0] == '\0') {
        return;
    }
    size_t size = strcspn(process->kills, ",");
    snprintf(entry, 128, "%.*s", (int)(size < 127 ? size : 127), process->kills);
    process->kills += size + (process->kills[size] == ',');
}

bool process_start(struct process *process)
{
    char kill_at[128];
    next_kill(process, kill_at);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open(process->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (process->ready[0] != '\0') {
        unlink(process->ready);
    }
    pid_t parent = getpid();
    pid_t pid = null < 0 || log < 0 ? -1 : fork();
    if (pid == 0) {
        if (kill_at[0] != '\0') {
            setenv("TERN_TEST_KILL", kill_at, 1);
        }
        become(process->arguments.list, null, log, log, parent);
    }
    if (null >= 0) {
        close(null);
    }
    if (log >= 0) {
        close(log);
    }
    if (pid < 0) {
        fprintf(stderr, "tern demo: %s cannot be started: %s\n", process->name, strerror(errno));
        return false;
    }
    process->pid = pid;
    return true;
}

bool process_running(struct process *process)
{
    if (process->pid <= 0) {
        return false;
    }
    int status;
    if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
        process->pid = 0;
        return false;
    }
    return true;
}

static cJSON *read_json(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    char text[4096];
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    return cJSON_Parse(text);
}

void process_pause(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
              NULL);
}

static void wait_a_moment(void)
{
    process_pause(5);
}

cJSON *process_wait_ready(struct process *process, int deadline_ms)
{
    long long end = now_ms() + deadline_ms;
    while (now_ms() < end) {
        cJSON *ready = read_json(process->ready);
        if (ready != NULL) {
            return ready;
        }
        if (!process_running(process)) {
            fprintf(stderr, "tern demo: %s ended before it was ready; see %s\n", process->name,
                    process->log);
            return NULL;
        }
        wait_a_moment();
    }
    fprintf(stderr, "tern demo: %s was not ready in %d ms; see %s\n", process->name, deadline_ms,
            process->log);
    return NULL;
}

void process_end(struct process *process, int signal_number)
{
    if (!process_running(process)) {
        return;
    }
    kill(process->pid, signal_number);
    long long end = now_ms() + 2000;
    while (process_running(process)) {
        if (now_ms() > end) {
            kill(process->pid, SIGKILL);
        }
        wait_a_moment();
    }
}

/* One captured stream. */
struct capture {
    int fd;
    char *text;
    size_t size;
};

/* Read what is there; false at the end of the stream. */
static bool capture_read(struct capture *capture)
{
    char piece[8192];
    ssize_t got = read(capture->fd, piece, sizeof(piece));
    if (got <= 0) {
        return got < 0 && errno == EINTR;
    }
    size_t room = PROCESS_OUTPUT_MAX - capture->size;
    size_t take = (size_t)got < room ? (size_t)got : room;
    memcpy(capture->text + capture->size, piece, take);
    capture->size += take;
    capture->text[capture->size] = '\0';
    return true;
}

/* Read both streams to their ends, feeding input; false when the deadline passed. */
static bool converse(struct capture *captures, int in, const char *input, long long end)
{
    size_t left = input == NULL ? 0 : strlen(input);
    struct pollfd fds[3] = {
        {captures[0].fd, POLLIN,  0},
        {captures[1].fd, POLLIN,  0},
        {in,             POLLOUT, 0},
    };
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (fds[2].fd >= 0 && left == 0) {
            close(in);
            fds[2].fd = -1;
        }
        long long wait = end - now_ms();
        if (wait <= 0 || poll(fds, 3, (int)wait) == 0) {
            if (fds[2].fd >= 0) {
                close(in);
            }
            return false;
        }
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents != 0 && !capture_read(&captures[i])) {
                fds[i].fd = -1;
            }
        }
        if (fds[2].fd >= 0 && fds[2].revents != 0) {
            ssize_t sent = write(in, input, left);
            if (sent <= 0) {
                left = 0;
            } else {
                input += sent;
                left -= (size_t)sent;
            }
        }
    }
    if (fds[2].fd >= 0) {
        close(in);
    }
    return true;
}

static int status_of(pid_t pid, bool in_time)
{
    if (!in_time) {
        kill(pid, SIGKILL);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_run(struct outcome *outcome, char *const *argv, const char *input, int deadline_ms)
{
    int in[2], out[2], err[2];
    memset(outcome, 0, sizeof(*outcome));
    outcome->output = calloc(1, PROCESS_OUTPUT_MAX + 1);
    outcome->errors = calloc(1, PROCESS_OUTPUT_MAX + 1);
    if (outcome->output == NULL || outcome->errors == NULL || pipe2(in, O_CLOEXEC) != 0 ||
        pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        fputs("tern demo: no memory or descriptors for a command\n", stderr);
        exit(2);
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(argv, in[0], out[1], err[1], parent);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    struct capture captures[2] = {
        {out[0], outcome->output, 0},
        {err[0], outcome->errors, 0},
    };
    bool in_time = pid > 0 && converse(captures, in[1], input, now_ms() + deadline_ms);
    outcome->status = pid > 0 ? status_of(pid, in_time) : -1;
    close(out[0]);
    close(err[0]);
    outcome->json = cJSON_Parse(outcome->output);
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->output);
    free(outcome->errors);
    cJSON_Delete(outcome->json);
    memset(outcome, 0, sizeof(*outcome));
}
