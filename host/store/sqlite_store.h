/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite behind tern/store.h: WAL, synchronous=FULL, one file a server.
 *
 *     record(space TEXT, key BLOB, value BLOB, PRIMARY KEY (space, key))
 *     counter(space TEXT, key BLOB, value INTEGER, PRIMARY KEY (space, key)) WITHOUT ROWID
 *
 * One connection belongs to one thread. Several processes or threads may open the same file.
 */
#ifndef HOST_STORE_SQLITE_STORE_H
#define HOST_STORE_SQLITE_STORE_H

#include "tern/store.h"

struct sqlite_store;

/** Version of the schema above, in PRAGMA user_version. A newer file is refused. */
#define SQLITE_STORE_VERSION 1

/**
 * Open or create; the file is made with mode 0600. ":memory:" for tests.
 * @return TERN_OK, TERN_ERR_IO, TERN_ERR_UNSUPPORTED (a newer schema)
 */
int sqlite_store_open(struct sqlite_store **store, const char *path);
void sqlite_store_close(struct sqlite_store *store);

/** The interface that engines take; lives as long as the store. */
struct tern_store *sqlite_store_interface(struct sqlite_store *store);

/**
 * A write transaction. Waits up to TERN_STORE_BUSY_MS for another process.
 * Outside of one, single reads and writes work too and are durable one by one.
 */
int sqlite_store_begin(struct sqlite_store *store);
/** Durable when it returns TERN_OK; rolled back when not. */
int sqlite_store_commit(struct sqlite_store *store);
void sqlite_store_rollback(struct sqlite_store *store);

/** A step inside a transaction that can be undone alone. */
int sqlite_store_savepoint(struct sqlite_store *store);
int sqlite_store_release(struct sqlite_store *store);
void sqlite_store_undo(struct sqlite_store *store);

/** A consistent copy while the server runs, 0600, replaced atomically. */
int sqlite_store_backup(struct sqlite_store *store, const char *path);

/** PRAGMA integrity_check: TERN_OK or TERN_ERR_IO. */
int sqlite_store_check(struct sqlite_store *store);

/** For tests and benchmarks: called right before each commit (an injected slow disk). */
void sqlite_store_on_commit(struct sqlite_store *store, void (*function)(void *), void *context);
/** How many transactions were committed. */
uint64_t sqlite_store_commit_count(const struct sqlite_store *store);

/** The last complaint of SQLite, for a log line. */
const char *sqlite_store_error(const struct sqlite_store *store);

#endif
