/*
 * Stores what a call says about its ids in the table identity, within the bounds: an identify gives
 * an address, an alias replaces an id, and a call with both ids gives the user of a device. A call
 * that says nothing new writes nothing. Fails only on errors of the database.
 */
#include <string.h>

#include "event/mapping/mapping.h"
#include "event/segment/person.h"
#include "outbox/identity/person.h"

struct lesson {
	struct db *db;
	struct claims *claims;
	int64_t site_id;
	int64_t event_id; /* 0: from no event of this outbox */
	int64_t at;       /* the time of the statement */
	int64_t added;    /* number of rows added */
	bool news;
	struct err *e;
};

/* ---- the bound ------------------------------------------------------------------------------ */

/* Adds n, which may be negative, to the site's number of rows. */
static int
count(struct db *db, int64_t site_id, int64_t added, struct err *e)
{
	return stmt_site_add_identities(
	    db, &(struct stmt_site_add_identities){ .site_id = site_id, .added = added }, e);
}

static int
trim(struct db *db, const struct identity_site *site, int64_t *ret_evicted, struct err *e)
{
	int64_t size = 0, over;

	*ret_evicted = 0;
	if (stmt_site_identities(db, site->site_id, &size, e) < 0)
		return -1;
	over = size - site->max_ids;
	if (over <= 0)
		return 0;
	if (over > IDENTITY_EVICT_MAX)
		over = IDENTITY_EVICT_MAX;
	if (stmt_identity_evict(
		db, &(struct stmt_identity_evict){ .site_id = site->site_id, .max = over }, e)
	    != 0)
		return -1;
	*ret_evicted = db_changes(db);
	return count(db, site->site_id, -*ret_evicted, e);
}

int
identity_trim(struct db *db, const struct identity_site *site, struct err *e)
{
	int64_t evicted;

	return trim(db, site, &evicted, e);
}

int
identity_forget(struct db *db, int64_t site_id, int64_t identity_id, struct err *e)
{
	if (stmt_identity_drop(db, identity_id, e) != 0)
		return -1;
	return count(db, site_id, -db_changes(db), e);
}

int
identity_forget_user(
    struct db *db, int64_t site_id, struct slice user_id, int64_t until_event, struct err *e)
{
	if (stmt_identity_drop_of_user(db,
		&(struct stmt_identity_drop_of_user){
		    .site_id = site_id,
		    .user_id = user_id,
		    .taught_until = until_event,
		},
		e)
	    != 0)
		return -1;
	return count(db, site_id, -db_changes(db), e);
}

static int
end_lesson(struct lesson *l, const struct identity_site *site)
{
	int64_t evicted;

	if (l->added == 0)
		return 0;
	if (count(l->db, l->site_id, l->added, l->e) != 0 || trim(l->db, site, &evicted, l->e) != 0)
		return -1;
	if (evicted > 0)
		claims_clear(l->claims);
	return 0;
}

/* ---- statements ------------------------------------------------------------------------------ */

/*
 * Whether a new statement replaces the stored one: it is later, or as late and from an event of
 * this outbox.
 */
static bool
is_later(const struct lesson *l, bool known, int64_t before)
{
	return !known || before < l->at || (before == l->at && l->event_id != 0);
}

/*
 * Adds a row. Statements of another outbox have no event id that would order them, so the second of
 * two with the same time is not added.
 */
static int
add(struct lesson *l, struct stmt_identity_add *row)
{
	row->site_id = l->site_id;
	row->taught = l->event_id;
	if (stmt_identity_add(l->db, row, l->e) != 0)
		return -1;
	l->added += db_changes(l->db);
	l->news = l->news || db_changes(l->db) > 0;
	return 0;
}

struct known {
	int64_t identity_id;
	bool told, replaced;
	int64_t identified_at, said_at;
};

/* Returns 1, 0 when there is no row, or -1. */
static int
look(struct lesson *l, const char *kind, struct slice id, struct known *ret_known)
{
	struct stmt_identity_get_row row;
	struct db_rows rows = stmt_identity_get(l->db,
	    &(struct stmt_identity_get){
		.site_id = l->site_id,
		.kind = kind,
		.id = id,
	    },
	    l->e);
	int rc = stmt_identity_get_next(&rows, &row, l->e);

	*ret_known = (struct known){ 0 };
	if (rc == 1)
		*ret_known = (struct known){ row.identity_id, row.email.p != NULL,
			row.user_id.p != NULL, row.identified_at, row.said_at };
	db_rows_end(&rows);
	return rc;
}

