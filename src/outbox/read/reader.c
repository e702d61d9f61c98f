/*
 * The dispatcher's reader. Due events come from three places: spans that no attempt took, and rows
 * in delivery without a retry time and with one. They are merged by id, which keeps the order of
 * arrival. The checksum of each event, and of the values of its batch, is compared: a disk that
 * changes a byte does not say so. Fails on errors of the database.
 */
#include "outbox/read/reader.h"

#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/read/damage.h"

/* The sources of due events. */
enum { FRESH, AGAIN, DELAYED, SOURCES };

struct outbox_reader {
	struct db db;
	/* One source of due events, between begin and end. */
	struct source {
		struct db_rows rows;
		int64_t next; /* INT64_MAX after the last one */
		bool shown;   /* the caller has its row: advance first */
	} source[SOURCES];
	struct stmt_due_fresh_row fresh;
	struct stmt_due_again_row again;
	int64_t site_id;       /* between begin and end */
	int64_t next_row;      /* no event of a span below this one has a row in delivery */
	struct db_rows loaded; /* the row that the slices of a loaded event point into */
	/* The envelope of the last event; the next events mostly have the same. */
	int64_t envelope_id;
	struct db_rows envelope_rows;
	struct stmt_due_envelope_row envelope;
	const char *envelope_damage; /* NULL, or what is wrong with it */
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

/* Returns whether the event has a row in delivery; -1 on an error. Call it with ascending ids. Few
 * events in spans have one, so the next of them is looked up, and not each event. */
static int
has_row(struct outbox_reader *r, int64_t event_id, struct err *e)
{
	int rc;

	if (event_id < r->next_row)
		return 0;
	rc = stmt_due_next_row(&r->db, event_id, &r->next_row, e);
	if (rc == 0)
		r->next_row = INT64_MAX;
	return rc < 0 ? -1 : r->next_row == event_id;
}

static int
next_fresh(struct outbox_reader *r, struct err *e)
{
	int rc, skip = 1;

	do
		rc = stmt_due_fresh_next(&r->source[FRESH].rows, &r->fresh, e);
	while (rc == 1 && (skip = has_row(r, r->fresh.event_id, e)) == 1);
	return skip < 0 ? -1 : rc;
}

static int
advance(struct outbox_reader *r, int which, struct err *e)
{
	struct source *source = &r->source[which];
	int rc;

	if (which == FRESH)
		rc = next_fresh(r, e);
	else if (which == AGAIN)
		rc = stmt_due_again_next(&source->rows, &r->again, e);
	else
		rc = stmt_due_delayed_next(&source->rows, &source->next, e);
	if (rc == 1 && which != DELAYED)
		source->next = which == FRESH ? r->fresh.event_id : r->again.event_id;
	else if (rc != 1)
		source->next = INT64_MAX;
	source->shown = false;
	return rc < 0 ? -1 : 0;
}

int
outbox_due_begin(struct outbox_reader *r, int64_t site_id, int64_t now, int64_t horizon,
    int64_t after, int64_t fresh_after, struct err *e)
{
	int64_t at_once_after = fresh_after > after ? fresh_after : after;
	const struct stmt_due_fresh fresh = { .site_id = site_id, .after = at_once_after };
	const struct stmt_due_again again = { .site_id = site_id, .after = at_once_after };
	const struct stmt_due_delayed delayed = {
		.site_id = site_id,
		.now = now,
		.after = after,
		.horizon = horizon,
	};

	/* An earlier one may still be open, for lack of memory. */
	if (db_rollback(&r->db) != 0)
		return err_nomem(e);
	if (db_exec(&r->db, "BEGIN", e) != 0)
		return -1;
	r->site_id = site_id;
	r->next_row = 0;
	r->source[FRESH].rows = stmt_due_fresh(&r->db, &fresh, e);
	r->source[AGAIN].rows = stmt_due_again(&r->db, &again, e);
	r->source[DELAYED].rows = stmt_due_delayed(&r->db, &delayed, e);
	for (int i = 0; i < SOURCES; i++)
		if (advance(r, i, e) != 0) {
			outbox_due_end(r);
			return -1;
		}
	return 0;
}

void
outbox_event_done(struct outbox_reader *r)
{
	db_rows_end(&r->loaded);
	db_rows_end(&r->envelope_rows);
	r->envelope_id = 0;
}

void
outbox_due_end(struct outbox_reader *r)
{
	for (int i = 0; i < SOURCES; i++)
		db_rows_end(&r->source[i].rows);
	outbox_event_done(r);
	db_rollback(&r->db);
}

int
outbox_due_soonest(struct outbox_reader *r, int64_t site_id, int64_t *ret_at, struct err *e)
{
	return stmt_due_soonest(&r->db, site_id, ret_at, e) == 1 ? 0 : -1;
}

int
outbox_backlog(struct outbox_reader *r, int64_t site_id, int64_t after, int64_t *ret_events,
    int64_t *ret_oldest_at, struct err *e)
{
	const struct stmt_backlog_oldest oldest = { .site_id = site_id, .after = after };

	*ret_oldest_at = 0;
	return stmt_backlog(&r->db, site_id, ret_events, e) < 0
		       || stmt_backlog_oldest(&r->db, &oldest, ret_oldest_at, e) < 0
		   ? -1
		   : 0;
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

/* What a row of any of these statements holds of the event as it was stored. */
#define STORED(row, site, stored_email)                                                            \
	((struct stmt_event_add){                                                                  \
	    .event_id = (row).event_id,                                                            \
	    .site_id = (site),                                                                     \
	    .message_id = (row).message_id,                                                        \
	    .kind = (row).kind,                                                                    \
	    .name = (row).name,                                                                    \
	    .email = (stored_email),                                                               \
	    .occurred_at = (row).occurred_at,                                                      \
	    .received_at = (row).received_at,                                                      \
	    .envelope_id = db_int_if((row).envelope_id != 0, (row).envelope_id),                   \
	    .body = (row).body,                                                                    \
	    .browser = (row).browser,                                                              \
	    .checksum = (row).checksum,                                                            \
	})

/* Adds the columns of a row in delivery to the event. */
#define ADD_DELIVERY(event, row)                                                                   \
	do {                                                                                       \
		(event)->attempts = (row).attempts;                                                \
		(event)->maybe_sent = (row).maybe_sent;                                            \
		(event)->max_batch = (unsigned)(row).max_batch;                                    \
	} while (0)

/* Reads the envelope, unless the last event had the same. The row stays open: the slices of events
 * point into it. */
static int
read_envelope(struct outbox_reader *r, int64_t id, struct err *e)
{
	int rc;

	if (id == r->envelope_id)
		return 0;
	db_rows_end(&r->envelope_rows);
	r->envelope = (struct stmt_due_envelope_row){ .context = SLICE_NONE };
	r->envelope_rows = stmt_due_envelope(&r->db, id, e);
	rc = stmt_due_envelope_next(&r->envelope_rows, &r->envelope, e);
	r->envelope_id = rc < 0 ? 0 : id;
	r->envelope_damage = damage_of_envelope(id, rc == 1 ? &r->envelope : NULL);
	return rc < 0 ? -1 : 0;
}

/* Makes an event, which goes to `email`, of what was stored. Returns 1, or -1 on an error. */
static int
make_event(struct outbox_reader *r, const struct stmt_event_add *row, struct slice email,
    struct outbox_event *ret_event, struct err *e)
{
	/* Without a body, the event needs no envelope. */
	bool whole = row->body.p != NULL && row->envelope_id.there;
	const char *damage = damage_of_event(row);

	if (whole && read_envelope(r, row->envelope_id.value, e) != 0)
		return -1;
	*ret_event = (struct outbox_event){
		.event_id = row->event_id,
		.message_id = row->message_id,
		.kind = kind_parse(row->kind),
		.name = row->name,
		.email = email,
		.occurred_at = row->occurred_at,
		.received_at = row->received_at,
		.body = row->body,
		.browser = row->browser,
		.damage = damage,
	};
	if (!whole)
		return 1;
	ret_event->context = r->envelope.context;
	ret_event->integrations = r->envelope.integrations;
	if (damage == NULL)
		ret_event->damage = r->envelope_damage;
	return 1;
}

static int
load(struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e)
{
	struct stmt_event_load_row row;
	int rc;

	db_rows_end(&r->loaded);
	r->loaded = stmt_event_load(&r->db, event_id, e);
	rc = stmt_event_load_next(&r->loaded, &row, e);
	if (rc != 1)
		return rc;
	rc = make_event(r, &STORED(row, row.site_id, row.stored_email), row.email, ret_event, e);
	if (rc == 1)
		ADD_DELIVERY(ret_event, row);
	return rc;
}

static int
give_fresh(struct outbox_reader *r, struct outbox_event *ret_event, struct err *e)
{
	const struct stmt_due_fresh_row *row = &r->fresh;

	return make_event(r, &STORED(*row, r->site_id, row->email), row->email, ret_event, e);
}

static int
give_again(struct outbox_reader *r, struct outbox_event *ret_event, struct err *e)
{
	const struct stmt_due_again_row *row = &r->again;
	int rc =
	    make_event(r, &STORED(*row, row->site_id, row->stored_email), row->email, ret_event, e);

	if (rc == 1)
		ADD_DELIVERY(ret_event, *row);
	return rc;
}

int
outbox_event_load(
    struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e)
{
	outbox_event_done(r);
	return load(r, event_id, ret_event, e);
}

/* Returns the source whose next event is the oldest; SOURCES when all sources have ended. */
static int
oldest(const struct outbox_reader *r)
{
	int found = SOURCES;

	for (int i = 0; i < SOURCES; i++)
		if (r->source[i].next != INT64_MAX
		    && (found == SOURCES || r->source[i].next < r->source[found].next))
			found = i;
	return found;
}

int
outbox_due_next(struct outbox_reader *r, struct outbox_event *ret_event, struct err *e)
{
	int found = 0, which;

	for (int i = 0; i < SOURCES; i++)
		if (r->source[i].shown && advance(r, i, e) != 0)
			return -1;
	while (found == 0 && (which = oldest(r)) == DELAYED) {
		int64_t id = r->source[DELAYED].next;

		if (advance(r, DELAYED, e) != 0)
			return -1;
		found = load(r, id, ret_event, e);
	}
	if (found != 0 || which == SOURCES)
		return found;
	r->source[which].shown = true;
	return which == FRESH ? give_fresh(r, ret_event, e) : give_again(r, ret_event, e);
}
