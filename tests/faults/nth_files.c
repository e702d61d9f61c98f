/*
 * What the verbs do with whole files, with the Nth allocation, call of SQLite or system call
 * failing: verify, backup, restore, the upgrade of a copy, and recover.
 *
 * refutes: a failed backup, restore or recovery leaves half a file, costs the present one, or
 * passes for a whole one
 *
 * takes: 30 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "outbox/file/db.h"
#include "outbox/operate/restore.h"
#include "outbox/operate/upgrade.h"
#include "outbox/read/audit.h"
#include "outbox/read/export.h"
#include "outbox/read/verify.h"
#include "outbox/recover/recover.h"
#include "unit/outbox/outbox_rig.h"

#define BACKED_UP (NTH_EVENTS + 1) /* events of the backup: those of the template, and Bob's */
#define PRESENT (BACKED_UP + 1)

static char backup[PATH_MAX + 32];  /* stays during the whole experiment */
static char written[PATH_MAX + 32]; /* the file that a workload makes */

/* ---- the files ----------------------------------------------------------------------------------
 */

static int
write_backup(const char *file, struct err *e)
{
	struct outbox_audit *a;
	int64_t bytes;
	int rc;

	if (outbox_audit_open(rig_dir.file, &a, e) != 0)
		return -1;
	rc = outbox_backup(a, file, &bytes, e);
	outbox_audit_close(a);
	return rc;
}

/* Bob is to be erased. A backup is made before the newest event comes. */
static void
fill(void)
{
	struct segment_event event = rig_track("bob-1");
	struct outbox_put p;
	struct err e;

	event.email = SLICE("bob@example.com");
	assert_int_equal(rig_put(&event, 1, &p), 0);
	rig_change("INSERT INTO erasure SELECT event_id, email FROM event WHERE message_id = "
		   "'bob-1'");
	snprintf(backup, sizeof(backup), "%s/backup", rig_dir.path);
	assert_int_equal(write_backup(backup, &e), 0);
	rig_put_one("newest");
}

static int
make_template(void **state)
{
	(void)state;
	nth_make_template_with(fill);
	snprintf(written, sizeof(written), "%s/written", rig_dir.path);
	return 0;
}

