/*
 * Whose file this is, and bringing it to this program's version. Private to outbox/.
 */
#ifndef OUTBOX_FILE_MIGRATE_H
#define OUTBOX_FILE_MIGRATE_H

#include "base/err.h"
#include "outbox/file/db.h"

/*
 * Before SQLite opens it: 0 when path is absent, empty or ours. ERR_INPUT when it is something
 * else, which is then left untouched. The process must not have the file open (doc/sqlite.md:
 * closing any descriptor of it would drop SQLite's locks).
 */
int migrate_check_file(const char *path, struct err *e);

/*
 * On the writing connection: creates the tables or runs the missing migrations (each in one
 * transaction, after a copy of the file), switches to WAL and proves it, renews the views.
 * ERR_INPUT when the file is newer than this program.
 */
int migrate_run(struct db *db, const char *path, const char *const *migrations, int n_migrations,
    struct err *e);

/* On any connection: ours, and of exactly this program's version. */
int migrate_check_version(struct db *db, const char *path, struct err *e);

#endif
