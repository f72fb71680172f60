/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out: see files.h. */
#include "host/config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t size_max, uint8_t **data, size_t *size)
{
    size_t capacity = 4096;
    size_t used = 0;
    uint8_t *buffer = malloc(capacity + 1);
    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + used, capacity - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(buffer);
            return TERN_ERR_IO;
        }
        used += (size_t)got;
        if (got == 0 || used > size_max) {
            break;
        }
        if (used == capacity) {
            /* A new block and a wipe, not realloc(): the file may hold a key. */
            uint8_t *larger = malloc(2 * capacity + 1);
            if (larger != NULL) {
                memcpy(larger, buffer, used);
            }
            tern_wipe(buffer, used);
            free(buffer);
            buffer = larger;
            capacity *= 2;
        }
    }
    if (buffer == NULL || used > size_max) {
        free(buffer);
        return TERN_ERR_NO_SPACE;
    }
    buffer[used] = 0;
    *data = buffer;
    *size = used;
    return TERN_OK;
}

int file_read(const char *path, size_t size_max, uint8_t **data, size_t *size)
{
    *data = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, size_max, data, size);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? TERN_ERR_NOT_FOUND : TERN_ERR_IO;
    }
    int status = read_all(fd, size_max, data, size);
    close(fd);
    return status;
}

static int write_all(int fd, struct tern_bytes content)
{
    while (content.size > 0) {
        ssize_t wrote = write(fd, content.data, content.size);
        if (wrote < 0 && errno != EINTR) {
            return TERN_ERR_IO;
        }
        content = tern_bytes_slice(content, wrote < 0 ? 0 : (size_t)wrote, content.size);
    }
    return TERN_OK;
}

/* A renamed file is only there after a power cut when its folder was synced too. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    snprintf(folder, sizeof(folder), "%.*s", (int)size, path);
    int fd = open(slash == NULL ? "."
                  : size == 0   ? "/"
                                : folder,
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return TERN_ERR_IO;
    }
    int status = fsync(fd) == 0 ? TERN_OK : TERN_ERR_IO;
    close(fd);
    return status;
}

int file_write(const char *path, struct tern_bytes content, mode_t mode)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof(temporary)) {
        return TERN_ERR_IO;
    }
    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 until the content is whole */
    if (fd < 0) {
        return TERN_ERR_IO;
    }
    int status = write_all(fd, content);
    if (status == TERN_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
        status = TERN_ERR_IO;
    }
    if (close(fd) != 0) {
        status = TERN_ERR_IO;
    }
    if (status == TERN_OK && rename(temporary, path) != 0) {
        status = TERN_ERR_IO;
    }
    if (status != TERN_OK) {
        unlink(temporary);
        return status;
    }
    return sync_folder(path);
}

int folder_make(const char *path, mode_t mode)
{
    char part[PATH_MAX];
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof(part)) {
        return TERN_ERR_IO;
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            if (mkdir(part, mode) != 0 && errno != EEXIST) {
                return TERN_ERR_IO;
            }
        }
    }
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? TERN_OK : TERN_ERR_IO;
}

int path_join(char *out, size_t out_size, const char *folder, const char *name)
{
    int size = snprintf(out, out_size, "%s/%s", folder, name);
    return size < 0 || (size_t)size >= out_size ? TERN_ERR_NO_SPACE : TERN_OK;
}