static int64_t
number_in(const char *path, const char *sql)
{
	int64_t n = -1;
	struct err e;
	struct db db;

	if (db_open(&db, path, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s: %s", path, e.text);
	db_close(&db, NULL);
	return n;
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Removes everything whose name begins so. */
static void
remove_all(const char *path)
{
	char pattern[PATH_MAX + 64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s*", path);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
}

static struct err why; /* the last failure */

/* ---- the workloads ------------------------------------------------------------------------------
 */

static int64_t findings, events;

static void
note_finding(void *arg, const struct verify_finding *finding)
{
	(void)arg;
	assert_true(finding->what[0] != '\0');
}

static int
verify_with(bool offline, struct err *e)
{
	const struct verify_options o = { .offline = offline, .each = note_finding };

	return outbox_verify(rig_dir.file, &o, &findings, &events, e);
}

static int
verify_beside_a_daemon(struct err *e)
{
	return verify_with(false, e);
}

static int
verify_offline(struct err *e)
{
	return verify_with(true, e);
}

/* What cannot be read is a finding; a check that is complete finds nothing. */
static void
check_verify(int rc)
{
	if (rc == 0 && findings == 0 && events != PRESENT)
		fail_msg("only %d events were looked at, and nothing was found", (int)events);
}

static int
make_backup(struct err *e)
{
	return write_backup(written, e);
}

static void
check_written(int rc, int64_t wanted)
{
	char part[PATH_MAX + 64];

	snprintf(part, sizeof(part), "%s.part", written);
	assert_false(exists(part));
	if (rc != 0)
		assert_false(exists(written));
	else
		assert_int_equal(number_in(written, "SELECT count(*) FROM outbox"), wanted);
}

static void
check_backup(int rc)
{
	check_written(rc, PRESENT);
}

static int
upgrade(struct err *e)
{
	int64_t erased = 0;
	bool needed = true;

	if (outbox_upgrade_needed(rig_dir.file, &needed, e) != 0)
		return -1;
	assert_true(needed); /* Bob */
	if (outbox_upgrade_copy(rig_dir.file, written, &erased, e) != 0)
		return -1;
	assert_int_equal(erased, 1);
	return 0;
}

static void
check_upgrade(int rc)
{
	check_written(rc, PRESENT);
	if (rc == 0)
		assert_int_equal(number_in(written,
				     "SELECT count(*) FROM outbox WHERE email = 'bob@example.com'"),
		    0);
}

static struct recover_report report;

static int
recover(struct err *e)
{
	return outbox_recover(rig_dir.file, written, 1000000, NULL, &report, e);
}

/* A page that could not be read is damaged. */
static void
check_recover(int rc)
{
	if (rc == 0 && recover_is_complete(&report))
		check_written(0, PRESENT);
	else if (rc == 0)
		assert_true(report.pages > 0 || report.log_frames > 0);
	else
		check_written(rc, 0);
}

static struct restore_report restored;

static int
restore(struct err *e)
{
	return outbox_restore(rig_dir.file, backup, 1000000, &restored, e);
}

/* Counts the events of the former database, where it was set aside. */
static int64_t
events_aside(void)
{
	char pattern[PATH_MAX + 64];
	int64_t n = 0;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s.before-*Z", rig_dir.file);
	if (glob(pattern, 0, NULL, &found) == 0)
		n = number_in(found.gl_pathv[0], "SELECT count(*) FROM outbox");
	globfree(&found);
	return n;
}

/* The former database is there, in its place or set aside, and an error says which. */
static void
check_restore(int rc)
{
	int64_t in_place;

	assert_true(exists(rig_dir.file));
	in_place = number_in(rig_dir.file, "SELECT count(*) FROM outbox");
	if (rc != 0 && strstr(why.text, "is in place, and the former database is ") == NULL) {
		assert_int_equal(in_place, PRESENT);
		return;
	}
	assert_int_equal(in_place, BACKED_UP);
	assert_int_equal(events_aside(), PRESENT);
	if (rc != 0)
		return;
	assert_int_equal(restored.events, BACKED_UP);
	if (!restored.unreadable)
		assert_int_equal(restored.newer, 1);
}

static const struct work {
	const char *name;
	int (*act)(struct err *e);
	void (*check)(int rc);
} works[] = { { "verify", verify_beside_a_daemon, check_verify },
	{ "verify offline", verify_offline, check_verify }, { "backup", make_backup, check_backup },
	{ "upgrade", upgrade, check_upgrade }, { "recover", recover, check_recover },
	{ "restore", restore, check_restore } };

/* ---- the test -----------------------------------------------------------------------------------
 */

static const struct work *work;

static void
prepare(void)
{
	remove_all(rig_dir.file);
	remove_all(written);
	nth_copy_template();
}

static int
act_once(void)
{
	int rc;

	why = (struct err){ 0 };
	rc = work->act(&why);
	if (rc != 0) {
		assert_int_not_equal(why.code, ERR_NONE);
		assert_true(why.text[0] != '\0');
	}
	return rc;
}

static int
act_armed(void)
{
	int rc;

	nth_arm();
	rc = act_once();
	nth_disarm();
	return rc;
}

static void
check(int rc, bool fired)
{
	if (!fired)
		assert_int_equal(rc, 0);
	work->check(rc);
	prepare();
	assert_int_equal(act_once(), 0);
	work->check(0);
}

static void
try_works(const struct nth_fault *fault, int sample)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		struct nth_workload w = { works[i].name, prepare, act_armed, check };

		work = &works[i];
		nth_try(&w, fault, sample);
	}
}

static void
files_survive_a_failing_call_of_sqlite(void **state)
{
	(void)state;
	try_works(&(struct nth_fault){ "sqlite", 1, 7, false }, 6);  /* SQLITE_NOMEM */
	try_works(&(struct nth_fault){ "sqlite", 1, 10, false }, 2); /* SQLITE_IOERR */
	try_works(&(struct nth_fault){ "sqlite", 1, 13, false }, 1); /* SQLITE_FULL */
}

static void
files_survive_a_lack_of_memory(void **state)
{
	(void)state;
	try_works(&(struct nth_fault){ "alloc", 1, 0, false }, 4);
	try_works(&(struct nth_fault){ "alloc", 4, 0, false }, 1);
}

static void
files_survive_a_failing_system_call(void **state)
{
	/* make check tries the first four. */
	static const char *const calls[] = { "open", "fsync", "stat", "renameat2", "read", "pread",
		"pread64", "write", "pwrite", "pwrite64", "fdatasync", "ftruncate", "fstat",
		"lstat", "access", "fcntl", "flock", "chown", "chmod", "rename", "link", "statfs",
		"statvfs", "unlink", "mmap" };
	size_t n = nth_is_thorough() ? sizeof(calls) / sizeof(calls[0]) : 4;

	(void)state;
	for (size_t i = 0; i < n; i++)
		try_works(&(struct nth_fault){ calls[i], 1, EIO, false }, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_survive_a_failing_call_of_sqlite),
		cmocka_unit_test(files_survive_a_lack_of_memory),
		cmocka_unit_test(files_survive_a_failing_system_call),
	};

	(void)argc;
	nth_start(argv);
	return cmocka_run_group_tests_name("nth files", tests, make_template, nth_remove_template);
}
