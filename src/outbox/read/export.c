/*
 * Lines of events and persons, and copies of the whole file. A file that is being written is called
 * FILE.part and gets its name when it is complete and synced; after a failure it is removed.
 */
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
/* A site's name, an address, and two texts for each id. */
#define PERSON_BYTES (4096 + 2 * IDENTITY_PERSON_MAX * (size_t)(SEGMENT_ID_MAX + 1))
#define LINE_BYTES (8 * PERSON_BYTES)

int
outbox_export_line(struct outbox_audit *a, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e)
{
	return export_line_append_redacted(&a->db, event_id, redact, to, e);
}

/* ---- persons -------------------------------------------------------------------------------- */

/* The person that is being collected; texts are copied, because the statement moves on. */
struct collected {
	int64_t person;
	struct person_line line;
	struct buf texts;
	struct buf text; /* of the line */
	bool too_long;
	int (*each)(void *arg, const struct outbox_person *person, struct err *e);
	void *arg;
};

/* Texts of a damaged file may be longer than any that was written. */
static struct slice
keep(struct collected *c, struct slice text)
{
	char *p;

	if (text.p == NULL)
		return text;
	if (text.n > PERSON_BYTES - c->texts.n) {
		c->too_long = true;
		return SLICE_NONE;
	}
	p = memcpy(c->texts.p + c->texts.n, text.p, text.n);
	c->texts.n += text.n;
	return (struct slice){ p, text.n };
}

static void
collect(struct collected *c, const struct stmt_export_identities_row *row)
{
	struct identity_person *person = &c->line.person;
	struct identity_id *id = &person->ids[person->n_ids];

	if (person->n_ids == 0) {
		c->person = row->person;
		c->line.site = keep(c, row->site);
		person->email = keep(c, row->email);
		person->identified_at = row->identified_at;
	}
	*id = (struct identity_id){
		.is_user = SLICE_IS(row->kind, "user"),
		.id = keep(c, row->id),
		.with_user = keep(c, row->with_user),
	};
	person->n_ids++;
}

static int
finish_person(struct collected *c, struct err *e)
{
	struct outbox_person person = { c->line.site, c->line.person.n_ids, SLICE_NONE };
	int rc = 0;

	if (person.n_ids > 0) {
		buf_clear(&c->text);
		person_line_append(&c->line, &c->text);
		person.line = c->too_long ? SLICE_NONE : buf_slice(&c->text);
		rc = c->text.failed ? err_nomem(e) : c->each(c->arg, &person, e);
	}
	c->line.person.n_ids = 0;
	c->texts.n = 0;
	c->too_long = false;
	return rc;
}

/* A person with more ids than a line can have becomes two. */
static int
walk_persons(struct outbox_audit *a, struct collected *c, struct err *e)
{
	struct db_rows rows = stmt_export_identities(&a->db, e);
	struct stmt_export_identities_row row;
	int rc;

	while ((rc = stmt_export_identities_next(&rows, &row, e)) == 1) {
		if ((c->line.person.n_ids == IDENTITY_PERSON_MAX || row.person != c->person)
		    && finish_person(c, e) != 0) {
			db_rows_end(&rows);
			return -1;
		}
		collect(c, &row);
	}
	return rc == 0 ? finish_person(c, e) : -1;
}

int
outbox_export_persons(struct outbox_audit *a,
    int (*each)(void *arg, const struct outbox_person *person, struct err *e), void *arg,
    struct err *e)
{
	struct collected *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return err_nomem(e);
	c->each = each;
	c->arg = arg;
	buf_init(&c->texts, PERSON_BYTES);
	buf_init(&c->text, LINE_BYTES);
	rc = buf_reserve(&c->texts, PERSON_BYTES) == NULL ? err_nomem(e) : walk_persons(a, c, e);
	buf_free(&c->texts);
	buf_free(&c->text);
	free(c);
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

/* The file never has a wider mode than PART_MODE, and is never somebody else's. */
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

int
outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e)
{
	char part[PATH_SIZE];
	int fd = outbox_part_open(file, e);

	if (fd < 0)
		return -1;
	close(fd);
	if (name_part(file, part, e) == 0 && db_copy(&a->db, part, e) == 0
	    && sync_path(part, ret_bytes, e) == 0 && outbox_part_finish(file, e) == 0)
		return 0;
	outbox_part_remove(file);
	return -1;
}
