#include "outbox/read/export.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/lines/export_line.h"
#include "outbox/lines/person_line.h"
#include "outbox/read/audit_private.h"

#define PATH_SIZE 4096
#define PART_MODE 0640
/* A site's name and an address, and two texts for each id. */
#define PERSON_BYTES (4096 + 2 * IDENTITY_PERSON_MAX * (size_t)(SEGMENT_ID_MAX + 1))
#define LINE_BYTES (8 * PERSON_BYTES)

int
outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e)
{
	return export_line_append_redacted(&a->db, event_id, redact, to, e);
}

/* ---- persons -------------------------------------------------------------------------------- */

/* The person under way; its texts are copied, because the statement moves on. */
struct gathered {
	int64_t person;
	struct person_line line;
	struct buf texts;
	struct buf text; /* of the line */
	bool too_long;
	int (*each)(void *arg, const struct outbox_person *person, struct err *e);
	void *arg;
};

/* A damaged file may say more than was ever written. */
static struct slice
keep(struct gathered *g, struct slice text)
{
	char *p;

	if (text.p == NULL)
		return text;
	if (text.n > PERSON_BYTES - g->texts.n) {
		g->too_long = true;
		return SLICE_NONE;
	}
	p = memcpy(g->texts.p + g->texts.n, text.p, text.n);
	g->texts.n += text.n;
	return (struct slice){ p, text.n };
}

static void
gather(struct gathered *g, sqlite3_stmt *stmt)
{
	struct identity_person *person = &g->line.person;
	struct identity_id *id = &person->ids[person->n_ids];

	if (person->n_ids == 0) {
		g->person = db_int(stmt, 0);
		g->line.site = keep(g, db_text(stmt, 1));
		person->email = keep(g, db_text(stmt, 4));
		person->identified_at = db_int(stmt, 5);
	}
	*id = (struct identity_id){
		.is_user = SLICE_IS(db_text(stmt, 2), "user"),
		.id = keep(g, db_text(stmt, 3)),
		.with_user = keep(g, db_text(stmt, 6)),
	};
	person->n_ids++;
}

static int
tell(struct gathered *g, struct err *e)
{
	struct outbox_person person = { g->line.site, g->line.person.n_ids, SLICE_NONE };
	int rc = 0;

	if (person.n_ids > 0) {
		buf_clear(&g->text);
		person_line_append(&g->line, &g->text);
		person.line = g->too_long ? SLICE_NONE : buf_slice(&g->text);
		rc = g->text.failed ? err_nomem(e) : g->each(g->arg, &person, e);
	}
	g->line.person.n_ids = 0;
	g->texts.n = 0;
	g->too_long = false;
	return rc;
}

/* More ids than one line has make two lines, and two persons. */
static int
walk_persons(struct outbox_audit *a, struct gathered *g, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_EXPORT_IDENTITIES, e);
	int rc = 0;

	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		if ((g->line.person.n_ids == IDENTITY_PERSON_MAX || db_int(stmt, 0) != g->person)
		    && tell(g, e) != 0) {
			db_done(stmt);
			return -1;
		}
		gather(g, stmt);
	}
	return rc == 0 ? tell(g, e) : -1;
}

int
outbox_export_persons(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_person *person, struct err *e), void *arg,
    struct err *e)
{
	struct gathered *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL)
		return err_nomem(e);
	g->each = each;
	g->arg = arg;
	buf_init(&g->texts, PERSON_BYTES);
	buf_init(&g->text, LINE_BYTES);
	rc = buf_reserve(&g->texts, PERSON_BYTES) == NULL ? err_nomem(e) : walk_persons(a, g, e);
	buf_free(&g->texts);
	buf_free(&g->text);
	free(g);
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

/* Never wider than its mode from the first byte on, and nobody else's file. */
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
		    e, ERR_INPUT, "%s is there, and was left as it is: name a new file", file);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PART_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT,
		    "%s is there: somebody else writes it, or it was cut off; remove it then",
		    part);
	return fd >= 0 ? fd : err_sys(e, "cannot make %s", part);
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
int
outbox_part_finish(const char *file, struct err *e)
{
	char part[PATH_SIZE], copy[PATH_SIZE];

	if (name_part(file, part, e) != 0)
		return -1;
	if (link(part, file) != 0)
		return err_sys(e, "cannot name it %s", file);
	unlink(part);
	snprintf(copy, sizeof(copy), "%s", file);
	if (sync_path(dirname(copy), NULL, e) == 0)
		return 0;
	unlink(file); /* the name may be gone after a crash */
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

int
outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e)
{
	char part[PATH_SIZE];
	int fd = outbox_part_open(file, e);

	if (fd < 0)
		return -1;
	close(fd);
	if (name_part(file, part, e) == 0 && copy_database(&a->db, part, e) == 0
	    && sync_path(part, ret_bytes, e) == 0 && outbox_part_finish(file, e) == 0)
		return 0;
	outbox_part_remove(file);
	return -1;
}
