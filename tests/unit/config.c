/* SPDX-License-Identifier: Apache-2.0 */
/* Options, YAML configuration, files, the ready file and log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/config/config.h"
#include "host/config/files.h"
#include "host/config/options.h"
#include "host/config/ready.h"
#include "host/log/log.h"

struct values {
    const char *listen;
    uint64_t workers;
    bool json;
    bool strict;
    struct option_list resolve;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct values, listen, "listen", "ADDR:PORT", "where to listen"),
    OPTION_UINT(struct values, workers, "workers", 1, 64, "threads"),
    OPTION_FLAG(struct values, json, "json", "print JSON"),
    OPTION_FLAG(struct values, strict, "strict", "be strict"),
    OPTION_LIST(struct values, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
};
static const struct option_table TABLE = OPTION_TABLE("tern x [OPTION ...]", "A test.", ROWS);

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tern-config-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    turn = (turn + 1) % 4;
    assert_int_equal(path_join(path[turn], sizeof(path[turn]), folder, name), TERN_OK);
    return path[turn];
}

/* Parse a NULL-terminated list of arguments; stderr is thrown away. */
static int parse(struct values *values, int *argc, char **argv)
{
    int count = 0;
    while (argv[count] != NULL) {
        count++;
    }
    *argc = count;
    fflush(stderr);
    int kept = dup(2);
    assert_non_null(freopen("/dev/null", "w", stderr));
    int status = options_parse(&TABLE, values, argc, argv);
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    return status;
}

static void options_are_read(void **state)
{
    (void)state;
    struct values values = {.listen = "default", .workers = 1, .strict = true};
    char *argv[] = {"x",           "first",  "--listen",  "127.0.0.1:0", "--workers=0x10",
                    "--json",      "second", "--resolve", "a:1:b",       "--resolve=c:2:d",
                    "--no-strict", "--",     "--third",   NULL};
    int argc = 0;
    assert_int_equal(parse(&values, &argc, argv), OPTIONS_GO);
    assert_string_equal(values.listen, "127.0.0.1:0");
    assert_int_equal(values.workers, 16);
    assert_true(values.json);
    assert_false(values.strict);
    assert_int_equal(values.resolve.count, 2);
    assert_string_equal(values.resolve.items[1], "c:2:d");
    assert_int_equal(argc, 4);
    assert_string_equal(argv[1], "first");
    assert_string_equal(argv[2], "second");
    assert_string_equal(argv[3], "--third");
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static char *const BAD[][3] = {
        {"x", "--unknown",    NULL},
        {"x", "--listen",     NULL},
        {"x", "--workers=0",  NULL},
        {"x", "--workers=65", NULL},
        {"x", "--workers=1x", NULL},
        {"x", "--workers=-1", NULL},
        {"x", "--json=maybe", NULL},
        {"x", "-j",           NULL},
        {"x", "--no-listen",  NULL},
        {"x", "--workers=",   NULL},
        {"x", "--list=a",     NULL},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        struct values values = {0};
        char *argv[3];
        memcpy(argv, BAD[i], sizeof(argv));
        int argc = 0;
        assert_int_equal(parse(&values, &argc, argv), 2);
    }
}

static void flags_override_the_file(void **state)
{
    (void)state;
    const char *path = in_folder("a.yaml");
    static const char TEXT[] = "listen: 127.0.0.1:1\nworkers: 4\nresolve:\n  - a:1:b\njson: yes\n";
    assert_int_equal(file_write(path, tern_bytes_text(TEXT), 0644), TERN_OK);
    struct values values = {.workers = 1};
    char option[200];
    snprintf(option, sizeof(option), "--config=%s", path);
    char *argv[] = {"x", option, "--workers", "9", NULL};
    int argc = 0;
    assert_int_equal(parse(&values, &argc, argv), OPTIONS_GO);
    assert_string_equal(values.listen, "127.0.0.1:1");
    assert_int_equal(values.workers, 9);
    assert_string_equal(values.resolve.items[0], "a:1:b");
    assert_true(values.json);

    static const char *const BAD[] = {"workers: 99\n",   "unknown: 1\n",  "- a\n",
                                      "json: perhaps\n", "listen: [a]\n", "workers: {a: b}\n"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        assert_int_equal(file_write(path, tern_bytes_text(BAD[i]), 0644), TERN_OK);
        char *again[] = {"x", option, NULL};
        assert_int_equal(parse(&values, &argc, again), 2);
    }
}

static struct config *read_yaml(const char *text, char error[300])
{
    struct config *config = NULL;
    config_parse(&config, "f.yaml", tern_bytes_text(text), error, 300);
    return config;
}

