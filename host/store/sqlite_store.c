/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern/store.h over SQLite: see sqlite_store.h.
 *
 * Every verb is one prepared statement, kept from first use to the end. Keys compare as memcmp in a
 * BLOB column, which is the order the interface promises.
 */
#include "host/store/sqlite_store.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tern/limits.h"

enum statement {
    LOAD,
    SAVE,
    INSERT,
    REMOVE,
    NEXT_FROM,
    NEXT_AFTER,
    COUNTER_GET,
    COUNTER_INSERT,
    COUNTER_MOVE,
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVEPOINT,
    RELEASE,
    UNDO,
    STATEMENT_COUNT
};

static const char *const TEXTS[STATEMENT_COUNT] = {
    [LOAD] = "SELECT value FROM record WHERE space = ?1 AND key = ?2",
    [SAVE] = "INSERT INTO record (space, key, value) VALUES (?1, ?2, ?3)"
             " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value",
    [INSERT] = "INSERT INTO record (space, key, value) VALUES (?1, ?2, ?3)"
               " ON CONFLICT (space, key) DO NOTHING",
    [REMOVE] = "DELETE FROM record WHERE space = ?1 AND key = ?2",
    [NEXT_FROM] = "SELECT key, value FROM record WHERE space = ?1 AND key >= ?2"
                  " ORDER BY key LIMIT 1",
    [NEXT_AFTER] = "SELECT key, value FROM record WHERE space = ?1 AND key > ?2"
                   " ORDER BY key LIMIT 1",
    [COUNTER_GET] = "SELECT value FROM counter WHERE space = ?1 AND key = ?2",
    [COUNTER_INSERT] = "INSERT INTO counter (space, key, value) VALUES (?1, ?2, ?3)"
                       " ON CONFLICT (space, key) DO NOTHING",
    [COUNTER_MOVE] = "UPDATE counter SET value = ?3 WHERE space = ?1 AND key = ?2 AND value = ?4",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVEPOINT] = "SAVEPOINT step",
    [RELEASE] = "RELEASE step",
    [UNDO] = "ROLLBACK TO step",
};

static const char SCHEMA[] =
    "CREATE TABLE record (space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (space, key));"
    "CREATE TABLE counter (space TEXT NOT NULL, key BLOB NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY (space, key)) WITHOUT ROWID;";

struct sqlite_store {
    struct tern_store interface;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    uint64_t commit_count;
    void (*on_commit)(void *context);
    void *on_commit_context;
};

