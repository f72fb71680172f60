/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of the demo share: paths, commands, servers, ports. See demo.h. */
#include <arpa/inet.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/demo/demo.h"

const char *demo_path(const struct demo *demo, const char *format, ...)
{
    static char paths[16][512];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    va_list list;
    va_start(list, format);
    size_t used = (size_t)snprintf(path, sizeof(paths[0]), "%s/", demo->directory);
    vsnprintf(path + used, sizeof(paths[0]) - used, format, list);
    va_end(list);
    return path;
}

bool demo_write_file(struct row *row, const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fputs(text, file) >= 0;
    written = file != NULL && fclose(file) == 0 && written;
    return written || row_fail(row, "%s cannot be written", path);
}

void demo_arguments(const struct demo *demo, struct arguments *arguments, const char *words)
{
    char copy[256];
    memset(arguments, 0, sizeof(*arguments));
    argument(arguments, "%s", demo->self);
    snprintf(copy, sizeof(copy), "%s", words);
    char *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        argument(arguments, "%s", word);
    }
}

void demo_add_resolve(const struct demo *demo, struct arguments *arguments)
{
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        const struct operator_site *site = &demo->operators[i];
        argument(arguments, "--resolve");
        argument(arguments, "%s:%d:127.0.0.1", site->fqdn, site->es9_port);
        argument(arguments, "--resolve");
        argument(arguments, "%s:%d:127.0.0.1", site->fqdn, site->es2_port);
    }
    argument(arguments, "--resolve");
    argument(arguments, "%s:%d:127.0.0.1", demo->eim_fqdn, demo->device_port);
}

/* The command without its path, for a message. */
static void command_line(char *line, size_t size, const struct arguments *arguments)
{
    size_t used = (size_t)snprintf(line, size, "tern");
    for (size_t i = 1; i < arguments->count && used < size && i < 6; i++) {
        used += (size_t)snprintf(line + used, size - used, " %s", arguments->list[i]);
    }
}

static const char *last_line(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == '\n') {
        text[--size] = '\0';
    }
    char *line = strrchr(text, '\n');
    return line == NULL ? text : line + 1;
}

/* Start again what was killed. True when something was. */
static bool revive(struct demo *demo, struct row *row)
{
    struct process *servers[] = {&demo->eim, &demo->operators[SWEDEN].smdp,
                                 &demo->operators[SINGAPORE].smdp};
    bool revived = false;
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        if (servers[i]->arguments.count > 0 && !process_running(servers[i])) {
            char name[48];
            snprintf(name, sizeof(name), "%s", servers[i]->name);
            demo->revived++;
            revived = demo_serve(row, servers[i], name) || revived;
        }
    }
    return revived;
}

bool demo_run(struct demo *demo, struct row *row, struct arguments *arguments, int expected,
              struct outcome *outcome)
{
    bool held = false;
    int deadline = demo->options.link == NULL ? COMMAND_MS : LINK_MS;
    process_run(outcome, arguments->list, NULL, deadline);
    held = outcome->status == expected || (expected == EXIT_ANY && outcome->status >= 0);
    for (int i = 0; i < REVIVALS_MAX && revive(demo, row) && outcome->status != expected; i++) {
        row_add_wire(row, outcome->json); /* what the first try cost counts, too */
        outcome_free(outcome);
        process_run(outcome, arguments->list, NULL, deadline);
        held = outcome->status == expected || (expected == EXIT_ANY && outcome->status >= 0);
    }
    if (!held) {
        char line[200];
        command_line(line, sizeof(line), arguments);
        const char *said = last_line(outcome->errors);
        if (said[0] == '\0') {
            said = last_line(outcome->output);
        }
        row_fail(row, "%s: exit %d, not %d: %.300s", line, outcome->status, expected, said);
    }
    arguments_free(arguments);
    return held;
}

bool demo_serve(struct row *row, struct process *process, const char *name)
{
    snprintf(process->name, sizeof(process->name), "%s", name);
    if (!process_start(process)) {
        return row_fail(row, "%s cannot be started", name);
    }
    cJSON *ready = process_wait_ready(process, 10000);
    if (ready == NULL) {
        return row_fail(row, "%s did not get ready; its log is %s", name, process->log);
    }
    cJSON_Delete(ready);
    return true;
}

int demo_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        port = ntohs(address.sin_port);
    }
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

void demo_random_hex(char *out, size_t bytes)
{
    unsigned char random[32];
    if (bytes > sizeof(random) || RAND_bytes(random, (int)bytes) != 1) {
        fputs("tern demo: no randomness\n", stderr);
        exit(2);
    }
    for (size_t i = 0; i < bytes; i++) {
        snprintf(out + 2 * i, 3, "%02X", random[i]);
    }
}

const char *json_text(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

long json_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (long)item->valuedouble : 0;
}

bool json_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

void eim_arguments(const struct demo *demo, struct arguments *arguments, const char *words)
{
    char line[128];
    snprintf(line, sizeof(line), "eim %s --json", words);
    demo_arguments(demo, arguments, line);
    argument(arguments, "--data");
    argument(arguments, "%s", demo_path(demo, "eim"));
}
