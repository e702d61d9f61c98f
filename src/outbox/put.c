#include "outbox/put.h"

#include <stdio.h>

#define UUID_LENGTH 36

static int
read_last_id(struct put *p, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(p->db, STMT_EVENT_LAST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	p->last_event_id = 0;
	rc = db_step(p->db, stmt, e);
	if (rc == 1)
		p->last_event_id = db_int(stmt, 0);
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

int
put_open(struct put *p, struct db *db, struct dedup *dedup, struct rand *rand, struct err *e)
{
	*p = (struct put){ .db = db, .dedup = dedup, .rand = rand };
	return read_last_id(p, e);
}

void
put_rolled_back(struct put *p)
{
	p->stale = true;
}

int
put_prepare(struct put *p, struct err *e)
{
	if (!p->stale)
		return 0;
	if (read_last_id(p, e) != 0 || dedup_load(p->dedup, p->db, e) != 0)
		return -1;
	p->stale = false;
	return 0;
}

/* As Segment does for a client that sends none. */
static struct slice
make_message_id(struct put *p, char text[UUID_LENGTH + 1])
{
	uint64_t a = rand_u64(p->rand), b = rand_u64(p->rand);

	snprintf(text, UUID_LENGTH + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
	    (unsigned)(0x8000 | (b >> 48 & 0x3fff)), (unsigned long long)(b & 0xffffffffffff));
	return (struct slice){ text, UUID_LENGTH };
}

static int
add_envelope(struct put *p, const struct outbox_put *put, int64_t *envelope_id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (put->context.p == NULL && put->integrations.p == NULL && put->sent_at.p == NULL)
		return 0;
	stmt = db_stmt(p->db, STMT_ENVELOPE_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, put->context);
	db_bind_text(stmt, 2, put->integrations);
	db_bind_text(stmt, 3, put->sent_at);
	if (db_run(p->db, stmt, e) != 0)
		return -1;
	*envelope_id = sqlite3_last_insert_rowid(p->db->handle);
	return 0;
}

static int
add_event(struct put *p, const struct outbox_put *put, const struct segment_event *event,
    struct slice message_id, int64_t envelope_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(p->db, STMT_EVENT_ADD, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, p->last_event_id);
	db_bind_int(stmt, 2, put->site_id);
	db_bind_text(stmt, 3, message_id);
	db_bind_text(stmt, 4, slice_from(kind_name(event->kind)));
	db_bind_text(stmt, 5, event->name);
	db_bind_text(stmt, 6, event->email);
	db_bind_int(stmt, 7, event->occurred_at);
	db_bind_int(stmt, 8, put->received_at);
	db_bind_int_or_null(stmt, 9, envelope_id, envelope_id != 0);
	db_bind_text(stmt, 10, event->body);
	db_bind_int_or_null(stmt, 11, 1, put->browser);
	return db_run(p->db, stmt, e);
}

static int
add_delivery(struct put *p, const struct outbox_put *put, const struct segment_event *event,
    uint64_t key, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(p->db, STMT_DELIVERY_ADD, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, p->last_event_id);
	db_bind_int(stmt, 2, put->site_id);
	db_bind_text(stmt, 3, slice_from(status_name(event->status)));
	db_bind_text(stmt, 4, slice_from(event->reason));
	db_bind_int_or_null(stmt, 5, put->received_at, event->status != STATUS_PENDING);
	db_bind_int(stmt, 6, (int64_t)key);
	db_bind_text(stmt, 7, slice_from(event->detail));
	return db_run(p->db, stmt, e);
}

/* Kept until it is done, so that no crash loses it. */
static int
add_erasure(struct put *p, struct outbox_put *put, const struct segment_event *event, struct err *e)
{
	sqlite3_stmt *stmt;

	if (!event->erases)
		return 0;
	stmt = db_stmt(p->db, STMT_ERASURE_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, p->last_event_id);
	db_bind_text(stmt, 2, event->email);
	put->n_erasures++;
	return db_run(p->db, stmt, e);
}

static int
store(struct put *p, struct outbox_put *put, const struct segment_event *event,
    int64_t *envelope_id, struct err *e)
{
	char made[UUID_LENGTH + 1];
	bool own = event->message_id.p == NULL || event->message_id.n == 0;
	struct slice id = own ? make_message_id(p, made) : event->message_id;
	uint64_t key = dedup_key(p->dedup, put->site_id, id);
	int64_t there;
	int rc = own ? 0 : dedup_find(p->dedup, p->db, key, put->site_id, id, &there, e);

	if (rc < 0)
		return -1;
	if (rc == 1) {
		put->n_duplicates++;
		return 0;
	}
	if (*envelope_id == 0 && add_envelope(p, put, envelope_id, e) != 0)
		return -1;
	p->last_event_id++;
	if (add_event(p, put, event, id, *envelope_id, e) != 0
	    || add_delivery(p, put, event, key, e) != 0
	    || dedup_add(p->dedup, p->db, key, p->last_event_id, e) != 0
	    || add_erasure(p, put, event, e) != 0)
		return -1;
	if (put->n_stored++ == 0)
		put->first_event_id = p->last_event_id;
	return 0;
}

int
put_has(struct put *p, int64_t site_id, struct slice message_id, struct err *e)
{
	int64_t there;

	return dedup_find(p->dedup, p->db, dedup_key(p->dedup, site_id, message_id), site_id,
	    message_id, &there, e);
}

/* So many events need it; retention counts them down. */
static int
count_envelope(struct put *p, int64_t envelope_id, size_t n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(p->db, STMT_ENVELOPE_COUNT, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, envelope_id);
	db_bind_int(stmt, 2, (int64_t)n);
	return db_run(p->db, stmt, e);
}

int
put_apply(struct put *p, struct outbox_put *put, size_t *ret_pending, struct err *e)
{
	int64_t envelope_id = 0;
	size_t pending = 0, before;

	put->n_stored = put->n_duplicates = put->n_erasures = 0;
	put->first_event_id = 0;
	for (size_t i = 0; i < put->n_events; i++) {
		before = put->n_stored;
		if (store(p, put, &put->events[i], &envelope_id, e) != 0)
			return -1;
		if (put->n_stored > before && put->events[i].status == STATUS_PENDING)
			pending++;
	}
	*ret_pending = pending;
	return envelope_id == 0 ? 0 : count_envelope(p, envelope_id, put->n_stored, e);
}
