/*
 * Stores the events of a message. For each new event it assigns an id, records the messageId, and
 * stores the event's statements about its ids. The event is due, on the normal way, or gets a
 * delivery row: unresolved until its address is known, or settled at once. Events of one message
 * share one envelope.
 *
 * A rollback leaves the memory (last id, recent messageIds) ahead of the file: store_prepare reads
 * it again before anything is stored.
 */
#include "outbox/write/store.h"

#include <string.h>

#include "event/segment/person.h"
#include "event/segment/same_content.h"
#include "outbox/file/checksum.h"
#include "outbox/origin/envelope.h"
#include "outbox/origin/made_id.h"
#include "outbox/write/corrections.h"
#include "outbox/write/requests.h"
#include "outbox/write/resolve.h"

static int
read_last_id(struct store *s, struct err *e)
{
	s->last_event_id = 0;
	return stmt_event_last_id(s->db, &s->last_event_id, e) < 0 ? -1 : 0;
}

int
store_open(struct store *s, struct db *db, struct dedup *dedup, struct rand *rand,
    struct unresolved *unresolved, struct err *e)
{
	*s = (struct store){
		.db = db,
		.dedup = dedup,
		.rand = rand,
		.unresolved = unresolved,
		.spans = { .db = db },
	};
	if (claims_open(&s->claims, e) != 0 || read_last_id(s, e) != 0)
		return -1;
	return message_blocks_open(&s->blocks, db, s->last_event_id, e);
}

void
store_close(struct store *s)
{
	message_blocks_close(&s->blocks);
}

