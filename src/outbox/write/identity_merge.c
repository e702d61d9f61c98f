/*
 * Merges a person of another outbox into ours: the ids become one person together with ours, unless
 * an id belongs to another user here. Users come first, because they decide whether a replaced id
 * or an anonymous id is theirs.
 */
#include "outbox/write/identity_private.h"

/* Ids are merged in this order. */
enum pass { PASS_USERS, PASS_REPLACED, PASS_ANONYMOUS };

struct merge {
	struct identity_update update;
	int64_t *persons; /* all are joined to the first, as far as the limit allows */
	size_t n;
	int64_t ids;
	bool changed;
};

/* Persons that no event of ours is about have numbers below 0. */
static int
make_person(struct identity_update *u, int64_t *ret_person)
{
	int64_t lowest;

	if (stmt_identity_lowest_person(u->db, &lowest, u->e) != 1)
		return -1;
	*ret_person = lowest - 1;
	return 0;
}

static int
add_to_person(struct merge *a, int64_t person)
{
	int rc = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->persons[i] == person)
			return 0;
	if (a->n > 0)
		rc = identity_join_persons(&a->update, a->persons[0], person);
	if (rc == 0)
		a->persons[a->n++] = person;
	a->changed = a->changed || rc == 1;
	return rc < 0 ? -1 : 0;
}

/* 1: this userId, which an alias replaced there, is another user here. */
static int
is_other_user(struct merge *a, const struct identity_row *known)
{
	int64_t users;
	bool any;

	if (a->n > 0 && known->person == a->persons[0])
		return 0;
	if (identity_count_users(&a->update, known->person, &users, &any, SLICE_NONE) != 0)
		return -1;
	return users > 1;
}

/* 1: this anonymous id belongs to another user here. */
static int
is_taken(struct merge *a, const struct identity_row *known)
{
	struct slice named = slice_from(known->with_user);
	bool theirs = false;
	int64_t users;

	if (a->n > 0 && known->person == a->persons[0])
		return 0;
	if (identity_count_users(&a->update, known->person, &users, &theirs, SLICE_NONE) != 0)
		return -1;
	if (known->with_other || users > 0)
		return 1;
	if (named.n == 0 || a->update.user_id.p != NULL || a->n == 0)
		return 0;
	if (identity_count_users(&a->update, a->persons[0], &users, &theirs, named) != 0)
		return -1;
	return !theirs;
}

static int
merge_id(struct merge *a, const struct identity_id *id, enum pass pass)
{
	const char *kind = id->is_user ? identity_user : identity_anonymous;
	struct identity_row known = { 0 };
	int rc, taken = 0;

	a->update.user_id = id->with_user;
	rc = identity_row_find(&a->update, kind, id->id, &known);
	if (rc == 1 && pass != PASS_USERS)
		taken = pass == PASS_REPLACED ? is_other_user(a, &known) : is_taken(a, &known);
	if (rc < 0 || taken < 0)
		return -1;
	if (taken)
		return 0;
	a->ids++;
	if (rc == 1)
		return identity_row_touch(&a->update, kind, &known) == 0
			   ? add_to_person(a, known.person)
			   : -1;
	a->changed = true;
	if (make_person(&a->update, &known.person) != 0
	    || identity_row_add(&a->update, kind, id->id, known.person) != 0)
		return -1;
	return add_to_person(a, known.person);
}

static enum pass
pass_of(const struct identity_person *person, size_t i)
{
	if (!person->ids[i].is_user)
		return PASS_ANONYMOUS;
	for (size_t k = 0; k < person->n_ids; k++)
		if (!person->ids[k].is_user && slice_equals(person->ids[k].id, person->ids[i].id))
			return PASS_REPLACED;
	return PASS_USERS;
}

static int
set_email_of_all(struct merge *a)
{
	struct identity_update *u = &a->update;

	if (a->n > 0 && stmt_identity_share_newest(u->db, a->persons[0], u->e) != 0)
		return -1;
	for (size_t i = 0; u->email.p != NULL && i < a->n; i++) {
		if (identity_set_email(u, a->persons[i]) != 0)
			return -1;
		a->changed = a->changed || db_changes(u->db) > 0;
	}
	return 0;
}

int
identity_merge(struct db *db, const struct identity_site *site,
    const struct identity_person *person, int64_t ret_persons[IDENTITY_PERSON_MAX],
    size_t *ret_n_persons, int64_t *ret_ids, struct err *e)
{
	struct merge a = { .persons = ret_persons };

	a.update = (struct identity_update){
		.db = db,
		.site_id = site->site_id,
		.when = person->identified_at,
		.email = person->email,
		.e = e,
	};
	*ret_n_persons = 0;
	*ret_ids = 0;
	if (site->max_ids == 0)
		return 0;
	for (enum pass pass = PASS_USERS; pass <= PASS_ANONYMOUS; pass++)
		for (size_t i = 0; i < person->n_ids; i++)
			if (pass_of(person, i) == pass && merge_id(&a, &person->ids[i], pass) != 0)
				return -1;
	if (set_email_of_all(&a) != 0)
		return -1;
	*ret_n_persons = a.n;
	*ret_ids = a.changed ? a.ids : 0;
	if (a.update.added == 0)
		return 0;
	return identity_count(db, site->site_id, a.update.added, e) == 0
		   ? identity_trim(db, site, e)
		   : -1;
}
