/* Writes lines of events and ids, and copies of the whole file. */
#include "outbox/read/export.h"

#include <unistd.h>

#include "outbox/file/part.h"
#include "outbox/lines/export_line.h"
#include "outbox/lines/identity_line.h"
#include "outbox/read/audit_private.h"

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

/* ---- backup --------------------------------------------------------------------------------- */

int
outbox_backup(struct outbox_audit *a, const char *file, int64_t *ret_bytes, struct err *e)
{
	char part[PART_PATH_SIZE];
	int fd = part_open(file, e);

	if (fd < 0)
		return -1;
	close(fd);
	if (part_name(file, part, e) == 0 && db_copy(&a->db, part, e) == 0
	    && part_sync(part, ret_bytes, e) == 0 && part_finish(file, e) == 0)
		return 0;
	part_remove(file);
	return -1;
}
