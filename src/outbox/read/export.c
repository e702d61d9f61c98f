/*
 * Writes lines of events and ids, and copies of the whole file. While a file is being written it is
 * called FILE.part; it gets its name when it is complete and synced, and is removed after a
 * failure.
 */
#include "outbox/read/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/file/files.h"
#include "outbox/lines/export_line.h"
#include "outbox/lines/identity_line.h"
#include "outbox/read/audit_private.h"

#define PATH_SIZE 4096
#define PART_MODE 0640
/* Enough for a site's name, an address and two ids, escaped. */
#define LINE_BYTES 16384

int
outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e)
{
	return export_line_append_redacted(&a->db, event_id, redact, to, e);
}

/* ---- statements about ids -------------------------------------------------------------------- */

/*
 * Writes one statement as a line. When the line would be too long, which happens only with a
 * damaged file, the callback gets an absent line.
 */
static int
tell(const struct stmt_export_identities_row *row, struct buf *text,
    int (*each)(void *arg, const struct outbox_identity *identity, struct err *e), void *arg,
    struct err *e)
{
	const struct identity_line line = {
		.site = row->site,
		.fact = {
			.kind = identity_kind_parse(row->kind),
			.id = row->id,
			.email = row->email,
			.identified_at = row->identified_at,
			.user_id = row->user_id,
			.since = row->since,
			.said_at = row->said_at,
		},
	};
	struct outbox_identity identity = { .site = row->site };

	buf_clear(text);
	identity_line_append(&line, text);
	if (!text->failed)
		identity.line = buf_slice(text);
	return each(arg, &identity, e);
}

int
outbox_export_identities(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_identity *identity, struct err *e), void *arg,
    struct err *e)
{
	struct db_rows rows = stmt_export_identities(&a->db, e);
	struct stmt_export_identities_row row;
	struct buf text;
	int rc;

	buf_init(&text, LINE_BYTES);
	while ((rc = stmt_export_identities_next(&rows, &row, e)) == 1)
		if (tell(&row, &text, each, arg, e) != 0) {
			rc = -1;
			break;
		}
	db_rows_end(&rows);
	buf_free(&text);
	return rc;
}

/* ---- a file under another name until it is complete ------------------------------------------ */

static int
name_part(const char *file, char part[PATH_SIZE], struct err *e)
{
	if (snprintf(part, PATH_SIZE, "%s.part", file) >= PATH_SIZE)
		return err_set(e, ERR_INPUT, "the name %.64s... is too long", file);
	return 0;
}

/* Opens the file with PART_MODE from the start, and never opens a file that exists. */
int
outbox_part_open(const char *file, struct err *e)
{
	char part[PATH_SIZE];
	struct stat st;
	int fd;

	if (name_part(file, part, e) != 0)
		return -1;
	if (lstat(file, &st) == 0)
		return err_set(
		    e, ERR_INPUT, "%s already exists and was not changed: name a new file", file);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PART_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT,
		    "%s is there: another process is writing it, or an earlier attempt was "
		    "interrupted; in that case remove it",
		    part);
	return fd >= 0 ? fd : err_sys(e, "cannot make %s", part);
}

static int
sync_file(const char *path, int64_t *ret_bytes, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_sys(e, "cannot open %s", path);
	rc = fsync(fd) == 0 && fstat(fd, &st) == 0 ? 0 : err_sys(e, "cannot sync %s", path);
	if (rc == 0)
		*ret_bytes = st.st_size;
	close(fd);
	return rc;
}

/* Uses link(), which never replaces a file that appeared meanwhile. */
int
outbox_part_finish(const char *file, struct err *e)
{
	char part[PATH_SIZE];

	if (name_part(file, part, e) != 0)
		return -1;
	if (link(part, file) != 0)
		return err_sys(e, "cannot give the file its name %s", file);
	unlink(part);
	if (files_sync_directory_of(file, e) == 0)
		return 0;
	unlink(file); /* after a failed sync a crash could lose the name */
	return -1;
}

void
outbox_part_remove(const char *file)
{
	char part[PATH_SIZE];
	struct err e;

	if (name_part(file, part, &e) == 0)
		unlink(part);
}

/* ---- backup --------------------------------------------------------------------------------- */

int
outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e)
{
	char part[PATH_SIZE];
	int fd = outbox_part_open(file, e);

	if (fd < 0)
		return -1;
	close(fd);
	if (name_part(file, part, e) == 0 && db_copy(&a->db, part, e) == 0
	    && sync_file(part, ret_bytes, e) == 0 && outbox_part_finish(file, e) == 0)
		return 0;
	outbox_part_remove(file);
	return -1;
}
