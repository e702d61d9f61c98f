/*
 * Learns from identify and alias calls which ids belong to which person and address, and finds the
 * address of an id. An update looks at the row of each id, adds or touches it, joins or separates
 * persons, and sets the person's address unless a later one is known. A site keeps a bounded number
 * of ids.
 */
#include "outbox/write/identity.h"

#include <stdio.h>

#include "event/mapping/mapping.h"
#include "outbox/write/identity_private.h"

const char identity_user[] = "user";
const char identity_anonymous[] = "anonymous";

/* ---- finding -------------------------------------------------------------------------------- */

/* Whether the address of an anonymous id holds for an event with this userId. */
static bool
applies_to_user(struct slice user_id, struct slice with_user)
{
	return user_id.p == NULL || with_user.p == NULL || slice_equals(user_id, with_user);
}

static int
find_by(struct db *db, int64_t site_id, const char *kind, struct slice id, struct slice user_id,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	struct stmt_identity_get_row row;
	struct db_rows rows;
	int rc;

	if (id.p == NULL)
		return 0;
	rows = stmt_identity_get(
	    db, &(struct stmt_identity_get){ .site_id = site_id, .kind = kind, .id = id }, e);
	rc = stmt_identity_get_next(&rows, &row, e);
	if (rc != 1)
		return rc;
	if (row.email.p == NULL
	    || (kind == identity_anonymous && !applies_to_user(user_id, row.with_user)))
		rc = 0;
	else
		snprintf(ret_email, IDENTITY_EMAIL_SIZE, "%.*s", (int)row.email.n, row.email.p);
	db_rows_end(&rows);
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

/* ---- the limit ------------------------------------------------------------------------------ */

int
identity_count(struct db *db, int64_t site_id, int64_t added, struct err *e)
{
	return stmt_site_add_identities(
	    db, &(struct stmt_site_add_identities){ .site_id = site_id, .added = added }, e);
}

int
identity_trim(struct db *db, const struct identity_site *site, struct err *e)
{
	int64_t size = 0, over;

	if (stmt_site_identities(db, site->site_id, &size, e) < 0)
		return -1;
	over = size - site->max_ids;
	if (over <= 0)
		return 0;
	if (stmt_identity_evict(db,
		&(struct stmt_identity_evict){
		    .site_id = site->site_id,
		    .max = over < IDENTITY_EVICT_MAX ? over : IDENTITY_EVICT_MAX,
		},
		e)
	    != 0)
		return -1;
	return identity_count(db, site->site_id, -db_changes(db), e);
}

/* ---- learning ------------------------------------------------------------------------------- */

/* Of two updates of one time, ours counts. */
static bool
is_newest(const struct identity_update *u, struct db_int at)
{
	return !at.there || at.value < u->when + (u->event_id != 0);
}

int
identity_row_find(
    struct identity_update *u, const char *kind, struct slice id, struct identity_row *ret)
{
	struct db_rows rows = stmt_identity_get(u->db,
	    &(struct stmt_identity_get){ .site_id = u->site_id, .kind = kind, .id = id }, u->e);
	struct stmt_identity_get_row row;
	int rc = stmt_identity_get_next(&rows, &row, u->e);

	if (rc != 1)
		return rc;
	*ret = (struct identity_row){
		.identity_id = row.identity_id,
		.person = row.person,
		.newest = is_newest(u, row.identified_at),
		.newest_named = is_newest(u, row.named_at),
		.with_other = u->user_id.p != NULL && !applies_to_user(u->user_id, row.with_user),
	};
	snprintf(ret->with_user, sizeof(ret->with_user), "%.*s", (int)row.with_user.n,
	    row.with_user.p == NULL ? "" : row.with_user.p);
	db_rows_end(&rows);
	return 1;
}

int
identity_row_add(struct identity_update *u, const char *kind, struct slice id, int64_t person)
{
	bool named = kind == identity_anonymous && u->user_id.p != NULL;

	u->added++;
	return stmt_identity_add(u->db,
	    &(struct stmt_identity_add){
		.site_id = u->site_id,
		.kind = kind,
		.id = id,
		.person = person,
		.with_user = named ? u->user_id : SLICE_NONE,
		.taught = u->event_id,
		.named_at = db_int_if(named, u->when),
	    },
	    u->e);
}

int
identity_count_users(
    struct identity_update *u, int64_t person, int64_t *ret_n, bool *ret_has, struct slice user_id)
{
	struct stmt_identity_count_users_row row = { 0 };

	if (stmt_identity_count_users(u->db,
		&(struct stmt_identity_count_users){ .person = person, .id = user_id }, &row, u->e)
	    < 0)
		return -1;
	*ret_n = row.users;
	*ret_has = row.same > 0;
	return 0;
}

/* 1: the row's with_user must change. Without a userId only while no alias says whose the id is. */
static int
is_newly_named(struct identity_update *u, const struct identity_row *known)
{
	int64_t users;
	bool has_user;

	if (u->user_id.p != NULL)
		return known->newest_named;
	if (!known->newest || u->event_id == 0)
		return 0;
	if (identity_count_users(u, known->person, &users, &has_user, SLICE_NONE) != 0)
		return -1;
	return users == 0;
}

int
identity_row_touch(struct identity_update *u, const char *kind, const struct identity_row *known)
{
	int named = kind == identity_anonymous ? is_newly_named(u, known) : 0;

	if (named < 0)
		return -1;
	return stmt_identity_touch(u->db,
	    &(struct stmt_identity_touch){
		.identity_id = known->identity_id,
		.taught = u->event_id,
		.with_user = u->user_id,
		.named = named == 1,
		.named_at = db_int_if(u->user_id.p != NULL, u->when),
	    },
	    u->e);
}

/* 1: the anonymous id belongs to another user so far. */
static int
belongs_to_other_user(struct identity_update *u, const struct identity_row *known)
{
	int64_t users;
	bool has_user;

	if (u->user_id.p == NULL)
		return 0;
	if (identity_count_users(u, known->person, &users, &has_user, u->user_id) != 0)
		return -1;
	return !has_user && (users > 0 || known->with_other);
}

/* Makes the id a person of its own, of whom nothing is known. */
static int
leave_person(struct identity_update *u, int64_t identity_id, int64_t person)
{
	return stmt_identity_leave_person(u->db,
	    &(struct stmt_identity_leave_person){ .identity_id = identity_id, .person = person },
	    u->e);
}

/* Adds or touches the row of an id, and notes its person. A new person's number comes from the
 * event, so that no number is used twice. */
static int
note_id(struct identity_update *u, const char *kind, struct slice id)
{
	int64_t person = u->event_id * IDENTITY_PERSONS + (int64_t)u->n;
	struct identity_row known = { 0 };
	int rc, other;

	if (id.p == NULL)
		return 0;
	rc = identity_row_find(u, kind, id, &known);
	if (rc == 0) {
		u->person[u->n++] = person;
		return identity_row_add(u, kind, id, person);
	}
	other = rc == 1 && kind == identity_anonymous ? belongs_to_other_user(u, &known) : 0;
	if (rc < 0 || other < 0)
		return -1;
	if (other && !known.newest_named)
		return 0; /* it became the other user's after this event */
	if (other && leave_person(u, known.identity_id, person) != 0)
		return -1;
	u->person[u->n++] = other ? person : known.person;
	return identity_row_touch(u, kind, &known);
}

/* For a user without a known address: the call only says whose a known id is. */
static int
note_known_id(struct identity_update *u, struct slice id)
{
	struct identity_row known = { 0 };
	int rc = id.p == NULL ? 0 : identity_row_find(u, identity_anonymous, id, &known);

	return rc == 1 ? note_id(u, identity_anonymous, id) : rc;
}

int
identity_set_email(struct identity_update *u, int64_t person)
{
	return stmt_identity_teach(u->db,
	    &(struct stmt_identity_teach){
		.person = person,
		.email = u->email,
		.at = u->when,
		.ties = u->event_id != 0,
	    },
	    u->e);
}

static int
set_emails(struct identity_update *u)
{
	for (size_t i = 0; u->email.p != NULL && i < u->n; i++)
		if (identity_set_email(u, u->person[i]) != 0)
			return -1;
	return 0;
}

/* 1: the ids of both are few enough for one person. */
static int
fits_one_person(struct identity_update *u, int64_t to, int64_t from)
{
	int64_t ids;

	if (stmt_identity_count_both(u->db,
		&(struct stmt_identity_count_both){ .person = to, .other = from }, &ids, u->e)
	    != 1)
		return -1;
	return ids <= IDENTITY_PERSON_MAX;
}

int
identity_join_persons(struct identity_update *u, int64_t to, int64_t from)
{
	int rc = fits_one_person(u, to, from);

	if (rc != 1)
		return rc;
	if (stmt_identity_join(
		u->db, &(struct stmt_identity_join){ .person = to, .other = from }, u->e)
		!= 0
	    || stmt_release_end(u->db, from, u->e) != 0)
		return -1;
	return 1;
}

/* Joins the persons of all noted ids to the first one. */
static int
join_persons(struct identity_update *u)
{
	for (size_t i = 1; i < u->n; i++) {
		int rc = u->person[i] == u->person[0]
			     ? 0
			     : identity_join_persons(u, u->person[0], u->person[i]);

		if (rc < 0)
			return -1;
		if (rc == 1)
			u->person[i] = u->person[0];
	}
	return stmt_identity_share_newest(u->db, u->person[0], u->e);
}

/* 1: an earlier alias gave this id to another user, who is not the person of this call. */
static int
is_alias_of_other_user(struct identity_update *u, struct slice previous_id)
{
	struct identity_row known = { 0 };
	int64_t users;
	bool has_user;
	int rc = identity_row_find(u, identity_anonymous, previous_id, &known);

	if (rc == 1)
		rc = identity_row_find(u, identity_user, previous_id, &known);
	if (rc != 1)
		return rc;
	if (identity_count_users(u, known.person, &users, &has_user, u->user_id) != 0)
		return -1;
	return !has_user && users > 1;
}

/* The replaced id may be a userId or an anonymous id. */
static int
learn_alias(struct identity_update *u, struct slice previous_id)
{
	int other = is_alias_of_other_user(u, previous_id);

	if (other < 0 || note_id(u, identity_user, u->user_id) != 0
	    || (!other && note_id(u, identity_user, previous_id) != 0)
	    || note_id(u, identity_anonymous, previous_id) != 0)
		return -1;
	return join_persons(u) == 0 && set_emails(u) == 0 ? 0 : -1;
}

/* Invalid calls, and calls that integrations keep from us, teach nothing. */
static bool
is_trusted(const struct segment_event *event)
{
	return (event->status != STATUS_INVALID || event->reason == segment_no_email)
	       && event->reason != mapping_not_for_us;
}

static bool
says_whose_ids(const struct segment_event *event)
{
	if (event->kind == KIND_ALIAS)
		return event->user_id.p != NULL && event->previous_id.p != NULL;
	return event->kind == KIND_IDENTIFY
	       && (event->user_id.p != NULL || event->anonymous_id.p != NULL);
}

/* An identify without an address says that the anonymous id belongs to the user. */
static int
learn_identify(struct identity_update *u, struct slice anonymous_id)
{
	int rc;

	if (u->email.p != NULL) {
		if (note_id(u, identity_user, u->user_id) != 0)
			return -1;
	} else {
		rc = find_by(
		    u->db, u->site_id, identity_user, u->user_id, u->user_id, u->found, u->e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return note_known_id(u, anonymous_id);
		u->email = slice_from(u->found);
	}
	return note_id(u, identity_anonymous, anonymous_id) == 0 && set_emails(u) == 0 ? 0 : -1;
}

static int
learn(struct identity_update *u, const struct segment_event *event)
{
	return event->kind == KIND_ALIAS ? learn_alias(u, event->previous_id)
					 : learn_identify(u, event->anonymous_id);
}

int
identity_learn(struct db *db, const struct identity_site *site, const struct segment_event *event,
    int64_t event_id, int64_t received_at, int64_t persons[IDENTITY_PERSONS], struct err *e)
{
	struct identity_update u = {
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
	if (site->max_ids == 0 || !says_whose_ids(event) || !is_trusted(event))
		return 0;
	if (learn(&u, event) != 0)
		return -1;
	if (u.added > 0
	    && (identity_count(db, site->site_id, u.added, e) != 0
		|| identity_trim(db, site, e) != 0))
		return -1;
	for (size_t i = 0; i < u.n; i++)
		persons[i] = u.person[i];
	return 0;
}
