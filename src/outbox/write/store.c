#include "outbox/write/store.h"

#include <stdio.h>
#include <string.h>

#define UUID_LENGTH 36

static int
read_last_id(struct store *s, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_EVENT_LAST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	s->last_event_id = 0;
	rc = db_step(s->db, stmt, e);
	if (rc == 1)
		s->last_event_id = db_int(stmt, 0);
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

int
store_open(struct store *s, struct db *db, struct dedup *dedup, struct rand *rand,
    struct unresolved *unresolved, struct err *e)
{
	*s = (struct store){ .db = db, .dedup = dedup, .rand = rand, .unresolved = unresolved };
	return read_last_id(s, e);
}

void
store_rolled_back(struct store *s)
{
	s->stale = true;
	unresolved_rolled_back(s->unresolved);
}

int
store_prepare(struct store *s, struct err *e)
{
	if (!s->stale)
		return 0;
	if (read_last_id(s, e) != 0 || dedup_load(s->dedup, s->db, e) != 0)
		return -1;
	s->stale = false;
	return 0;
}

/* As Segment does for a client that sends none. */
static struct slice
make_message_id(struct store *s, char text[UUID_LENGTH + 1])
{
	uint64_t a = rand_u64(s->rand), b = rand_u64(s->rand);

	snprintf(text, UUID_LENGTH + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
	    (unsigned)(0x8000 | (b >> 48 & 0x3fff)), (unsigned long long)(b & 0xffffffffffff));
	return (struct slice){ text, UUID_LENGTH };
}

static int
add_envelope(struct store *s, const struct outbox_put *put, int64_t *envelope_id, struct err *e)
{
	sqlite3_stmt *stmt;

	if (put->context.p == NULL && put->integrations.p == NULL && put->sent_at.p == NULL)
		return 0;
	stmt = db_stmt(s->db, STMT_ENVELOPE_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, put->context);
	db_bind_text(stmt, 2, put->integrations);
	db_bind_text(stmt, 3, put->sent_at);
	if (db_run(s->db, stmt, e) != 0)
		return -1;
	*envelope_id = sqlite3_last_insert_rowid(s->db->handle);
	return 0;
}

static int
add_event(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct slice message_id, int64_t envelope_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_EVENT_ADD, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, s->last_event_id);
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
	return db_run(s->db, stmt, e);
}

/* ---- where an event goes --------------------------------------------------------------------- */

/* What its delivery row begins with. */
struct place {
	enum event_status status;
	const char *reason;
	int64_t next_attempt_at;
	struct slice email; /* when it is not the event's own */
	struct slice user_id, anonymous_id;
	char found[IDENTITY_EMAIL_SIZE];
	char behind[SEGMENT_ID_MAX + 1];
};

static bool
is_due(const struct place *place)
{
	return place->status == STATUS_PENDING && place->next_attempt_at == 0;
}

static void
make_wait(struct place *place, int64_t since)
{
	place->status = STATUS_PENDING;
	place->reason = unresolved_reason;
	place->next_attempt_at = since > 0 ? -since : -1;
}

/* An address is all that it lacks. */
static bool
lacks_address(const struct segment_event *event)
{
	if (event->erases)
		return event->user_id.p != NULL || event->anonymous_id.p != NULL;
	return event->kind != KIND_DELETE && event->status == STATUS_INVALID
	       && event->reason != NULL && strcmp(event->reason, segment_no_email) == 0
	       && (event->user_id.p != NULL || event->anonymous_id.p != NULL);
}

static int
find_address(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct identity_site *site, struct place *place, struct err *e)
{
	int rc;

	place->user_id = event->user_id;
	place->anonymous_id = event->anonymous_id;
	if (event->erases) { /* of whom, unless an id tells? */
		place->status = STATUS_INVALID;
		place->reason = segment_no_email;
	}
	if (site == NULL || site->max_ids == 0 || !lacks_address(event))
		return 0;
	rc = identity_find(
	    s->db, put->site_id, event->user_id, event->anonymous_id, place->found, e);
	if (rc == 1) {
		place->status = event->erases ? event->status : STATUS_PENDING;
		place->reason = event->erases ? event->reason : NULL;
		place->email = slice_from(place->found);
		place->user_id = place->anonymous_id = SLICE_NONE;
	} else if (rc == 0 && site->waits && !event->erases) {
		make_wait(place, put->received_at);
	}
	return rc < 0 ? -1 : 0;
}

/* Those of its address that waited, and are only just becoming due, go first. */
static int
stand_behind(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct place *place, struct err *e)
{
	struct slice email = event->email.p != NULL ? event->email : place->email;
	bool user;
	int rc;

	if (!is_due(place))
		return 0;
	rc = resolve_is_under_way(s->unresolved, put->site_id, email, &user, place->behind, e);
	if (rc != 1)
		return rc;
	make_wait(place, put->received_at);
	place->email = email;
	place->user_id = user ? slice_from(place->behind) : SLICE_NONE;
	place->anonymous_id = user ? SLICE_NONE : slice_from(place->behind);
	return 0;
}

