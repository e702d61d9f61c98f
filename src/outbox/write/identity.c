#include "outbox/write/identity.h"

#include <stdio.h>

#include "event/mapping/mapping.h"
#include "outbox/write/identity_private.h"

const char identity_user[] = "user";
const char identity_anonymous[] = "anonymous";

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
	if (email.p == NULL || (kind == identity_anonymous && !is_about(user_id, db_text(stmt, 4))))
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
	int rc = find_by(db, site_id, identity_user, user_id, user_id, ret_email, e);

	if (rc != 0)
		return rc;
	return find_by(db, site_id, identity_anonymous, anonymous_id, user_id, ret_email, e);
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

/* Of what was told at once ours counts. */
static bool
is_last(const struct lesson *l, sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL
	       || db_int(row, column) < l->when + (l->event_id != 0);
}

int
lesson_look(struct lesson *l, const char *kind, struct slice id, struct known *ret)
{
	sqlite3_stmt *row;
	struct slice with_user;
	int rc = get(l->db, l->site_id, kind, id, &row, l->e);

	if (rc != 1)
		return rc;
	with_user = db_text(row, 4);
	*ret = (struct known){
		.identity_id = db_int(row, 0),
		.person = db_int(row, 1),
		.newest = is_last(l, row, 3),
		.newest_named = is_last(l, row, 5),
		.with_other = l->user_id.p != NULL && !is_about(l->user_id, with_user),
	};
	snprintf(ret->with_user, sizeof(ret->with_user), "%.*s", (int)with_user.n,
	    with_user.p == NULL ? "" : with_user.p);
	db_done(row);
	return 1;
}

int
lesson_add(struct lesson *l, const char *kind, struct slice id, int64_t person)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_ADD, l->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, l->site_id);
	db_bind_text(stmt, 2, slice_from(kind));
	db_bind_text(stmt, 3, id);
	db_bind_int(stmt, 4, person);
	db_bind_text(stmt, 5, kind == identity_anonymous ? l->user_id : SLICE_NONE);
	db_bind_int(stmt, 6, l->event_id);
	db_bind_int_or_null(stmt, 7, l->when, kind == identity_anonymous && l->user_id.p != NULL);
	l->added++;
	return db_run(l->db, stmt, l->e);
}

int
lesson_read_users(
    struct lesson *l, int64_t person, int64_t *ret_n, bool *ret_has, struct slice user_id)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_USERS, l->e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, person);
	db_bind_text(stmt, 2, user_id);
	rc = db_step(l->db, stmt, l->e);
	*ret_n = rc == 1 ? db_int(stmt, 0) : 0;
	*ret_has = rc == 1 && db_int(stmt, 1) > 0;
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

/* 1: with whom it comes is news. Without a userId it is only while no alias tells whose it is. */
static int
is_named(struct lesson *l, const struct known *known)
{
	int64_t users;
	bool ours;

	if (l->user_id.p != NULL)
		return known->newest_named;
	if (!known->newest || l->event_id == 0)
		return 0;
	if (lesson_read_users(l, known->person, &users, &ours, SLICE_NONE) != 0)
		return -1;
	return users == 0;
}

int
lesson_touch(struct lesson *l, const char *kind, const struct known *known)
{
	int named = kind == identity_anonymous ? is_named(l, known) : 0;
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_TOUCH, l->e);

	if (stmt == NULL || named < 0)
		return -1;
	db_bind_int(stmt, 1, known->identity_id);
	db_bind_int(stmt, 2, l->event_id);
	db_bind_text(stmt, 3, l->user_id);
	db_bind_int(stmt, 4, named);
	db_bind_int_or_null(stmt, 5, l->when, l->user_id.p != NULL);
	return db_run(l->db, stmt, l->e);
}

/* 1: this anonymous id has been another user's. */
static int
is_of_other(struct lesson *l, const struct known *known)
{
	int64_t users;
	bool ours;

	if (l->user_id.p == NULL)
		return 0;
	if (lesson_read_users(l, known->person, &users, &ours, l->user_id) != 0)
		return -1;
	return !ours && (users > 0 || known->with_other);
}

/* It is a person of its own from now on, of whom nothing is known. */
static int
leave(struct lesson *l, int64_t identity_id, int64_t person)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_LEAVE, l->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, identity_id);
	db_bind_int(stmt, 2, person);
	return db_run(l->db, stmt, l->e);
}

