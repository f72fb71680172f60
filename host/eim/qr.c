/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zbarimg under limits. The image goes in by a pipe, the text comes out by another; everything else
 * is closed before exec, so that a fault in an image decoder finds no key, no database, no socket.
 */
#include "host/eim/qr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS  (10 * 1000)
#define MEMORY_MAX   (512u * 1024 * 1024)
#define SCRATCH_MAX  (16u * 1024 * 1024) /* the decoder copies its input to a file of its own */
#define CPU_SECONDS  5
#define EXIT_NO_TOOL 127
#define EXIT_NO_CODE 4

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become_reader(int in, int out)
{
    static char *const ARGUMENTS[] = {"zbarimg",         "--quiet", "--raw", "-Sdisable",
                                      "-Sqrcode.enable", "-",       NULL};
    static char *const ENVIRONMENT[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent",
                                        "MAGICK_THREAD_LIMIT=1", NULL};
    const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    const struct rlimit nothing = {0, 0};
    const struct rlimit scratch = {SCRATCH_MAX, SCRATCH_MAX};
    const struct rlimit files = {32, 32};
    int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0) {
        _exit(EXIT_NO_TOOL);
    }
    for (int fd = 3; fd < 1024; fd++) {
        close(fd);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CORE, &nothing);
    setrlimit(RLIMIT_FSIZE, &scratch);
    setrlimit(RLIMIT_NOFILE, &files);
    execve("/usr/bin/zbarimg", ARGUMENTS, ENVIRONMENT);
    _exit(EXIT_NO_TOOL);
}

struct pipes {
    int in;
    int out;
    struct tern_bytes image; /* what is still to be written */
    char *text;
    size_t text_size;
    size_t got;
};

/* More of the image to the child; its end, or a child that wants no more, closes the pipe. */
static void push(struct pipes *pipes)
{
    ssize_t count = write(pipes->in, pipes->image.data, pipes->image.size);
    if (count < 0 && errno == EAGAIN) {
        return;
    }
    size_t sent = count < 0 ? pipes->image.size : (size_t)count;
    pipes->image = tern_bytes_slice(pipes->image, sent, pipes->image.size);
    if (pipes->image.size == 0) {
        close(pipes->in);
        pipes->in = -1;
    }
}

/* More text from the child. 1 at its end, 0 when more may come, or an error. */
static int pull(struct pipes *pipes)
{
    ssize_t count = read(pipes->out, pipes->text + pipes->got, pipes->text_size - 1 - pipes->got);
    pipes->got += count > 0 ? (size_t)count : 0;
    pipes->text[pipes->got] = '\0';
    if (count <= 0) {
        return 1;
    }
    return pipes->got + 1 >= pipes->text_size ? TERN_ERR_NO_SPACE : 0;
}

static int exchange(struct pipes *pipes)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    int done = 0;
    while (done == 0) {
        struct pollfd fds[2] = {
            {pipes->out, POLLIN,  0},
            {pipes->in,  POLLOUT, 0}
        };
        int64_t left = deadline - now_ms();
        if (left <= 0) {
            return TERN_ERR_TIMEOUT;
        }
        if (poll(fds, 2, (int)left) < 0) {
            if (errno != EINTR) {
                return TERN_ERR_IO;
            }
            continue;
        }
        if ((fds[1].revents & (POLLOUT | POLLERR)) != 0) {
            push(pipes);
        }
        if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
            done = pull(pipes);
        }
    }
    return done == 1 ? TERN_OK : done;
}

int qr_read(struct tern_bytes image, char *text, size_t text_size)
{
    int in[2];
    int out[2];
    int status = 0;
    if (pipe2(in, O_CLOEXEC) != 0) {
        return TERN_ERR_IO;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return TERN_ERR_IO;
    }
    pid_t child = fork();
    if (child == 0) {
        become_reader(in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    if (child < 0) {
        close(in[1]);
        close(out[0]);
        return TERN_ERR_IO;
    }
    (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
    struct pipes pipes = {in[1], out[0], image, text, text_size, 0};
    int error = image.size == 0 ? TERN_ERR_NOT_FOUND : exchange(&pipes);
    if (pipes.in >= 0) {
        close(pipes.in);
    }
    close(out[0]);
    if (error != TERN_OK) {
        kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (error != TERN_OK) {
        return error;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return text[0] == '\0' ? TERN_ERR_NOT_FOUND : TERN_OK;
    }
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_TOOL;
    bool none = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_CODE;
    return missing ? TERN_ERR_UNSUPPORTED : none ? TERN_ERR_NOT_FOUND : TERN_ERR_IO;
}
