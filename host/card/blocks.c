/* SPDX-License-Identifier: Apache-2.0 */
/* Two banks in memory, written through to files where there are any. */
#include "host/card/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int blocks_read(void *context, unsigned bank, size_t offset, uint8_t *out, size_t size)
{
    const struct card_blocks *blocks = context;
    if (blocks->cut) return TERN_ERR_IO;
    memset(out, 0xFF, size);
    if (offset >= blocks->size[bank]) return TERN_OK;
    if (size > blocks->size[bank] - offset) size = blocks->size[bank] - offset;
    memcpy(out, blocks->data[bank] + offset, size);
    return TERN_OK;
}

static int reserve(struct card_blocks *blocks, unsigned bank, size_t size)
{
    if (size <= blocks->capacity[bank]) return TERN_OK;
    size_t capacity = blocks->capacity[bank] == 0 ? 1024 : blocks->capacity[bank];
    while (capacity < size)
        capacity += capacity / 2;
    uint8_t *data = realloc(blocks->data[bank], capacity);
    if (data == NULL) return TERN_ERR_IO;
    blocks->data[bank] = data;
    blocks->capacity[bank] = capacity;
    return TERN_OK;
}

static int write_file(int fd, size_t offset, struct tern_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t done = pwrite(fd, bytes.data, bytes.size, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return TERN_ERR_IO;
        offset += (size_t)done;
        bytes = tern_bytes_slice(bytes, (size_t)done, bytes.size);
    }
    return TERN_OK;
}

/** Is the power on for this write? At the last one it goes off in the middle. */
static bool powered(struct card_blocks *blocks, bool *torn)
{
    *torn = false;
    if (blocks->cut) return false;
    if (blocks->write_count >= blocks->cut_after) {
        blocks->cut = true;
        *torn = true;
    }
    blocks->write_count++;
    return true;
}

/** What was not synced may be lost in any order: one byte of it is, in each bank. */
static void lose_unsynced(struct card_blocks *blocks)
{
    for (unsigned bank = 0; bank < 2; bank++) {
        if (blocks->size[bank] <= blocks->synced[bank]) continue;
        size_t left = blocks->size[bank] - blocks->synced[bank];
        size_t at = blocks->synced[bank] + (size_t)(blocks->write_count * 7919) % left;
        blocks->data[bank][at] = 0xFF;
        if (blocks->fd[bank] >= 0) {
            (void)write_file(blocks->fd[bank], at, tern_bytes(blocks->data[bank] + at, 1));
        }
    }
}

static int blocks_program(void *context, unsigned bank, size_t offset, struct tern_bytes bytes)
{
    struct card_blocks *blocks = context;
    bool torn = false;
    if (!powered(blocks, &torn)) return TERN_ERR_IO;
    if (torn) bytes.size /= 2;
    if (offset + bytes.size > blocks->blocks.bank_size) return TERN_ERR_IO;
    if (reserve(blocks, bank, offset + bytes.size) != TERN_OK) return TERN_ERR_IO;
    if (offset > blocks->size[bank]) {
        memset(blocks->data[bank] + blocks->size[bank], 0xFF, offset - blocks->size[bank]);
        int status = blocks->fd[bank] < 0
                         ? TERN_OK
                         : write_file(blocks->fd[bank], blocks->size[bank],
                                      tern_bytes(blocks->data[bank] + blocks->size[bank],
                                                 offset - blocks->size[bank]));
        if (status != TERN_OK) return status;
    }
    /* What is programmed stays until the bank is erased: the manners of flash, checked. */
    for (size_t i = offset; i < offset + bytes.size && i < blocks->size[bank]; i++) {
        if (blocks->data[bank][i] != 0xFF) return TERN_ERR_IO;
    }
    if (bytes.size > 0) memcpy(blocks->data[bank] + offset, bytes.data, bytes.size);
    if (offset + bytes.size > blocks->size[bank]) blocks->size[bank] = offset + bytes.size;
    if (blocks->fd[bank] >= 0 && write_file(blocks->fd[bank], offset, bytes) != TERN_OK) {
        return TERN_ERR_IO;
    }
    if (torn) lose_unsynced(blocks);
    return torn ? TERN_ERR_IO : TERN_OK;
}

