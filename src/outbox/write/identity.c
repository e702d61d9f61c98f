#include "outbox/write/identity.h"

#include <stdio.h>

#include "event/mapping/mapping.h"
#include "outbox/write/identity_private.h"

const char identity_user[] = "user";
const char identity_anonymous[] = "anonymous";

/* ---- finding -------------------------------------------------------------------------------- */

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
	    || (kind == identity_anonymous && !is_about(user_id, row.with_user)))
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

/* ---- the bound ------------------------------------------------------------------------------ */

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

/* Of what was told at once ours counts. */
static bool
is_last(const struct lesson *l, struct db_int at)
{
	return !at.there || at.value < l->when + (l->event_id != 0);
}

int
lesson_look(struct lesson *l, const char *kind, struct slice id, struct known *ret)
{
	struct db_rows rows = stmt_identity_get(l->db,
	    &(struct stmt_identity_get){ .site_id = l->site_id, .kind = kind, .id = id }, l->e);
	struct stmt_identity_get_row row;
	int rc = stmt_identity_get_next(&rows, &row, l->e);

	if (rc != 1)
		return rc;
	*ret = (struct known){
		.identity_id = row.identity_id,
		.person = row.person,
		.newest = is_last(l, row.identified_at),
		.newest_named = is_last(l, row.named_at),
		.with_other = l->user_id.p != NULL && !is_about(l->user_id, row.with_user),
	};
	snprintf(ret->with_user, sizeof(ret->with_user), "%.*s", (int)row.with_user.n,
	    row.with_user.p == NULL ? "" : row.with_user.p);
	db_rows_end(&rows);
	return 1;
}

int
lesson_add(struct lesson *l, const char *kind, struct slice id, int64_t person)
{
	bool named = kind == identity_anonymous && l->user_id.p != NULL;

	l->added++;
	return stmt_identity_add(l->db,
	    &(struct stmt_identity_add){
		.site_id = l->site_id,
		.kind = kind,
		.id = id,
		.person = person,
		.with_user = named ? l->user_id : SLICE_NONE,
		.taught = l->event_id,
		.named_at = db_int_if(named, l->when),
	    },
	    l->e);
}

int
lesson_read_users(
    struct lesson *l, int64_t person, int64_t *ret_n, bool *ret_has, struct slice user_id)
{
	struct stmt_identity_count_users_row row = { 0 };

	if (stmt_identity_count_users(l->db,
		&(struct stmt_identity_count_users){ .person = person, .id = user_id }, &row, l->e)
	    < 0)
		return -1;
	*ret_n = row.users;
	*ret_has = row.same > 0;
	return 0;
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

	if (named < 0)
		return -1;
	return stmt_identity_touch(l->db,
	    &(struct stmt_identity_touch){
		.identity_id = known->identity_id,
		.taught = l->event_id,
		.with_user = l->user_id,
		.named = named == 1,
		.named_at = db_int_if(l->user_id.p != NULL, l->when),
	    },
	    l->e);
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
	return stmt_identity_leave_person(l->db,
	    &(struct stmt_identity_leave_person){ .identity_id = identity_id, .person = person },
	    l->e);
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
	return stmt_identity_teach(l->db,
	    &(struct stmt_identity_teach){
		.person = person,
		.email = l->email,
		.at = l->when,
		.ties = l->event_id != 0,
	    },
	    l->e);
}

static int
teach(struct lesson *l)
{
	for (size_t i = 0; l->email.p != NULL && i < l->n; i++)
		if (lesson_teach(l, l->person[i]) != 0)
			return -1;
	return 0;
}

/* 1: together they are few enough for one person. */
static int
may_join(struct lesson *l, int64_t to, int64_t from)
{
	int64_t ids;

	if (stmt_identity_count_both(l->db,
		&(struct stmt_identity_count_both){ .person = to, .other = from }, &ids, l->e)
	    != 1)
		return -1;
	return ids <= IDENTITY_PERSON_MAX;
}

int
lesson_join(struct lesson *l, int64_t to, int64_t from)
{
	int rc = may_join(l, to, from);

	if (rc != 1)
		return rc;
	if (stmt_identity_join(
		l->db, &(struct stmt_identity_join){ .person = to, .other = from }, l->e)
		!= 0
	    || stmt_release_end(l->db, from, l->e) != 0)
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
	return stmt_identity_share_newest(l->db, l->person[0], l->e);
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