/* The statement, reset, with its first two parameters; NULL when it cannot be prepared. */
static sqlite3_stmt *prepare(struct sqlite_store *store, enum statement which, const char *space,
                             struct tern_bytes key)
{
    sqlite3_stmt **slot = &store->statements[which];
    if (*slot == NULL && sqlite3_prepare_v3(store->database, TEXTS[which], -1,
                                            SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        return NULL;
    }
    if (space != NULL) {
        const void *data = key.data == NULL ? "" : (const void *)key.data;
        sqlite3_bind_text(*slot, 1, space, -1, SQLITE_STATIC);
        sqlite3_bind_blob(*slot, 2, data, (int)key.size, SQLITE_STATIC);
    }
    return *slot;
}

static void bind_value(sqlite3_stmt *statement, struct tern_bytes value)
{
    sqlite3_bind_blob(statement, 3, value.data == NULL ? "" : (const void *)value.data,
                      (int)value.size, SQLITE_STATIC);
}

/* Leave no read lock and no pointer to the caller's memory behind. */
static void done(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static int run(struct sqlite_store *store, enum statement which)
{
    sqlite3_stmt *statement = prepare(store, which, NULL, TERN_BYTES_NONE);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? TERN_OK : TERN_ERR_IO;
}

static struct tern_bytes column(sqlite3_stmt *statement, int index)
{
    const void *data = sqlite3_column_blob(statement, index);
    return tern_bytes(data == NULL ? "" : data, (size_t)sqlite3_column_bytes(statement, index));
}

static int load(void *context, const char *space, struct tern_bytes key, struct tern_writer *value)
{
    sqlite3_stmt *statement = prepare(context, LOAD, space, key);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    int step = sqlite3_step(statement);
    int status = step == SQLITE_DONE  ? TERN_ERR_NOT_FOUND
                 : step == SQLITE_ROW ? TERN_OK
                                      : TERN_ERR_IO;
    if (status == TERN_OK) {
        tern_write(value, column(statement, 0));
        status = tern_writer_status(value);
    }
    done(statement);
    return status;
}

/* SAVE and INSERT. */
static int put(struct sqlite_store *store, enum statement which, const char *space,
               struct tern_bytes key, struct tern_bytes value)
{
    if (key.size > TERN_STORE_KEY_SIZE_MAX || value.size > INT_MAX) {
        return TERN_ERR_NO_SPACE;
    }
    sqlite3_stmt *statement = prepare(store, which, space, key);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    bind_value(statement, value);
    int status = sqlite3_step(statement) == SQLITE_DONE ? TERN_OK : TERN_ERR_IO;
    done(statement);
    if (status == TERN_OK && which == INSERT && sqlite3_changes(store->database) == 0) {
        status = TERN_ERR_CONFLICT;
    }
    return status;
}

static int save(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    return put(context, SAVE, space, key, value);
}

static int insert(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    return put(context, INSERT, space, key, value);
}

static int remove_record(void *context, const char *space, struct tern_bytes key)
{
    struct sqlite_store *store = context;
    sqlite3_stmt *statement = prepare(store, REMOVE, space, key);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    int status = sqlite3_step(statement) == SQLITE_DONE ? TERN_OK : TERN_ERR_IO;
    done(statement);
    if (status == TERN_OK && sqlite3_changes(store->database) == 0) {
        status = TERN_ERR_NOT_FOUND;
    }
    return status;
}

static int next(void *context, const char *space, struct tern_bytes prefix, struct tern_bytes after,
                struct tern_writer *key, struct tern_writer *value)
{
    struct sqlite_store *store = context;
    /* Keys up to the prefix cannot match: begin at the later of the two. */
    bool from_prefix = after.data == NULL || tern_bytes_compare(after, prefix) < 0;
    sqlite3_stmt *statement =
        prepare(store, from_prefix ? NEXT_FROM : NEXT_AFTER, space, from_prefix ? prefix : after);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    int step = sqlite3_step(statement);
    int status = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : TERN_ERR_IO;
    if (status == 1 && !tern_bytes_starts_with(column(statement, 0), prefix)) {
        status = 0;
    }
    if (status == 1) {
        tern_write(key, column(statement, 0));
        tern_write(value, column(statement, 1));
        if (tern_writer_status(key) != TERN_OK || tern_writer_status(value) != TERN_OK) {
            status = TERN_ERR_NO_SPACE;
        }
    }
    done(statement);
    return status;
}

static int counter_get(struct sqlite_store *store, const char *space, struct tern_bytes key,
                       uint64_t *actual)
{
    sqlite3_stmt *statement = prepare(store, COUNTER_GET, space, key);
    if (statement == NULL) {
        return TERN_ERR_IO;
    }
    int step = sqlite3_step(statement);
    *actual = step == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    done(statement);
    return step == SQLITE_ROW || step == SQLITE_DONE ? TERN_OK : TERN_ERR_IO;
}

static int counter_set(void *context, const char *space, struct tern_bytes key, uint64_t expected,
                       uint64_t value, uint64_t *actual)
{
    struct sqlite_store *store = context;
    static const enum statement TRIES[] = {COUNTER_MOVE, COUNTER_INSERT};
    if (value > INT64_MAX || expected > INT64_MAX) {
        return TERN_ERR_RANGE;
    }
    /* A counter that was never set is 0: only then an insert may stand in for the move. */
    for (size_t i = 0; i < (expected == 0 ? 2u : 1u); i++) {
        sqlite3_stmt *statement = prepare(store, TRIES[i], space, key);
        if (statement == NULL) {
            return TERN_ERR_IO;
        }
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)value);
        if (TRIES[i] == COUNTER_MOVE) {
            sqlite3_bind_int64(statement, 4, (sqlite3_int64)expected);
        }
        int step = sqlite3_step(statement);
        done(statement);
        if (step != SQLITE_DONE) {
            return TERN_ERR_IO;
        }
        if (sqlite3_changes(store->database) > 0) {
            *actual = value;
            return TERN_OK;
        }
    }
    int status = counter_get(store, space, key, actual);
    return status == TERN_OK ? TERN_ERR_CONFLICT : status;
}

static int read_version(sqlite3 *database, int *version)
{
    sqlite3_stmt *statement = NULL;
    int status = TERN_ERR_IO;
    if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *version = sqlite3_column_int(statement, 0);
        status = TERN_OK;
    }
    sqlite3_finalize(statement);
    return status;
}