/** A torn erase leaves the first half of the bank as it was: a header may survive. */
static int blocks_erase(void *context, unsigned bank)
{
    struct card_blocks *blocks = context;
    bool torn = false;
    if (!powered(blocks, &torn)) return TERN_ERR_IO;
    if (torn) lose_unsynced(blocks);
    size_t left = torn ? blocks->size[bank] / 2 : 0;
    if (blocks->synced[bank] > left) blocks->synced[bank] = left;
    blocks->size[bank] = left;
    if (left == 0) {
        free(blocks->data[bank]);
        blocks->data[bank] = NULL;
        blocks->capacity[bank] = 0;
    }
    if (blocks->fd[bank] >= 0 && ftruncate(blocks->fd[bank], (off_t)left) != 0) return TERN_ERR_IO;
    return torn ? TERN_ERR_IO : TERN_OK;
}

static int blocks_sync(void *context)
{
    struct card_blocks *blocks = context;
    if (blocks->cut) return TERN_ERR_IO;
    for (unsigned bank = 0; bank < 2; bank++) {
        if (blocks->fd[bank] >= 0 && !blocks->fast && blocks->synced[bank] != blocks->size[bank] &&
            fdatasync(blocks->fd[bank]) != 0) {
            return TERN_ERR_IO;
        }
        blocks->synced[bank] = blocks->size[bank];
    }
    return TERN_OK;
}

void card_blocks_open_memory(struct card_blocks *blocks, size_t bank_size)
{
    *blocks = (struct card_blocks){
        .blocks = {blocks,          bank_size,    blocks_read, blocks_program, blocks_erase, blocks_sync},
        .fd = {-1, -1},
        .cut_after = UINT64_MAX,
    };
}

static int load_file(struct card_blocks *blocks, unsigned bank, const char *directory)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/state-%u", directory, bank);
    if (length < 0 || (size_t)length >= sizeof path) return TERN_ERR_IO;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return TERN_ERR_IO;
    blocks->fd[bank] = fd;
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_size < 0) return TERN_ERR_IO;
    size_t size = (size_t)info.st_size;
    if (size > blocks->blocks.bank_size) return TERN_ERR_IO;
    if (size == 0) return TERN_OK;
    if (reserve(blocks, bank, size) != TERN_OK) return TERN_ERR_IO;
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, blocks->data[bank] + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return TERN_ERR_IO;
        done += (size_t)got;
    }
    blocks->size[bank] = size;
    blocks->synced[bank] = size;
    return TERN_OK;
}

int card_blocks_open_files(struct card_blocks *blocks, const char *directory, size_t bank_size)
{
    card_blocks_open_memory(blocks, bank_size);
    int status = load_file(blocks, 0, directory);
    if (status == TERN_OK) status = load_file(blocks, 1, directory);
    if (status != TERN_OK) card_blocks_close(blocks);
    return status;
}

void card_blocks_power(struct card_blocks *blocks, uint64_t cut_after)
{
    blocks->cut = false;
    blocks->write_count = 0;
    blocks->cut_after = cut_after;
}

size_t card_blocks_memory(const struct card_blocks *blocks)
{
    return blocks->capacity[0] + blocks->capacity[1] + sizeof *blocks;
}

void card_blocks_close(struct card_blocks *blocks)
{
    for (unsigned bank = 0; bank < 2; bank++) {
        if (blocks->data[bank] != NULL) tern_wipe(blocks->data[bank], blocks->capacity[bank]);
        free(blocks->data[bank]);
        blocks->data[bank] = NULL;
        if (blocks->fd[bank] >= 0) close(blocks->fd[bank]);
        blocks->fd[bank] = -1;
    }
}
