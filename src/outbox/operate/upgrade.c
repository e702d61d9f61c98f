/*
 * Makes an up-to-date copy of another outbox: VACUUM INTO makes the copy; migrations and erasures
 * then change it. After a failure the copy is removed.
 */
#include "outbox/operate/upgrade.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/operate/erase.h"
#include "outbox/write/spans.h"

#define PATH_SIZE 4200

static int
read_version(struct db *db, int64_t *ret_version, struct err *e)
{
	int64_t application_id;

	if (db_exec_int(db, "PRAGMA application_id", &application_id, e) != 0
	    || db_exec_int(db, "PRAGMA user_version", ret_version, e) != 0)
		return -1;
	if (application_id != DB_APPLICATION_ID)
		*ret_version = SCHEMA_VERSION; /* opening it will report that it is not a bentospool
						  database */
	return 0;
}

static int
read_erasures(struct db *db, bool *ret_any, struct err *e)
{
	int64_t any = 0, tables;

	/* A file that is not an outbox has no such table. */
	if (db_exec_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'erasure'", &tables, e)
	    != 0)
		return -1;
	if (tables > 0 && db_exec_int(db, "SELECT EXISTS (SELECT 1 FROM erasure)", &any, e) != 0)
		return -1;
	*ret_any = any != 0;
	return 0;
}

int
outbox_upgrade_needed(const char *path, bool *ret_needed, struct err *e)
{
	struct db db;
	int64_t version;
	int rc;

	if (db_open(&db, path, DB_READ, e) != 0)
		return -1;
	rc = read_version(&db, &version, e);
	if (rc == 0)
		*ret_needed = version < SCHEMA_VERSION;
	if (rc == 0 && !*ret_needed && version == SCHEMA_VERSION)
		rc = read_erasures(&db, ret_needed, e);
	db_close(&db, NULL);
	return rc;
}

static int
copy_file(const char *from, const char *to, struct err *e)
{
	struct db db;
	int rc;

	if (db_open(&db, from, DB_READ, e) != 0)
		return -1;
	rc = db_copy(&db, to, e);
	db_close(&db, NULL);
	return rc == 0 ? 0 : err_wrap(e, "cannot copy %s to %s", from, to);
}

static int
erase_one_step(struct db *db, struct outbox_erase *erase, struct err *e)
{
	if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (spans_count_arrivals(db, e) != 0
	    || erase_step(db, erase, clock_wall(&clock_system), e) != 0) {
		db_rollback(db);
		return -1;
	}
	return db_exec(db, "COMMIT", e);
}

/* Returns 1 when a person was erased, 0 when there is none to erase, or -1. */
static int
erase_next(struct db *db, struct err *e)
{
	struct outbox_erase erase = { .actor = "delete call" };

	do
		if (erase_one_step(db, &erase, e) != 0)
			return -1;
	while (erase.more);
	return !erase.none;
}

int
outbox_upgrade_file(const char *to, int64_t *ret_erased, struct err *e)
{
	struct db db;
	int rc;

	if (db_open(&db, to, DB_WRITE, e) != 0)
		return -1;
	rc = migrate_run(&db, to, schema_migrations, SCHEMA_VERSION, e);
	*ret_erased = 0;
	while (rc == 0 && (rc = erase_next(&db, e)) == 1) {
		++*ret_erased;
		rc = 0;
	}
	if (db_close(&db, rc == 0 ? e : NULL) != 0)
		rc = -1;
	return rc;
}

int
outbox_upgrade_copy(const char *from, const char *to, int64_t *ret_erased, struct err *e)
{
	outbox_upgrade_remove(to);
	if (copy_file(from, to, e) == 0 && outbox_upgrade_file(to, ret_erased, e) == 0)
		return 0;
	outbox_upgrade_remove(to);
	return -1;
}

void
outbox_upgrade_remove(const char *to)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".part",
		".part-wal", ".part-shm", ".part-journal" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", to, suffixes[i]);
		unlink(path);
	}
	/* Removes the copies that the migrations made. */
	for (int version = 1; version < SCHEMA_VERSION; version++) {
		snprintf(path, sizeof(path), "%s.v%d", to, version);
		unlink(path);
	}
}