/* Two processes may open a new file at once: the version is read again under the write lock. */
static int make_schema(sqlite3 *database)
{
    int version = 0;
    int status = read_version(database, &version);
    if (status == TERN_OK && version > SQLITE_STORE_VERSION) {
        return TERN_ERR_UNSUPPORTED;
    }
    if (status != TERN_OK || version == SQLITE_STORE_VERSION) {
        return status;
    }
    if (sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        return TERN_ERR_IO;
    }
    status = read_version(database, &version);
    if (status == TERN_OK && version == 0) {
        char text[40];
        snprintf(text, sizeof(text), "PRAGMA user_version = %d", SQLITE_STORE_VERSION);
        if (sqlite3_exec(database, SCHEMA, NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) {
            status = TERN_ERR_IO;
        }
    }
    const char *end = status == TERN_OK ? "COMMIT" : "ROLLBACK";
    return sqlite3_exec(database, end, NULL, NULL, NULL) == SQLITE_OK ? status : TERN_ERR_IO;
}

static int open_database(struct sqlite_store *store, const char *path)
{
    if (strcmp(path, ":memory:") != 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return TERN_ERR_IO;
        }
        close(fd);
    }
    if (sqlite3_open_v2(path, &store->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return TERN_ERR_IO;
    }
    sqlite3_busy_timeout(store->database, TERN_STORE_BUSY_MS);
    sqlite3_extended_result_codes(store->database, 1);
    if (sqlite3_exec(store->database,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;"
                     "PRAGMA cache_size = -16384;",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return TERN_ERR_IO;
    }
    return make_schema(store->database);
}

int sqlite_store_open(struct sqlite_store **store, const char *path)
{
    struct sqlite_store *made = calloc(1, sizeof(*made));
    *store = NULL;
    if (made == NULL) {
        return TERN_ERR_IO;
    }
    made->interface = (struct tern_store){.context = made,
                                          .load = load,
                                          .save = save,
                                          .insert = insert,
                                          .remove = remove_record,
                                          .next = next,
                                          .counter_set = counter_set};
    int status = open_database(made, path);
    if (status != TERN_OK) {
        sqlite_store_close(made);
        return status;
    }
    *store = made;
    return TERN_OK;
}

void sqlite_store_close(struct sqlite_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->database);
    free(store);
}

struct tern_store *sqlite_store_interface(struct sqlite_store *store)
{
    return &store->interface;
}

int sqlite_store_begin(struct sqlite_store *store)
{
    return run(store, BEGIN);
}

int sqlite_store_commit(struct sqlite_store *store)
{
    if (store->on_commit != NULL) {
        store->on_commit(store->on_commit_context);
    }
    int status = run(store, COMMIT);
    if (status != TERN_OK) {
        sqlite_store_rollback(store);
        return status;
    }
    store->commit_count++;
    return TERN_OK;
}

void sqlite_store_rollback(struct sqlite_store *store)
{
    if (sqlite3_get_autocommit(store->database) == 0) {
        run(store, ROLLBACK);
    }
}

int sqlite_store_savepoint(struct sqlite_store *store)
{
    return run(store, SAVEPOINT);
}

int sqlite_store_release(struct sqlite_store *store)
{
    return run(store, RELEASE);
}

void sqlite_store_undo(struct sqlite_store *store)
{
    if (run(store, UNDO) == TERN_OK) {
        run(store, RELEASE);
    }
}

/* Copy in steps so that writers are held up for a few pages at most. */
static int copy_database(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) {
        return TERN_ERR_IO;
    }
    int step = SQLITE_OK;
    while (step == SQLITE_OK || step == SQLITE_BUSY || step == SQLITE_LOCKED) {
        step = sqlite3_backup_step(backup, 256);
    }
    int finished = sqlite3_backup_finish(backup);
    return step == SQLITE_DONE && finished == SQLITE_OK ? TERN_OK : TERN_ERR_IO;
}

int sqlite_store_backup(struct sqlite_store *store, const char *path)
{
    char temporary[PATH_MAX];
    int size = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    if (size < 0 || (size_t)size >= sizeof(temporary)) {
        return TERN_ERR_IO;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return TERN_ERR_IO;
    }
    sqlite3 *copy = NULL;
    int status = sqlite3_open_v2(temporary, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
                     ? copy_database(copy, store->database)
                     : TERN_ERR_IO;
    /* One file that opens anywhere: no WAL beside it. */
    if (status == TERN_OK &&
        sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK) {
        status = TERN_ERR_IO;
    }
    if (sqlite3_close(copy) != SQLITE_OK || fsync(fd) != 0) {
        status = TERN_ERR_IO;
    }
    close(fd);
    if (status == TERN_OK && rename(temporary, path) != 0) {
        status = TERN_ERR_IO;
    }
    if (status != TERN_OK) {
        unlink(temporary);
    }
    return status;
}

int sqlite_store_check(struct sqlite_store *store)
{
    sqlite3_stmt *statement = NULL;
    int status = TERN_ERR_IO;
    if (sqlite3_prepare_v2(store->database, "PRAGMA integrity_check(1)", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *verdict = (const char *)sqlite3_column_text(statement, 0);
        status = verdict != NULL && strcmp(verdict, "ok") == 0 ? TERN_OK : TERN_ERR_IO;
    }
    sqlite3_finalize(statement);
    return status;
}

void sqlite_store_on_commit(struct sqlite_store *store, void (*function)(void *), void *context)
{
    store->on_commit = function;
    store->on_commit_context = context;
}

uint64_t sqlite_store_commit_count(const struct sqlite_store *store)
{
    return store->commit_count;
}

const char *sqlite_store_error(const struct sqlite_store *store)
{
    return store->database == NULL ? "cannot open" : sqlite3_errmsg(store->database);
}
