#include "outbox/identity.h"

#include <stdio.h>

#include "event/mapping.h"
#include "outbox/db.h"

static const char user_kind[] = "user";
static const char anonymous_kind[] = "anonymous";

/* ---- finding -------------------------------------------------------------------------------- */

/* 1: stmt stands on the row. 0: there is none. -1. */
static int
get(struct db *db, int64_t site_id, const char *kind, struct slice id, sqlite3_stmt **ret_stmt,
    struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_IDENTITY_GET, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_text(stmt, 2, slice_from(kind));
	db_bind_text(stmt, 3, id);
	*ret_stmt = stmt;
	return db_step(db, stmt, e);
}

/* Whether what an anonymous id was taught holds for an event with this userId. */
static bool
is_about(struct slice user_id, struct slice with_user)
{
	return user_id.p == NULL || with_user.p == NULL || slice_equals(user_id, with_user);
}

static int
find_by(struct db *db, int64_t site_id, const char *kind, struct slice id, struct slice user_id,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	sqlite3_stmt *stmt;
	struct slice email;
	int rc;

	if (id.p == NULL)
		return 0;
	rc = get(db, site_id, kind, id, &stmt, e);
	if (rc != 1)
		return rc;
	email = db_text(stmt, 2);
	if (email.p == NULL || (kind == anonymous_kind && !is_about(user_id, db_text(stmt, 4))))
		rc = 0;
	else
		snprintf(ret_email, IDENTITY_EMAIL_SIZE, "%.*s", (int)email.n, email.p);
	db_done(stmt);
	return rc;
}

int
identity_find(struct db *db, int64_t site_id, struct slice user_id, struct slice anonymous_id,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	int rc = find_by(db, site_id, user_kind, user_id, user_id, ret_email, e);

	if (rc != 0)
		return rc;
	return find_by(db, site_id, anonymous_kind, anonymous_id, user_id, ret_email, e);
}

/* ---- the bound ------------------------------------------------------------------------------ */

int
identity_count(struct db *db, int64_t site_id, int64_t added, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_IDENTITY_COUNT, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_int(stmt, 2, added);
	return db_run(db, stmt, e);
}

static int
read_size(struct db *db, int64_t site_id, int64_t *ret_size, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_IDENTITY_SIZE, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	rc = db_step(db, stmt, e);
	*ret_size = rc == 1 ? db_int(stmt, 0) : 0;
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

int
identity_trim(struct db *db, const struct identity_site *site, struct err *e)
{
	sqlite3_stmt *stmt;
	int64_t size, over;

	if (read_size(db, site->site_id, &size, e) != 0)
		return -1;
	over = size - site->max_ids;
	if (over <= 0)
		return 0;
	stmt = db_stmt(db, STMT_IDENTITY_EVICT, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	db_bind_int(stmt, 2, over < IDENTITY_EVICT_MAX ? over : IDENTITY_EVICT_MAX);
	if (db_run(db, stmt, e) != 0)
		return -1;
	return identity_count(db, site->site_id, -sqlite3_changes64(db->handle), e);
}

/* ---- learning ------------------------------------------------------------------------------- */

struct lesson {
	struct db *db;
	int64_t site_id;
	int64_t event_id;
	int64_t when; /* it happened */
	struct slice email;
	char found[IDENTITY_EMAIL_SIZE]; /* where it is, when the call did not carry it */
	struct slice user_id;
	int64_t person[IDENTITY_PERSONS]; /* of the ids noted */
	size_t n;
	int64_t added;
	bool adopts; /* what no event of ours told */
	struct err *e;
};

/* Persons are numbered by the event that told of them first, so that no number comes twice; those
 * of whom none did go below 0. */
static int
number(struct lesson *l, int64_t *ret_person)
{
	sqlite3_stmt *stmt;

	*ret_person = l->event_id * IDENTITY_PERSONS + (int64_t)l->n;
	if (!l->adopts)
		return 0;
	stmt = db_stmt(l->db, STMT_IDENTITY_LOWEST, l->e);
	if (stmt == NULL || db_step(l->db, stmt, l->e) != 1)
		return -1;
	*ret_person = db_int(stmt, 0) - 1;
	db_done(stmt);
	return 0;
}

static int
add(struct lesson *l, const char *kind, struct slice id)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_ADD, l->e);
	int64_t person;

	if (stmt == NULL || number(l, &person) != 0)
		return -1;
	db_bind_int(stmt, 1, l->site_id);
	db_bind_text(stmt, 2, slice_from(kind));
	db_bind_text(stmt, 3, id);
	db_bind_int(stmt, 4, person);
	db_bind_text(stmt, 5, kind == anonymous_kind ? l->user_id : SLICE_NONE);
	db_bind_int(stmt, 6, l->event_id);
	l->person[l->n++] = person;
	l->added++;
	return db_run(l->db, stmt, l->e);
}