void
store_rolled_back(struct store *s)
{
	s->stale = true;
	claims_clear(&s->claims);
	spans_forget(&s->spans);
	message_blocks_forget(&s->blocks, INT64_MAX);
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

/* Makes env the envelope of this event, which is the next one to be stored. */
static int
use_envelope(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct envelope *env, struct err *e)
{
	struct envelope_values values = { put->context, put->integrations, put->sent_at };

	if (put->origins == NULL && env->begun)
		return 0;
	if (put->origins != NULL)
		values = put_origin_values(put, event);
	if (envelope_has(env, &values))
		return 0;
	return envelope_begin(env, s->db, &values, s->last_event_id + 1, e);
}

static int
add_event(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct slice message_id, struct slice email, int64_t envelope_id, struct err *e)
{
	struct stmt_event_add row = {
		.event_id = s->last_event_id,
		.site_id = put->site_id,
		.message_id = message_id,
		.kind = slice_from(kind_name(event->kind)),
		.name = event->name,
		.email = email,
		.occurred_at = event->occurred_at,
		.received_at = put_received_at(put, event),
		.envelope_id = db_int_if(envelope_id != 0, envelope_id),
		.body = event->body,
		.browser = put->origins == NULL ? put->browser : put_origin(put, event)->browser,
		.provisional =
		    db_int_if(event->provisional != SEGMENT_TIMES_FINAL, event->provisional),
	};

	row.checksum = checksum_event(&row);
	if (stmt_event_add(s->db, &row, e) != 0)
		return -1;
	message_blocks_add(&s->blocks,
	    &(struct event_block_event){
		.event_id = row.event_id,
		.site_id = row.site_id,
		.received_at = row.received_at,
		.kind = row.kind,
		.name = row.name,
		.email = row.email,
	    },
	    message_id);
	return 0;
}

/* ---- the delivery row ------------------------------------------------------------------------ */

/* The state in which an event is stored. */
struct delivery {
	enum event_status status;
	const char *reason;
	struct db_int awaiting_since; /* the event has been unresolved since then */
	struct slice email;           /* when it differs from the event's own */
	/* The ids that may lead to the address; absent once it is known. */
	struct slice user_id, anonymous_id;
	char found_email[IDENTITY_EMAIL_SIZE];
	char behind_id[SEGMENT_ID_MAX + 1];
};

static bool
is_due(const struct delivery *d)
{
	return d->status == STATUS_PENDING && !d->awaiting_since.there;
}

static void
make_unresolved(struct delivery *d, int64_t since)
{
	d->status = STATUS_PENDING;
	d->reason = unresolved_reason;
	d->awaiting_since = db_int_if(true, since);
}

static int
find_address(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct identity_site *site, struct delivery *d, struct err *e)
{
	int rc;

	d->user_id = event->user_id;
	d->anonymous_id = event->user_id.p == NULL ? event->anonymous_id : SLICE_NONE;
	if (event->erases) { /* an erasure needs an id that leads to the person */
		d->status = STATUS_INVALID;
		d->reason = segment_no_email;
	}
	if (site == NULL || site->max_ids == 0 || !segment_lacks_only_address(event))
		return 0;
	rc = identity_find(s->db,
	    &(struct identity_query){
		.site_id = put->site_id,
		.user_id = event->user_id,
		.anonymous_id = event->anonymous_id,
		.at = identity_time(event, put_received_at(put, event)),
		.event_id = s->last_event_id,
	    },
	    d->found_email, e);
	if (rc == 1) {
		d->status = event->erases ? event->status : STATUS_PENDING;
		d->reason = event->erases ? event->reason : NULL;
		d->email = slice_from(d->found_email);
		d->user_id = d->anonymous_id = SLICE_NONE;
	} else if (rc == 0 && site->waits && !event->erases) {
		make_unresolved(d, put->received_at);
	}
	return rc < 0 ? -1 : 0;
}

/*
 * Replaces an address that is only the userId by the address that an identify gave for the userId.
 */
static int
replace_guess(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct delivery *d, struct err *e)
{
	const struct identity_query query = { .site_id = put->site_id, .user_id = event->user_id };
	int rc = identity_find(s->db, &query, d->found_email, e);

	if (rc == 1 && !slice_equals(slice_from(d->found_email), event->email))
		d->email = slice_from(d->found_email);
	return rc < 0 ? -1 : 0;
}

static struct slice
address_of(const struct segment_event *event, const struct delivery *d)
{
	return d->email.p != NULL ? d->email : event->email;
}

/*
 * Older events of the same address may still be becoming due, step by step. This event then follows
 * them: it is unresolved by the same id, and becomes due with the last of them.
 */
static int
wait_behind_resolving(struct store *s, const struct outbox_put *put,
    const struct segment_event *event, struct delivery *d, struct err *e)
{
	struct slice email = address_of(event, d);
	bool is_user;
	int rc;

	if (!is_due(d))
		return 0;
	rc = resolve_is_under_way(s->unresolved, put->site_id, email, &is_user, d->behind_id, e);
	if (rc != 1)
		return rc;
	make_unresolved(d, put->received_at);
	d->email = email;
	d->user_id = is_user ? slice_from(d->behind_id) : SLICE_NONE;
	d->anonymous_id = is_user ? SLICE_NONE : slice_from(d->behind_id);
	return 0;
}

/*
 * A box sends an event again when it does not know whether the first request arrived. If retention
 * may have removed the first one since, nobody can tell whether the event was delivered: a person
 * decides.
 */
static int
hold_forgotten(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    struct delivery *d, struct err *e)
{
	const struct segment_origin *origin = put_origin(put, event);
	int rc;

	if (origin == NULL || !origin->maybe_sent || d->status != STATUS_PENDING)
		return 0;
	rc = box_may_be_forgotten(
	    s->db, put->site_id, put->box->name, origin->received_at, origin->claimed_at, e);
	if (rc == 1)
		*d = (struct delivery){ .status = STATUS_HELD, .reason = box_maybe_repeated };
	return rc < 0 ? -1 : 0;
}

static int
decide_delivery(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct identity_site *site, struct delivery *d, struct err *e)
{
	int rc = 0;

	*d = (struct delivery){ .status = event->status, .reason = event->reason };
	if (event->email.p == NULL)
		rc = find_address(s, put, event, site, d, e);
	else if (event->email_from == PERSON_USER_ID && site != NULL && site->max_ids > 0)
		rc = replace_guess(s, put, event, d, e);
	if (rc != 0 || wait_behind_resolving(s, put, event, d, e) != 0)
		return -1;
	if (hold_forgotten(s, put, event, d, e) != 0)
		return -1;
	if (is_due(d) && event->provisional != SEGMENT_TIMES_FINAL)
		d->reason = correction_reason;
	return 0;
}

/*
 * Stores the event's statements about its ids. They count from now on, even for the event itself.
 */
static int
learn_identity(struct transaction *t, const struct outbox_put *put,
    const struct segment_event *event, const struct identity_site *site, struct err *e)
{
	struct store *s = t->store;
	int64_t n;
	bool news;

	if (site == NULL)
		return 0;
	if (resolve_before_event(s->unresolved, put->site_id, event, &n, e) != 0)
		return -1;
	transaction_add_resolved(t, n);
	if (identity_learn(s->db, &s->claims, site, event, s->last_event_id,
		put_received_at(put, event), &news, e)
	    != 0)
		return -1;
	if (!news)
		return 0;
	if (resolve_ids(
		s->unresolved, put->site_id, event->user_id, event->anonymous_id, false, &n, e)
	    != 0)
		return -1;
	transaction_add_resolved(t, n);
	return 0;
}

/* ---- storing --------------------------------------------------------------------------------- */

static int
add_delivery(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct delivery *d, struct err *e)
{
	return stmt_delivery_add(s->db,
	    &(struct stmt_delivery_add){
		.event_id = s->last_event_id,
		.site_id = put->site_id,
		.status = status_name(d->status),
		.reason = d->reason,
		.settled_at = db_int_if(d->status != STATUS_PENDING, put->received_at),
		.detail = event->detail,
		.awaiting_since = d->awaiting_since,
		.email = d->email,
		.user_id = d->user_id,
		.anonymous_id = d->anonymous_id,
	    },
	    e);
}

/*
 * Whether the event takes the normal way: it is due at once, and goes to the address in its own row
 * (its ids may have led to that address).
 */
static bool
is_normal(const struct outbox_put *put, const struct segment_event *event, const struct delivery *d)
{
	return is_due(d) && !put->with_rows && d->reason == NULL && event->detail == NULL
	       && (d->email.p == NULL || event->email.p == NULL);
}

static int
add_standing(struct store *s, const struct outbox_put *put, const struct segment_event *event,
    const struct delivery *d, struct err *e)
{
	if (is_normal(put, event, d))
		return spans_add(&s->spans, put->site_id, s->last_event_id, e);
	return add_delivery(s, put, event, d, e);
}

/*
 * Adds the request to the list, where it stays until the person is erased, so that no crash loses
 * it.
 */
static int
add_erasure(struct store *s, struct outbox_put *put, const struct segment_event *event,
    const struct delivery *d, struct err *e)
{
	struct slice email = address_of(event, d);

	if (!event->erases || email.p == NULL)
		return 0;
	put->n_erasures++;
	return stmt_erasure_add(
	    s->db, &(struct stmt_erasure_add){ .event_id = s->last_event_id, .email = email }, e);
}

static int
add_new(struct transaction *t, struct outbox_put *put, const struct segment_event *event,
    struct slice message_id, uint64_t key, struct envelope *env, struct err *e)
{
	struct store *s = t->store;
	const struct identity_site *site = unresolved_site(s->unresolved, put->site_id);
	struct delivery d;

	if (use_envelope(s, put, event, env, e) != 0)
		return -1;
	s->last_event_id++;
	if (message_blocks_advance(&s->blocks, s->last_event_id, e) != 0
	    || learn_identity(t, put, event, site, e) != 0
	    || decide_delivery(s, put, event, site, &d, e) != 0
	    || add_event(s, put, event, message_id,
		   is_normal(put, event, &d) ? address_of(event, &d) : event->email, env->id, e)
		   != 0
	    || add_standing(s, put, event, &d, e) != 0
	    || dedup_add(s->dedup, s->db, key, s->last_event_id, e) != 0
	    || add_erasure(s, put, event, &d, e) != 0)
		return -1;
	env->events++;
	put_note_claim(put, event);
	if (put->n_stored++ == 0)
		put->first_event_id = s->last_event_id;
	put->stored_kinds[event->kind]++;
	t->due = t->due || is_due(&d);
	tally_note(&t->finished, put->site_id, d.status, d.reason, 1);
	return 0;
}

/* When an event with a known messageId differs from the stored one, it is not stored, and is
 * counted so that its sender can find out. */
static int
note_other_content(struct outbox_put *put, struct db *db, const struct segment_event *event,
    int64_t older, struct err *e)
{
	struct db_rows rows = stmt_store_body(db, older, e);
	struct slice body;
	int rc;

	while ((rc = stmt_store_body_next(&rows, &body, e)) == 1) {
		if (segment_same_content(body, event->body))
			continue;
		put->n_reused++;
		put->reused_event_id = older;
	}
	return rc;
}

/* The key of a messageId is 0 when the client sent none. */
static int
add_unless_duplicate(struct transaction *t, struct outbox_put *put,
    const struct segment_event *event, uint64_t key, struct envelope *env, struct err *e)
{
	struct store *s = t->store;
	char made[MADE_ID_SIZE];
	bool has_id = event->message_id.n > 0;
	struct slice id = has_id ? event->message_id : made_id(s->rand, made);
	int64_t older;
	int rc = 0;

	if (has_id)
		rc = dedup_find(s->dedup, s->db, key, put->site_id, id, &older, e);
	else
		key = dedup_key(s->dedup, put->site_id, id);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return add_new(t, put, event, id, key, env, e);
	put->n_duplicates++;
	return note_other_content(put, s->db, event, older, e);
}

int
store_write(struct store *s, bool flush, struct err *e)
{
	return spans_write(&s->spans, flush, e);
}

int
store_has(struct store *s, int64_t site_id, struct slice message_id, struct err *e)
{
	int64_t there;

	return dedup_find(s->dedup, s->db, dedup_key(s->dedup, site_id, message_id), site_id,
	    message_id, &there, e);
}

/* Returns the key of event i, and prefetches what its look-up reads, while the event before it is
 * stored. Returns 0 past the last event, and without a messageId. */
static uint64_t
key_ahead(const struct store *s, const struct outbox_put *put, size_t i)
{
	uint64_t key;

	if (i == put->n_events || put->events[i].message_id.n == 0)
		return 0;
	key = dedup_key(s->dedup, put->site_id, put->events[i].message_id);
	dedup_prefetch(s->dedup, key);
	return key;
}

int
store_events(struct transaction *t, struct outbox_put *put, struct err *e)
{
	struct envelope env = { .id = 0 };
	uint64_t key, next;

	put->n_stored = put->n_duplicates = put->n_reused = put->n_erasures = 0;
	put->first_event_id = put->claimed_from = put->claimed_to = 0;
	key = key_ahead(t->store, put, 0);
	for (size_t i = 0; i < put->n_events; i++, key = next) {
		next = key_ahead(t->store, put, i + 1);
		if (add_unless_duplicate(t, put, &put->events[i], key, &env, e) != 0)
			return -1;
	}
	t->counts.stored += put->n_stored;
	t->counts.duplicates += put->n_duplicates;
	t->counts.erasures += put->n_erasures;
	if (put->n_reused > 0
	    && requests_count(t->db, t->now, OUTBOX_REQUESTS_REUSED, (int64_t)put->n_reused, e)
		   != 0)
		return -1;
	if (envelope_end(&env, t->db, e) != 0)
		return -1;
	return put->box == NULL
		   ? 0
		   : box_note(t->db, put->site_id, put->box,
		       &(struct box_events){ put->first_event_id, (int64_t)put->n_stored,
			   (int64_t)(put->n_duplicates - put->n_reused), put->claimed_from,
			   put->claimed_to },
		       put->received_at, e);
}