/* Stores the address that an identify gave for an id. */
static int
tell(struct lesson *l, enum identity_kind kind, struct slice id, struct slice email)
{
	const char *name = identity_kind_name(kind);
	struct known known;
	int rc = look(l, name, id, &known);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return add(l, &(struct stmt_identity_add){ .kind = name,
				  .id = id,
				  .email = email,
				  .identified_at = db_int_if(true, l->at) });
	if (!is_later(l, known.told, known.identified_at))
		return 0;
	l->news = true;
	return stmt_identity_tell(l->db,
	    &(struct stmt_identity_tell){
		.identity_id = known.identity_id,
		.email = email,
		.at = l->at,
		.taught = l->event_id,
	    },
	    l->e);
}

/* Gives the userId that replaces another id a row, so that lookups find its aliases. */
static int
note_user(struct lesson *l, struct slice user_id)
{
	struct known known;
	int rc = look(l, "user", user_id, &known);

	return rc == 0  ? add(l, &(struct stmt_identity_add){ .kind = "user", .id = user_id })
	       : rc < 0 ? -1
			: 0;
}

/* Stores that this userId replaces an id, as an alias said. */
static int
replace(struct lesson *l, struct slice previous_id, struct slice user_id)
{
	struct known known = { .replaced = false };
	int rc = look(l, "user", previous_id, &known);

	if (rc < 0)
		return -1;
	if (!is_later(l, known.replaced, known.said_at))
		return 0;
	if (note_user(l, user_id) != 0)
		return -1;
	if (rc == 0)
		return add(l, &(struct stmt_identity_add){ .kind = "user",
				  .id = previous_id,
				  .user_id = user_id,
				  .said_at = db_int_if(true, l->at) });
	l->news = true;
	return stmt_identity_replace(l->db,
	    &(struct stmt_identity_replace){
		.identity_id = known.identity_id,
		.user_id = user_id,
		.at = l->at,
		.taught = l->event_id,
	    },
	    l->e);
}

/* ---- devices -------------------------------------------------------------------------------- */

/* Makes room for one more claim. */
static int
bound_claims(struct lesson *l, const struct identity_claims *claims, struct slice user_id)
{
	int64_t n = 0;

	if (claims->n == IDENTITY_CLAIMS) {
		if (stmt_identity_drop(l->db, claims->claim[0].identity_id, l->e) != 0)
			return -1;
		l->added--;
	}
	if (stmt_identity_count_claims(l->db,
		&(struct stmt_identity_count_claims){ .site_id = l->site_id, .user_id = user_id },
		&n, l->e)
	    < 0)
		return -1;
	if (n < IDENTITY_IDS)
		return 0;
	l->added--;
	claims_clear(l->claims); /* the dropped rows may be of any device */
	return stmt_identity_drop_claim(l->db,
	    &(struct stmt_identity_drop_claim){ .site_id = l->site_id, .user_id = user_id }, l->e);
}

static int
add_claim(struct lesson *l, const struct identity_claims *claims, struct slice device,
    struct slice user_id)
{
	if (bound_claims(l, claims, user_id) != 0)
		return -1;
	return add(l, &(struct stmt_identity_add){ .kind = "device",
			  .id = device,
			  .since = db_int_if(true, l->at),
			  .since_event = db_int_if(true, l->event_id),
			  .user_id = user_id,
			  .said_at = db_int_if(true, l->at) });
}

/* The device already belongs to this user: the latest call is stored from time to time, so that a
 * call that arrives late is recognized. */
static int
prolong(struct lesson *l, const struct identity_claim *claim, bool latest, struct claims_pair pair)
{
	int64_t until = claim->said_at + IDENTITY_CLAIM_STEP_MS;

	if (l->at < until) {
		if (latest)
			claims_keep(l->claims, pair, claim->since, claim->since_event, until);
		return 0;
	}
	return stmt_identity_claim_until(l->db,
	    &(struct stmt_identity_claim_until){
		.identity_id = claim->identity_id,
		.said_at = l->at,
		.taught = l->event_id,
	    },
	    l->e);
}

/* Stores that the device belongs to this user, as a call said. */
static int
claim(struct lesson *l, struct slice device, struct slice user_id)
{
	struct identity_claims claims;
	const struct identity_claim *last, *next;
	struct claims_pair pair = claims_pair(l->claims, l->site_id, device, user_id);
	int i;

	if (slice_equals(device, user_id))
		return 0;
	if (claims_has(l->claims, pair, l->at, l->event_id))
		return 0;
	claims_drop(l->claims, pair);
	if (identity_load_claims(l->db, l->site_id, device, &claims, l->e) != 0)
		return -1;
	i = identity_last_claim(&claims, l->at, l->event_id);
	last = i < 0 ? NULL : &claims.claim[i];
	next = i + 1 < (int)claims.n ? &claims.claim[i + 1] : NULL;
	if (last != NULL && slice_equals(slice_from(last->user_id), user_id))
		return prolong(l, last, next == NULL, pair);
	if (last != NULL && l->at < last->said_at)
		return 0; /* the call came late: another user has called since */
	if (last == NULL && next != NULL && claims.n == IDENTITY_CLAIMS
	    && !slice_equals(slice_from(next->user_id), user_id))
		return 0; /* the call is older than all stored claims */
	if (next == NULL || !slice_equals(slice_from(next->user_id), user_id))
		return add_claim(l, &claims, device, user_id);
	l->news = true;
	return stmt_identity_claim_since(l->db,
	    &(struct stmt_identity_claim_since){
		.identity_id = next->identity_id,
		.since = l->at,
		.since_event = l->event_id,
	    },
	    l->e);
}

