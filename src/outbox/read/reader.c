/*
 * The dispatcher's reader. Due events come from two indexes, one of events without a retry time and
 * one of delayed events. They are merged by id, which keeps the order of arrival. Fails on errors
 * of the database.
 */
#include "outbox/read/reader.h"

#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/file/migrate.h"

struct outbox_reader {
	struct db db;
	/* Between begin and end: the two halves of the due events. */
	struct db_rows fresh;   /* events without a retry time */
	struct db_rows delayed; /* events whose retry time has come */
	struct db_rows loaded;  /* the row that the slices of a loaded event point into */
	struct stmt_due_fresh_row fresh_row;
	bool shown;         /* fresh_row was handed out: read on before the next one */
	int64_t next_fresh; /* of fresh_row; INT64_MAX after the last one */
	int64_t next_delayed;
};

int
outbox_reader_open(const char *path, struct outbox_reader **ret_reader, struct err *e)
{
	struct outbox_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	if (db_open(&r->db, path, DB_READ, e) != 0) {
		free(r);
		return -1;
	}
	if (migrate_check_version(&r->db, path, e) != 0) {
		outbox_reader_close(r);
		return -1;
	}
	*ret_reader = r;
	return 0;
}

void
outbox_reader_close(struct outbox_reader *r)
{
	if (r == NULL)
		return;
	db_close(&r->db, NULL);
	free(r);
}

static int
advance_fresh(struct outbox_reader *r, struct err *e)
{
	int rc = stmt_due_fresh_next(&r->fresh, &r->fresh_row, e);

	r->shown = false;
	r->next_fresh = rc == 1 ? r->fresh_row.event_id : INT64_MAX;
	return rc < 0 ? -1 : 0;
}

static int
advance_delayed(struct outbox_reader *r, struct err *e)
{
	int rc = stmt_due_delayed_next(&r->delayed, &r->next_delayed, e);

	if (rc == 0)
		r->next_delayed = INT64_MAX;
	return rc < 0 ? -1 : 0;
}

int
outbox_due_begin(struct outbox_reader *r, int64_t site_id, int64_t now, int64_t horizon,
    int64_t after, int64_t fresh_after, struct err *e)
{
	const struct stmt_due_fresh fresh = {
		.site_id = site_id,
		.after = fresh_after > after ? fresh_after : after,
	};
	const struct stmt_due_delayed delayed = {
		.site_id = site_id,
		.now = now,
		.after = after,
		.horizon = horizon,
	};

	if (db_exec(&r->db, "BEGIN", e) != 0)
		return -1;
	r->fresh = stmt_due_fresh(&r->db, &fresh, e);
	r->delayed = stmt_due_delayed(&r->db, &delayed, e);
	if (advance_fresh(r, e) != 0 || advance_delayed(r, e) != 0) {
		outbox_due_end(r);
		return -1;
	}
	return 0;
}

void
outbox_event_done(struct outbox_reader *r)
{
	db_rows_end(&r->loaded);
}

void
outbox_due_end(struct outbox_reader *r)
{
	db_rows_end(&r->fresh);
	db_rows_end(&r->delayed);
	outbox_event_done(r);
	db_exec(&r->db, "COMMIT", NULL);
}

int
outbox_due_soonest(struct outbox_reader *r, int64_t site_id, int64_t *ret_at, struct err *e)
{
	return stmt_due_soonest(&r->db, site_id, ret_at, e) == 1 ? 0 : -1;
}

int
outbox_due_delayed(struct outbox_reader *r, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	struct db_rows rows = stmt_delayed_addresses(&r->db, site_id, e);
	struct stmt_delayed_addresses_row row;
	int rc;

	while ((rc = stmt_delayed_addresses_next(&rows, &row, e)) == 1)
		each(arg, row.event_id, row.email);
	return rc;
}

/* ---- whole events --------------------------------------------------------------------------- */

/* What the rows of both statements have in common, by the names of their columns. */
#define EVENT_OF(row)                                                                              \
	((struct outbox_event){                                                                    \
	    .event_id = (row).event_id,                                                            \
	    .message_id = (row).message_id,                                                        \
	    .kind = kind_parse((row).kind),                                                        \
	    .name = (row).name,                                                                    \
	    .email = (row).email,                                                                  \
	    .occurred_at = (row).occurred_at,                                                      \
	    .received_at = (row).received_at,                                                      \
	    .body = (row).body,                                                                    \
	    .context = (row).context,                                                              \
	    .attempts = (row).attempts,                                                            \
	    .maybe_sent = (row).maybe_sent,                                                        \
	    .max_batch = (unsigned)(row).max_batch,                                                \
	    .browser = (row).browser,                                                              \
	    .integrations = (row).integrations,                                                    \
	})

int
outbox_event_load(
    struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e)
{
	struct stmt_event_load_row row;
	int rc;

	outbox_event_done(r);
	r->loaded = stmt_event_load(&r->db, event_id, e);
	rc = stmt_event_load_next(&r->loaded, &row, e);
	if (rc != 1)
		return rc;
	*ret_event = EVENT_OF(row);
	return 1;
}

int
outbox_due_next(struct outbox_reader *r, struct outbox_event *ret_event, struct err *e)
{
	int found = 0;

	if (r->shown && advance_fresh(r, e) != 0)
		return -1;
	while (found == 0 && r->next_delayed < r->next_fresh) {
		int64_t id = r->next_delayed;

		if (advance_delayed(r, e) != 0)
			return -1;
		found = outbox_event_load(r, id, ret_event, e);
	}
	if (found != 0 || r->next_fresh == INT64_MAX)
		return found;
	*ret_event = EVENT_OF(r->fresh_row);
	r->shown = true;
	return 1;
}