/* Makes or renews an id's row. */
static int
note(struct lesson *l, const char *kind, struct slice id)
{
	sqlite3_stmt *row, *touch;
	int64_t identity_id;
	bool newest;
	int rc;

	if (id.p == NULL)
		return 0;
	rc = get(l->db, l->site_id, kind, id, &row, l->e);
	if (rc != 1)
		return rc < 0 ? -1 : add(l, kind, id);
	identity_id = db_int(row, 0);
	l->person[l->n++] = db_int(row, 1);
	newest = sqlite3_column_type(row, 3) == SQLITE_NULL || db_int(row, 3) <= l->when;
	db_done(row);
	touch = db_stmt(l->db, STMT_IDENTITY_TOUCH, l->e);
	if (touch == NULL)
		return -1;
	db_bind_int(touch, 1, identity_id);
	db_bind_int(touch, 2, l->event_id);
	db_bind_text(touch, 3, l->user_id);
	db_bind_int(touch, 4, newest && kind == anonymous_kind);
	return db_run(l->db, touch, l->e);
}

static int
teach(struct lesson *l)
{
	for (size_t i = 0; l->email.p != NULL && i < l->n; i++) {
		sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_TEACH, l->e);

		if (stmt == NULL)
			return -1;
		db_bind_int(stmt, 1, l->person[i]);
		db_bind_text(stmt, 2, l->email);
		db_bind_int(stmt, 3, l->when);
		if (db_run(l->db, stmt, l->e) != 0)
			return -1;
	}
	return 0;
}

static int
run_with_persons(struct lesson *l, enum stmt id, int64_t to, int64_t from)
{
	sqlite3_stmt *stmt = db_stmt(l->db, id, l->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, to);
	if (from != 0)
		db_bind_int(stmt, 2, from);
	return db_run(l->db, stmt, l->e);
}

/* 1: together they are few enough for one person. */
static int
may_join(struct lesson *l, int64_t to, int64_t from)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_SIZES, l->e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, to);
	db_bind_int(stmt, 2, from);
	rc = db_step(l->db, stmt, l->e);
	if (rc == 1)
		rc = db_int(stmt, 0) <= IDENTITY_PERSON_MAX;
	db_done(stmt);
	return rc;
}

/* All ids noted become the first one's person. */
static int
join(struct lesson *l)
{
	for (size_t i = 1; i < l->n; i++) {
		int64_t to = l->person[0], from = l->person[i];
		int rc = to == from ? 0 : may_join(l, to, from);

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		if (run_with_persons(l, STMT_IDENTITY_JOIN, to, from) != 0
		    || run_with_persons(l, STMT_RELEASE_END, from, 0) != 0)
			return -1;
		l->person[i] = to;
	}
	return run_with_persons(l, STMT_IDENTITY_NEWEST, l->person[0], 0);
}

/* The id that is replaced may be of either kind. */
static int
learn_alias(struct lesson *l, struct slice previous_id)
{
	if (note(l, user_kind, l->user_id) != 0 || note(l, user_kind, previous_id) != 0
	    || note(l, anonymous_kind, previous_id) != 0)
		return -1;
	return join(l) == 0 && teach(l) == 0 ? 0 : -1;
}