static void yaml_is_a_tree(void **state)
{
    (void)state;
    char error[300] = "";
    struct config *config = read_yaml("a: 1\nb:\n  - x\n  - {c: '00 ff', d: on}\ne: ''\n", error);
    assert_non_null(config);
    struct config_node root = config_root(config);
    assert_string_equal(config_text(config_get(root, "a")), "1");
    struct config_node list = config_get(root, "b");
    assert_int_equal(config_count(list), 2);
    assert_int_equal(config_line(config_at(list, 1)), 4);
    uint8_t bytes[4];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    assert_int_equal(config_hex(config_get(config_at(list, 1), "c"), &out), TERN_OK);
    assert_int_equal(out.size, 2);
    assert_int_equal(bytes[1], 0xFF);
    bool flag = false;
    assert_int_equal(config_bool(config_get(config_at(list, 1), "d"), &flag), TERN_OK);
    assert_true(flag);
    assert_null(config_text(config_get(config_get(root, "no"), "nothing")));
    assert_string_equal(config_error(config), "");
    uint64_t number = 7;
    assert_int_equal(config_uint(config_get(root, "missing"), 0, 1, &number), TERN_OK);
    assert_int_equal(number, 7);
    static const char *const ONLY[] = {"a", "b", NULL};
    assert_int_equal(config_only(root, ONLY), TERN_ERR_MALFORMED);
    assert_string_equal(config_error(config), "f.yaml:5: e: is no key that is known here");
    config_free(config);

    config = read_yaml("x:\n  port: 70000\n", error);
    assert_int_equal(
        config_uint(config_get(config_get(config_root(config), "x"), "port"), 1, 65535, &number),
        TERN_ERR_MALFORMED);
    assert_string_equal(config_error(config), "f.yaml:2: port: wants a number from 1 to 65535");
    config_free(config);
}

static void hostile_yaml_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[][2] = {
        {"a: &x 1\nb: *x\n",                      "f.yaml:2: aliases are not allowed"},
        {"a: 1\na: 2\n",                          "f.yaml:2: a: stands here twice"   },
        {"a: 1\n---\nb: 2\n",                     "f.yaml:2: more than one document" },
        {"[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "f.yaml:1: is nested too deep"     },
        {"{a: b\n",                               NULL                               },
        {"a: \"b\\0c\"\n",                        "f.yaml:1: has a NUL in a text"    },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        char error[300] = "";
        assert_null(read_yaml(BAD[i][0], error));
        if (BAD[i][1] != NULL) {
            assert_string_equal(error, BAD[i][1]);
        }
        assert_true(error[0] != '\0');
    }
}

static void files_are_whole_or_absent(void **state)
{
    (void)state;
    const char *path = in_folder("key");
    assert_int_equal(file_write(path, TERN_BYTES_TEXT("secret"), 0600), TERN_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read(path, 6, &data, &size), TERN_OK);
    assert_int_equal(size, 6);
    assert_string_equal((char *)data, "secret");
    free(data);
    assert_int_equal(file_read(path, 5, &data, &size), TERN_ERR_NO_SPACE);
    assert_int_equal(file_read(in_folder("none"), 5, &data, &size), TERN_ERR_NOT_FOUND);
    assert_int_equal(file_write("/nowhere/at/all", TERN_BYTES_TEXT("x"), 0600), TERN_ERR_IO);
    assert_int_equal(folder_make(in_folder("a/b/c"), 0700), TERN_OK);
    assert_int_equal(folder_make(in_folder("a/b/c"), 0700), TERN_OK);
    assert_int_equal(folder_make(in_folder("key/b"), 0700), TERN_ERR_IO);
}

static void the_ready_file_is_json(void **state)
{
    (void)state;
    const char *path = in_folder("ready");
    static const struct ready_entry ENTRIES[] = {
        {"es9plus", "127.0.0.1:40123"},
        {"es2plus", "[::1]:7"        }
    };
    assert_int_equal(ready_write(NULL, ENTRIES, 2), TERN_OK);
    assert_int_equal(ready_write(path, ENTRIES, 2), TERN_OK);
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read(path, 1000, &data, &size), TERN_OK);
    assert_string_equal((char *)data,
                        "{\"es9plus\":\"127.0.0.1:40123\",\"es2plus\":\"[::1]:7\"}\n");
    free(data);
}

static void log_lines_are_json(void **state)
{
    (void)state;
    const char *path = in_folder("log");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    log_set_fd(fileno(file));
    log_info("test.event", "quote", "a\"b\\c\n", "none", NULL, "latin", "\xE9", "utf8", "\xC3\xA9");
    log_debug("test.silent");
    log_set_level(LOG_LEVEL_NONE);
    log_error("test.silent");
    log_set_level(LOG_LEVEL_INFO);
    log_set_fd(2);
    fclose(file);
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(file_read(path, 1000, &data, &size), TERN_OK);
    cJSON *json = cJSON_Parse((char *)data);
    assert_non_null(json);
    assert_string_equal(cJSON_GetObjectItem(json, "event")->valuestring, "test.event");
    assert_string_equal(cJSON_GetObjectItem(json, "quote")->valuestring, "a\"b\\c\n");
    assert_string_equal(cJSON_GetObjectItem(json, "latin")->valuestring, "\xC3\xA9");
    assert_string_equal(cJSON_GetObjectItem(json, "utf8")->valuestring, "\xC3\xA9");
    assert_null(cJSON_GetObjectItem(json, "none"));
    assert_ptr_equal(strchr((char *)data, '\n'), (char *)data + size - 1);
    cJSON_Delete(json);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read),        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(flags_override_the_file), cmocka_unit_test(yaml_is_a_tree),
        cmocka_unit_test(hostile_yaml_is_refused), cmocka_unit_test(files_are_whole_or_absent),
        cmocka_unit_test(the_ready_file_is_json),  cmocka_unit_test(log_lines_are_json),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