static int
find_place(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct identity_site *site, struct place *place, struct err *e)
{
	*place = (struct place){ .status = event->status, .reason = event->reason };
	if (event->email.p == NULL && find_address(s, put, event, site, place, e) != 0)
		return -1;
	return stand_behind(s, put, event, place, e);
}

/* What it tells of its ids counts from here on, for itself too. */
static int
learn(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct identity_site *site, size_t *older, struct err *e)
{
	int64_t persons[IDENTITY_PERSONS], n;

	if (site == NULL)
		return 0;
	if (resolve_before_event(s->unresolved, put->site_id, event, &n, e) != 0)
		return -1;
	*older += (size_t)n;
	if (identity_learn(s->db, site, event, s->last_event_id, put->received_at, persons, e) != 0
	    || resolve_persons(s->unresolved, persons, IDENTITY_PERSONS, false, &n, e) != 0)
		return -1;
	*older += (size_t)n;
	return 0;
}

/* ---- storing --------------------------------------------------------------------------------- */

static int
add_delivery(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct place *place, uint64_t key, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_DELIVERY_ADD, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, s->last_event_id);
	db_bind_int(stmt, 2, put->site_id);
	db_bind_text(stmt, 3, slice_from(status_name(place->status)));
	db_bind_text(stmt, 4, slice_from(place->reason));
	db_bind_int_or_null(stmt, 5, put->received_at, place->status != STATUS_PENDING);
	db_bind_int(stmt, 6, (int64_t)key);
	db_bind_text(stmt, 7, slice_from(event->detail));
	db_bind_int(stmt, 8, place->next_attempt_at);
	db_bind_text(stmt, 9, place->email);
	db_bind_text(stmt, 10, place->user_id);
	db_bind_text(stmt, 11, place->anonymous_id);
	return db_run(s->db, stmt, e);
}

/* Kept until it is done, so that no crash loses it. */
static int
add_erasure(struct store *s, struct outbox_put *put, const struct segment_event *event,
    const struct place *place, struct err *e)
{
	struct slice email = event->email.p != NULL ? event->email : place->email;
	sqlite3_stmt *stmt;

	if (!event->erases || email.p == NULL)
		return 0;
	stmt = db_stmt(s->db, STMT_ERASURE_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, s->last_event_id);
	db_bind_text(stmt, 2, email);
	put->n_erasures++;
	return db_run(s->db, stmt, e);
}

/* What one message came to. */
struct yield {
	int64_t envelope_id;
	size_t due;
	size_t older;
};

static int
add(struct store *s, struct outbox_put *put, const struct segment_event *event, struct slice id,
    uint64_t key, struct yield *yield, struct err *e)
{
	const struct identity_site *site = unresolved_site(s->unresolved, put->site_id);
	struct place place;

	if (yield->envelope_id == 0 && add_envelope(s, put, &yield->envelope_id, e) != 0)
		return -1;
	s->last_event_id++;
	if (learn(s, put, event, site, &yield->older, e) != 0
	    || find_place(s, put, event, site, &place, e) != 0
	    || add_event(s, put, event, id, yield->envelope_id, e) != 0
	    || add_delivery(s, put, event, &place, key, e) != 0
	    || dedup_add(s->dedup, s->db, key, s->last_event_id, e) != 0
	    || add_erasure(s, put, event, &place, e) != 0)
		return -1;
	if (put->n_stored++ == 0)
		put->first_event_id = s->last_event_id;
	yield->due += is_due(&place);
	return 0;
}

static int
store(struct store *s, struct outbox_put *put, const struct segment_event *event,
    struct yield *yield, struct err *e)
{
	char made[UUID_LENGTH + 1];
	bool own = event->message_id.p == NULL || event->message_id.n == 0;
	struct slice id = own ? make_message_id(s, made) : event->message_id;
	uint64_t key = dedup_key(s->dedup, put->site_id, id);
	int64_t there;
	int rc = own ? 0 : dedup_find(s->dedup, s->db, key, put->site_id, id, &there, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return add(s, put, event, id, key, yield, e);
	put->n_duplicates++;
	return 0;
}

int
store_has(struct store *s, int64_t site_id, struct slice message_id, struct err *e)
{
	int64_t there;

	return dedup_find(s->dedup, s->db, dedup_key(s->dedup, site_id, message_id), site_id,
	    message_id, &there, e);
}

/* So many events need it; retention counts them down. */
static int
count_envelope(struct store *s, int64_t envelope_id, size_t n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_ENVELOPE_COUNT, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, envelope_id);
	db_bind_int(stmt, 2, (int64_t)n);
	return db_run(s->db, stmt, e);
}

int
store_apply(
    struct store *s, struct outbox_put *put, size_t *ret_due, size_t *ret_older, struct err *e)
{
	struct yield yield = { .envelope_id = 0 };

	put->n_stored = put->n_duplicates = put->n_erasures = 0;
	put->first_event_id = 0;
	for (size_t i = 0; i < put->n_events; i++)
		if (store(s, put, &put->events[i], &yield, e) != 0)
			return -1;
	*ret_due = yield.due + yield.older;
	*ret_older = yield.older;
	return yield.envelope_id == 0 ? 0 : count_envelope(s, yield.envelope_id, put->n_stored, e);
}