/* Invalid ones are believed nothing, and what is not meant for us is not used. */
static bool
is_believed(const struct segment_event *event)
{
	return (event->status != STATUS_INVALID || event->reason == segment_no_email)
	       && event->reason != mapping_not_for_us;
}

static bool
is_telling(const struct segment_event *event)
{
	if (event->kind == KIND_ALIAS)
		return event->user_id.p != NULL && event->previous_id.p != NULL;
	return event->kind == KIND_IDENTIFY
	       && (event->user_id.p != NULL || event->anonymous_id.p != NULL);
}

/* Without an address of its own an identify says that the anonymous id is that of the user. */
static int
learn_identify(struct lesson *l, struct slice anonymous_id)
{
	int rc;

	if (l->email.p != NULL) {
		if (note(l, user_kind, l->user_id) != 0)
			return -1;
	} else {
		rc = find_by(l->db, l->site_id, user_kind, l->user_id, l->user_id, l->found, l->e);
		if (rc != 1)
			return rc;
		l->email = slice_from(l->found);
	}
	return note(l, anonymous_kind, anonymous_id) == 0 && teach(l) == 0 ? 0 : -1;
}

static int
learn(struct lesson *l, const struct segment_event *event)
{
	return event->kind == KIND_ALIAS ? learn_alias(l, event->previous_id)
					 : learn_identify(l, event->anonymous_id);
}

int
identity_learn(struct db *db, const struct identity_site *site, const struct segment_event *event,
    int64_t event_id, int64_t received_at, int64_t persons[IDENTITY_PERSONS], struct err *e)
{
	struct lesson l = {
		.db = db,
		.site_id = site->site_id,
		.event_id = event_id,
		/* A clock that is ahead must not have the last word for ever. */
		.when = event->occurred_at < received_at ? event->occurred_at : received_at,
		.email = event->email,
		.user_id = event->user_id,
		.e = e,
	};

	for (size_t i = 0; i < IDENTITY_PERSONS; i++)
		persons[i] = 0;
	if (site->max_ids == 0 || !is_telling(event) || !is_believed(event))
		return 0;
	if (learn(&l, event) != 0)
		return -1;
	if (l.added > 0
	    && (identity_count(db, site->site_id, l.added, e) != 0
		|| identity_trim(db, site, e) != 0))
		return -1;
	for (size_t i = 0; i < l.n; i++)
		persons[i] = l.person[i];
	return 0;
}

/* ---- adopting ------------------------------------------------------------------------------- */

/* The person so far is the first one. */
static int
adopt_id(struct lesson *l, const struct identity_id *id)
{
	l->n = l->n > 0 ? 1 : 0;
	l->user_id = id->with_user;
	if (note(l, id->is_user ? user_kind : anonymous_kind, id->id) != 0)
		return -1;
	return join(l) == 0 && teach(l) == 0 ? 0 : -1;
}

int
identity_adopt(struct db *db, const struct identity_site *site,
    const struct identity_person *person, int64_t taught, int64_t persons[IDENTITY_PERSONS],
    struct err *e)
{
	struct lesson l = {
		.db = db,
		.site_id = site->site_id,
		.event_id = taught,
		.when = person->identified_at,
		.email = person->email,
		.adopts = true,
		.e = e,
	};

	for (size_t i = 0; i < IDENTITY_PERSONS; i++)
		persons[i] = 0;
	if (site->max_ids == 0 || person->n_ids == 0)
		return 0;
	for (size_t i = 0; i < person->n_ids; i++)
		if (adopt_id(&l, &person->ids[i]) != 0)
			return -1;
	persons[0] = l.person[0];
	if (l.added == 0)
		return 0;
	return identity_count(db, site->site_id, l.added, e) == 0 ? identity_trim(db, site, e) : -1;
}
