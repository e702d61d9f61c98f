#include "outbox/export.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/audit_priv.h"
#include "outbox/ndjson.h"

#define PATH_SIZE 4096
#define BACKUP_MODE 0640

int
outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e)
{
	return ndjson_append_redacted(&a->db, event_id, redact, to, e);
}

/* Never wider than its mode from the first byte on, and nobody else's file. */
static int
make_part(const char *part, struct err *e)
{
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, BACKUP_MODE);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT,
		    "%s is there: another backup writes it, or one was cut off; remove it then",
		    part);
	if (fd < 0)
		return err_sys(e, "cannot make %s", part);
	close(fd);
	return 0;
}

static int
copy_database(struct db *db, const char *part, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (sqlite3_prepare_v2(db->handle, "VACUUM INTO ?1", -1, &stmt, NULL) != SQLITE_OK)
		return db_error(db, e, "backup");
	db_bind_text(stmt, 1, slice_from(part));
	rc = sqlite3_step(stmt) == SQLITE_DONE ? 0 : db_error(db, e, "backup");
	sqlite3_finalize(stmt);
	return rc;
}

/* A file's bytes, or a folder's names. */
static int
sync_path(const char *path, int64_t *ret_bytes, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_sys(e, "cannot open %s", path);
	rc = fsync(fd) == 0 && fstat(fd, &st) == 0 ? 0 : err_sys(e, "cannot sync %s", path);
	if (rc == 0 && ret_bytes != NULL)
		*ret_bytes = st.st_size;
	close(fd);
	return rc;
}

/* link() never replaces a file that appeared meanwhile. */
static int
give_name(const char *part, const char *file, struct err *e)
{
	char copy[PATH_SIZE];

	if (link(part, file) != 0)
		return err_sys(e, "cannot name the backup %s", file);
	unlink(part);
	snprintf(copy, sizeof(copy), "%s", file);
	if (sync_path(dirname(copy), NULL, e) == 0)
		return 0;
	unlink(file); /* the name may be gone after a crash: that is no backup */
	return -1;
}

int
outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e)
{
	char part[PATH_SIZE];
	struct stat st;

	if (snprintf(part, sizeof(part), "%s.part", file) >= (int)sizeof(part))
		return err_set(e, ERR_INPUT, "the name of the backup is too long");
	if (lstat(file, &st) == 0)
		return err_set(
		    e, ERR_INPUT, "%s is there, and was left as it is: name a new file", file);
	if (make_part(part, e) != 0)
		return -1;
	if (copy_database(&a->db, part, e) == 0 && sync_path(part, ret_bytes, e) == 0
	    && give_name(part, file, e) == 0)
		return 0;
	unlink(part);
	return -1;
}