/* Makes or renews an id's row. Persons are numbered by the event that told of them first, so that
 * no number comes twice. */
static int
note(struct lesson *l, const char *kind, struct slice id)
{
	int64_t person = l->event_id * IDENTITY_PERSONS + (int64_t)l->n;
	struct known known = { 0 };
	int rc, other;

	if (id.p == NULL)
		return 0;
	rc = lesson_look(l, kind, id, &known);
	if (rc == 0) {
		l->person[l->n++] = person;
		return lesson_add(l, kind, id, person);
	}
	other = rc == 1 && kind == identity_anonymous ? is_of_other(l, &known) : 0;
	if (rc < 0 || other < 0)
		return -1;
	if (other && !known.newest_named)
		return 0; /* it has become that other's since */
	if (other && leave(l, known.identity_id, person) != 0)
		return -1;
	l->person[l->n++] = other ? person : known.person;
	return lesson_touch(l, kind, &known);
}

/* By a user of whom no address is known: all that this tells is whose the id is. */
static int
note_known(struct lesson *l, struct slice id)
{
	struct known known = { 0 };
	int rc = id.p == NULL ? 0 : lesson_look(l, identity_anonymous, id, &known);

	return rc == 1 ? note(l, identity_anonymous, id) : rc;
}

int
lesson_teach(struct lesson *l, int64_t person)
{
	sqlite3_stmt *stmt = db_stmt(l->db, STMT_IDENTITY_TEACH, l->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, person);
	db_bind_text(stmt, 2, l->email);
	db_bind_int(stmt, 3, l->when);
	db_bind_int(stmt, 4, l->event_id != 0);
	return db_run(l->db, stmt, l->e);
}

static int
teach(struct lesson *l)
{
	for (size_t i = 0; l->email.p != NULL && i < l->n; i++)
		if (lesson_teach(l, l->person[i]) != 0)
			return -1;
	return 0;
}

int
lesson_run(struct lesson *l, enum stmt id, int64_t to, int64_t from)
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

int
lesson_join(struct lesson *l, int64_t to, int64_t from)
{
	int rc = may_join(l, to, from);

	if (rc != 1)
		return rc;
	if (lesson_run(l, STMT_IDENTITY_JOIN, to, from) != 0
	    || lesson_run(l, STMT_RELEASE_END, from, 0) != 0)
		return -1;
	return 1;
}

/* All ids noted become the first one's person. */
static int
join(struct lesson *l)
{
	for (size_t i = 1; i < l->n; i++) {
		int rc =
		    l->person[i] == l->person[0] ? 0 : lesson_join(l, l->person[0], l->person[i]);

		if (rc < 0)
			return -1;
		if (rc == 1)
			l->person[i] = l->person[0];
	}
	return lesson_run(l, STMT_IDENTITY_NEWEST, l->person[0], 0);
}

/* 1: an earlier alias made this id another user's: that one is not this one's person. */
static int
is_replaced_by_other(struct lesson *l, struct slice previous_id)
{
	struct known known = { 0 };
	int64_t users;
	bool ours;
	int rc = lesson_look(l, identity_anonymous, previous_id, &known);

	if (rc == 1)
		rc = lesson_look(l, identity_user, previous_id, &known);
	if (rc != 1)
		return rc;
	if (lesson_read_users(l, known.person, &users, &ours, l->user_id) != 0)
		return -1;
	return !ours && users > 1;
}

/* The id that is replaced may be of either kind. */
static int
learn_alias(struct lesson *l, struct slice previous_id)
{
	int other = is_replaced_by_other(l, previous_id);

	if (other < 0 || note(l, identity_user, l->user_id) != 0
	    || (!other && note(l, identity_user, previous_id) != 0)
	    || note(l, identity_anonymous, previous_id) != 0)
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
		if (note(l, identity_user, l->user_id) != 0)
			return -1;
	} else {
		rc = find_by(
		    l->db, l->site_id, identity_user, l->user_id, l->user_id, l->found, l->e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return note_known(l, anonymous_id);
		l->email = slice_from(l->found);
	}
	return note(l, identity_anonymous, anonymous_id) == 0 && teach(l) == 0 ? 0 : -1;
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
