/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite store and group commit; what is on disk is looked at with the sqlite3 shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/store/group.h"
#include "host/store/sqlite_store.h"

static char folder[64];
static char path[100];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tern-store-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path, sizeof(path), "%s/a.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

/* What Debian's own shell reads from the file. */
static void shell_says(const char *file, const char *sql, const char *expected)
{
    char command[400];
    char line[200] = "";
    snprintf(command, sizeof(command), "sqlite3 -readonly %s \"%s\"", file, sql);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size = fread(line, 1, sizeof(line) - 1, pipe);
    line[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(line, expected);
}

#define T(text) TERN_BYTES_TEXT(text)

static void verbs_do_what_they_promise(void **state)
{
    (void)state;
    struct sqlite_store *db = NULL;
    assert_int_equal(sqlite_store_open(&db, path), TERN_OK);
    struct tern_store *store = sqlite_store_interface(db);
    char buffer[64];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_int_equal(store->load(store->context, "a", T("k"), &out), TERN_ERR_NOT_FOUND);
    assert_int_equal(store->insert(store->context, "a", T("k"), T("one")), TERN_OK);
    assert_int_equal(store->insert(store->context, "a", T("k"), T("two")), TERN_ERR_CONFLICT);
    assert_int_equal(store->save(store->context, "a", T("k"), T("three")), TERN_OK);
    assert_int_equal(store->load(store->context, "b", T("k"), &out), TERN_ERR_NOT_FOUND);
    tern_write_text(&out, ">");
    assert_int_equal(store->load(store->context, "a", T("k"), &out), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), T(">three")));
    struct tern_writer small = tern_writer(buffer, 4);
    assert_int_equal(store->load(store->context, "a", T("k"), &small), TERN_ERR_NO_SPACE);
    assert_int_equal(small.size, 5);
    assert_int_equal(store->save(store->context, "a", T(""), T("")), TERN_OK);
    out = TERN_WRITER_OF(buffer);
    assert_int_equal(store->load(store->context, "a", T(""), &out), TERN_OK);
    assert_int_equal(out.size, 0);
    assert_int_equal(store->remove(store->context, "a", T("k")), TERN_OK);
    assert_int_equal(store->remove(store->context, "a", T("k")), TERN_ERR_NOT_FOUND);
    uint8_t long_key[TERN_STORE_KEY_SIZE_MAX + 1] = {0};
    assert_int_equal(store->save(store->context, "a", TERN_BYTES_OF(long_key), T("x")),
                     TERN_ERR_NO_SPACE);
    sqlite_store_close(db);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    shell_says(path, "select space, hex(key), hex(value) from record", "a||\n");
    shell_says(path, "pragma user_version; pragma journal_mode", "1\nwal\n");
}

static void next_walks_in_key_order(void **state)
{
    (void)state;
    struct sqlite_store *db = NULL;
    assert_int_equal(sqlite_store_open(&db, ":memory:"), TERN_OK);
    struct tern_store *store = sqlite_store_interface(db);
    static const struct {
        const char *key;
        size_t size;
    } KEYS[] = {
        {"b\xFF",     2},
        {"b",         1},
        {"a\0z",      3},
        {"b\0",       2},
        {"c",         1},
        {"b\xFF\x01", 3}
    };
    for (size_t i = 0; i < TERN_COUNT_OF(KEYS); i++) {
        store->save(store->context, "s", tern_bytes(KEYS[i].key, KEYS[i].size), T("v"));
    }
    store->save(store->context, "t", T("bb"), T("other"));
    static const size_t ORDER[] = {1, 3, 0, 5};
    char after[10];
    struct tern_bytes last = TERN_BYTES_NONE;
    for (size_t i = 0; i <= TERN_COUNT_OF(ORDER); i++) {
        char key[10];
        char value[10];
        struct tern_writer key_out = TERN_WRITER_OF(key);
        struct tern_writer value_out = TERN_WRITER_OF(value);
        int status = store->next(store->context, "s", T("b"), last, &key_out, &value_out);
        if (i == TERN_COUNT_OF(ORDER)) {
            assert_int_equal(status, 0);
            break;
        }
        assert_int_equal(status, 1);
        assert_true(tern_bytes_equal(tern_writer_bytes(&key_out),
                                     tern_bytes(KEYS[ORDER[i]].key, KEYS[ORDER[i]].size)));
        memcpy(after, key, key_out.size);
        last = tern_bytes(after, key_out.size);
    }
    /* An `after` before the prefix begins at the prefix. */
    char key[10];
    struct tern_writer key_out = TERN_WRITER_OF(key);
    struct tern_writer value_out = TERN_WRITER_OF(after);
    assert_int_equal(store->next(store->context, "s", T("b"), T("a"), &key_out, &value_out), 1);
    assert_int_equal(key_out.size, 1);
    sqlite_store_close(db);
}

static void counters_move_by_compare_and_set(void **state)
{
    (void)state;
    struct sqlite_store *db = NULL;
    assert_int_equal(sqlite_store_open(&db, ":memory:"), TERN_OK);
    struct tern_store *store = sqlite_store_interface(db);
    uint64_t actual = 99;
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 1, 2, &actual),
                     TERN_ERR_CONFLICT);
    assert_int_equal(actual, 0);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 0, 1, &actual), TERN_OK);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 0, 1, &actual),
                     TERN_ERR_CONFLICT);
    assert_int_equal(actual, 1);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 1, 7, &actual), TERN_OK);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 7, 0, &actual), TERN_OK);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 0, 3, &actual), TERN_OK);
    assert_int_equal(store->counter_set(store->context, "c", T("k"), 3, UINT64_MAX, &actual),
                     TERN_ERR_RANGE);
    sqlite_store_close(db);
}

