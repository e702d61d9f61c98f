/* Recognizes the file and brings it to this program's version. */
#ifndef OUTBOX_FILE_MIGRATE_H
#define OUTBOX_FILE_MIGRATE_H

#include "base/err.h"
#include "outbox/file/db.h"

/*
 * Call it before SQLite opens the file. Returns 0 when path is absent, empty or a bentospool
 * database. Any other file is ERR_INPUT and is not changed. The process must not have the file
 * open: closing any descriptor of it would drop SQLite's locks (doc/sqlite.md).
 */
int migrate_check_file(const char *path, struct err *e);

/*
 * Call it next, when this process will write the file. Removes a WAL without a frame that a power
 * cut during the creation of the database left, because SQLite would use it before the database
 * says that it has one, and other connections would then refuse it.
 */
int migrate_remove_empty_wal(const char *path, struct err *e);

/*
 * The same check for a file that this process has open: reads the header with the connection.
 * Returns -1 with ERR_INPUT when the WAL beside the file is not its own.
 */
int migrate_check_open(struct db *db, const char *path, struct err *e);

/*
 * On the writing connection: creates the tables or runs the missing migrations, switches to WAL and
 * verifies that, and creates the views. ERR_INPUT when the file is newer than this program.
 */
int migrate_run(struct db *db, const char *path, const char *const *migrations, int n_migrations,
    struct err *e);

/* On any connection: returns 0 when the file is a bentospool database of exactly this program's
 * version. */
int migrate_check_version(struct db *db, const char *path, struct err *e);

#endif