/* ---- events --------------------------------------------------------------------------------- */

int64_t
identity_time(const struct segment_event *event, int64_t received_at)
{
	return event->occurred_at < received_at ? event->occurred_at : received_at;
}

/* Calls that are not meant for Bento are not used. */
static bool
is_for_us(const struct segment_event *event)
{
	return event->kind != KIND_DELETE && event->reason != mapping_not_for_us;
}

/* Nothing is stored from an invalid identify or alias. */
static bool
is_believed(const struct segment_event *event)
{
	return event->status != STATUS_INVALID || segment_has_no_email(event);
}

/* A userId that looks like an address needs no statement: it gives the address itself. */
static int
learn_address(struct lesson *l, const struct segment_event *event)
{
	if (event->kind != KIND_IDENTIFY || event->email.p == NULL
	    || event->email_from == PERSON_USER_ID || !is_believed(event))
		return 0;
	if (event->user_id.p != NULL)
		return tell(l, IDENTITY_USER, event->user_id, event->email);
	return event->anonymous_id.p == NULL
		   ? 0
		   : tell(l, IDENTITY_ANONYMOUS, event->anonymous_id, event->email);
}

/* The replaced id may be a userId or an anonymousId. */
static int
learn_alias(struct lesson *l, const struct segment_event *event)
{
	if (event->kind != KIND_ALIAS || event->user_id.p == NULL || event->previous_id.p == NULL
	    || slice_equals(event->user_id, event->previous_id) || !is_believed(event))
		return 0;
	if (replace(l, event->previous_id, event->user_id) != 0)
		return -1;
	return claim(l, event->previous_id, event->user_id);
}

static int
learn_device(struct lesson *l, const struct segment_event *event)
{
	return event->user_id.p == NULL || event->anonymous_id.p == NULL
		   ? 0
		   : claim(l, event->anonymous_id, event->user_id);
}

int
identity_learn(struct db *db, struct claims *claims, const struct identity_site *site,
    const struct segment_event *event, int64_t event_id, int64_t received_at, bool *ret_news,
    struct err *e)
{
	struct lesson l = {
		.db = db,
		.claims = claims,
		.site_id = site->site_id,
		.event_id = event_id,
		.at = identity_time(event, received_at),
		.e = e,
	};

	*ret_news = false;
	if (site->max_ids == 0 || !is_for_us(event))
		return 0;
	if (learn_address(&l, event) != 0 || learn_alias(&l, event) != 0
	    || learn_device(&l, event) != 0 || end_lesson(&l, site) != 0)
		return -1;
	*ret_news = l.news;
	return 0;
}

/* ---- another outbox -------------------------------------------------------------------------- */

int
identity_merge(struct db *db, struct claims *claims, const struct identity_site *site,
    const struct identity_fact *fact, bool *ret_news, struct err *e)
{
	struct lesson l = { .db = db, .claims = claims, .site_id = site->site_id, .e = e };
	bool links = fact->user_id.p != NULL && !slice_equals(fact->id, fact->user_id);
	int rc = 0;

	*ret_news = false;
	if (site->max_ids == 0)
		return 0;
	l.at = fact->identified_at;
	if (fact->kind != IDENTITY_DEVICE && fact->email.p != NULL)
		rc = tell(&l, fact->kind, fact->id, fact->email);
	l.at = fact->said_at;
	if (rc == 0 && fact->kind == IDENTITY_USER && links)
		rc = replace(&l, fact->id, fact->user_id);
	if (fact->kind == IDENTITY_DEVICE && links) {
		l.at = fact->since;
		rc = claim(&l, fact->id, fact->user_id);
		l.at = fact->said_at;
		if (rc == 0 && fact->said_at > fact->since)
			rc = claim(&l, fact->id, fact->user_id);
	}
	if (rc != 0 || end_lesson(&l, site) != 0)
		return -1;
	*ret_news = l.news;
	return 0;
}