static void transactions_are_whole_or_nothing(void **state)
{
    (void)state;
    struct sqlite_store *db = NULL;
    snprintf(path, sizeof(path), "%s/b.db", folder);
    assert_int_equal(sqlite_store_open(&db, path), TERN_OK);
    struct tern_store *store = sqlite_store_interface(db);
    assert_int_equal(sqlite_store_begin(db), TERN_OK);
    store->save(store->context, "s", T("1"), T("kept"));
    assert_int_equal(sqlite_store_savepoint(db), TERN_OK);
    store->save(store->context, "s", T("2"), T("undone"));
    sqlite_store_undo(db);
    assert_int_equal(sqlite_store_commit(db), TERN_OK);
    assert_int_equal(sqlite_store_begin(db), TERN_OK);
    store->save(store->context, "s", T("3"), T("rolled back"));
    shell_says(path, "select cast(key as text) from record", "1\n");
    sqlite_store_rollback(db);
    shell_says(path, "select cast(key as text) from record", "1\n");
    assert_int_equal(sqlite_store_check(db), TERN_OK);

    char copy[120];
    snprintf(copy, sizeof(copy), "%s/copy.db", folder);
    assert_int_equal(sqlite_store_backup(db, copy), TERN_OK);
    shell_says(copy, "select cast(value as text) from record; pragma journal_mode",
               "kept\ndelete\n");
    sqlite_store_close(db);

    char command[200];
    snprintf(command, sizeof(command), "sqlite3 %s 'pragma user_version = 2'", copy);
    assert_int_equal(system(command), 0);
    assert_int_equal(sqlite_store_open(&db, copy), TERN_ERR_UNSUPPORTED);
    assert_null(db);
}

/* A child commits, says so, writes on without committing and is killed: no sooner, no later. */
static void a_killed_process_leaves_what_was_committed(void **state)
{
    (void)state;
    int said[2];
    snprintf(path, sizeof(path), "%s/c.db", folder);
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    if (child == 0) {
        struct sqlite_store *db = NULL;
        if (sqlite_store_open(&db, path) == TERN_OK) {
            struct tern_store *store = sqlite_store_interface(db);
            sqlite_store_begin(db);
            store->save(store->context, "s", T("1"), T("durable"));
            sqlite_store_commit(db);
            sqlite_store_begin(db);
            store->save(store->context, "s", T("2"), T("lost"));
            if (write(said[1], "x", 1) == 1) {
                pause();
            }
        }
        _exit(1);
    }
    char byte;
    assert_int_equal(read(said[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct sqlite_store *db = NULL;
    assert_int_equal(sqlite_store_open(&db, path), TERN_OK);
    shell_says(path, "select cast(value as text) from record", "durable\n");
    sqlite_store_close(db);
}

struct job {
    struct tern_store *store;
    struct sqlite_store *db;
    unsigned number;
    bool fails;
    int answer; /* 1 before the reply */
    uint64_t commits_at_reply;
};

static int work(void *context)
{
    struct job *job = context;
    uint8_t key[1] = {(uint8_t)job->number};
    int status = job->store->insert(job->store->context, "g", TERN_BYTES_OF(key), T("v"));
    return job->fails ? TERN_ERR_DENIED : status;
}

static void reply(void *context, int error)
{
    struct job *job = context;
    job->answer = error;
    job->commits_at_reply = sqlite_store_commit_count(job->db);
}

static void many_pieces_share_a_commit(void **state)
{
    (void)state;
    struct sqlite_store *db = NULL;
    struct loop *loop = loop_new();
    snprintf(path, sizeof(path), "%s/d.db", folder);
    assert_int_equal(sqlite_store_open(&db, path), TERN_OK);
    struct commit_group *group = commit_group_new(loop, db, 8);
    struct job jobs[12];
    for (unsigned i = 0; i < 12; i++) {
        jobs[i] = (struct job){sqlite_store_interface(db), db, i, i == 3, 1, 0};
        assert_int_equal(commit_group_run(group, work, reply, &jobs[i]), TERN_OK);
        assert_int_equal(jobs[i].answer, i == 7 ? TERN_OK : 1); /* 8 are full: flushed at once */
    }
    assert_int_equal(sqlite_store_commit_count(db), 1);
    assert_int_equal(loop_turn(loop, 100), TERN_OK);
    assert_int_equal(sqlite_store_commit_count(db), 2);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(jobs[i].answer, i == 3 ? TERN_ERR_DENIED : TERN_OK);
        assert_int_equal(jobs[i].commits_at_reply, i < 8 ? 1 : 2);
    }
    shell_says(path, "select count(*), max(hex(key)) from record where hex(key) != '03'",
               "11|0B\n");
    shell_says(path, "select count(*) from record", "11\n");
    commit_group_free(group);
    sqlite_store_close(db);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_do_what_they_promise),
        cmocka_unit_test(next_walks_in_key_order),
        cmocka_unit_test(counters_move_by_compare_and_set),
        cmocka_unit_test(transactions_are_whole_or_nothing),
        cmocka_unit_test(a_killed_process_leaves_what_was_committed),
        cmocka_unit_test(many_pieces_share_a_commit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
