/*
 * Checks the database: who can read it, the size of its write-ahead log, and with SQLite's
 * quick_check whether it is damaged. A database that does not exist yet is fine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "config/keys/secret.h"
#include "outbox/outbox.h"
#include "outbox/read/integrity.h"

#define PATH_SIZE 4096
#define CHECK_MS 20000
#define REMEDY                                                                                     \
	"if it is a bentospool database: stop the daemon, run bentospool recover, and continue "   \
	"with the new file (doc/operating.md, \"A damaged database\")"
/* A log longer than this means that a reader keeps the daemon from cutting it. */
#define WAL_MAX (2 * (int64_t)OUTBOX_WAL_CUT)

/* ---- modes ----------------------------------------------------------------------------------- */

static void
check_mode(struct doctor *d, const char *what, const char *path)
{
	if (path[0] == '\0' || !secret_is_exposed(path))
		return;
	doctor_report(
	    d, DOCTOR_WARNING, what, "run chmod go-rwx on it", "other users can read %s", path);
}

static bool
holds_a_secret(const struct config *c)
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (c->sites[i].secret_key_file[0] == '\0')
			return true;
	return false;
}

/* Secret files need no check here: the configuration is refused when others can read them. */
static void
check_modes(struct doctor *d)
{
	const struct config *c = d->config;
	struct stat st;

	if (holds_a_secret(c))
		check_mode(d, "secrets", c->file);
	if (stat(c->database, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		doctor_report(d, DOCTOR_WARNING, "secrets", "run chmod o-rwx on it",
		    "every user can read %s, which holds addresses", c->database);
}

/* ---- size and damage ------------------------------------------------------------------------- */

static int64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void
check_size(struct doctor *d)
{
	char wal[PATH_SIZE + 8];
	int64_t bytes = size_of(d->config->database), wal_bytes;

	snprintf(wal, sizeof(wal), "%s-wal", d->config->database);
	wal_bytes = size_of(wal);
	if (wal_bytes > WAL_MAX)
		doctor_report(d, DOCTOR_WARNING, "size",
		    "end the program that keeps a transaction open (lsof or fuser on the database "
		    "shows it); then the daemon truncates the log",
		    "the write-ahead log has %" PRId64
		    " MB, because a reader keeps the daemon from truncating it at %d MB",
		    wal_bytes / 1000000, OUTBOX_WAL_CUT / 1000000);
	else if (bytes > 0)
		doctor_report(d, DOCTOR_OK, "size", NULL,
		    "the database has %" PRId64 ".%" PRId64 " MB, its write-ahead log %" PRId64
		    ".%" PRId64 " MB",
		    bytes / 1000000, bytes / 100000 % 10, wal_bytes / 1000000,
		    wal_bytes / 100000 % 10);
}

static void
check_database(struct doctor *d)
{
	struct outbox_audit *audit;
	struct err e;
	int rc;

	if (access(d->config->database, F_OK) != 0) {
		doctor_report(
		    d, DOCTOR_OK, "database", NULL, "does not exist yet: serve creates it");
		return;
	}
	if (outbox_check_file(d->config->database, &e) != 0) {
		doctor_report(d, DOCTOR_PROBLEM, "database",
		    "do what the message says; nothing is lost while the daemon does not start",
		    "%s", e.text);
		return;
	}
	if (outbox_audit_open(d->config->database, &audit, &e) != 0) {
		doctor_report(d, DOCTOR_PROBLEM, "database",
		    outbox_may_be_damaged(&e) ? REMEDY : "change the setting database", "%s",
		    e.text);
		return;
	}
	rc = outbox_quick_check(audit, CHECK_MS, &e);
	outbox_audit_close(audit);
	if (rc != 0 && e.code == ERR_LIMIT)
		doctor_report(d, DOCTOR_NOTE, "database", "run bentospool verify",
		    "too large to check in %d s", CHECK_MS / 1000);
	else if (rc != 0)
		doctor_report(d, DOCTOR_PROBLEM, "database", REMEDY, "damaged: %s", e.text);
	else
		doctor_report(d, DOCTOR_OK, "database", NULL, "%s is intact", d->config->database);
}

void
doctor_database(struct doctor *d)
{
	check_modes(d);
	check_size(d);
	check_database(d);
}
