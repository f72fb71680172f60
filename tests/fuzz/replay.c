/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files instead of a search: `fuzz-NAME FILE|FOLDER ...`. This is what
 * `make test` does with tests/fuzz/corpus/NAME; each input lies in an allocation of its exact size,
 * so that the sanitizer sees every read beside it. `make fuzz` links libFuzzer in this place.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long input_count;

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size == 0 ? 1 : size);
    size_t got = data == NULL ? 0 : fread(data, 1, size, file);
    fclose(file);
    if (got == size) {
        input_count++;
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return got == size ? 0 : 1;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int status = folder == NULL ? 1 : 0;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char child[4096];
        if (entry->d_name[0] != '.') {
            snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
            status |= run_file(child);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return status;
}

int main(int argc, char **argv)
{
    int result = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0) {
            fprintf(stderr, "%s: not there\n", argv[i]);
            return 1;
        }
        result |= S_ISDIR(status.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
    }
    printf("%lu inputs\n", input_count);
    return input_count == 0 ? 1 : result;
}
