#include "outbox/write/identity_private.h"

/* In this order: the users tell whether what an alias replaced, and an anonymous id, are theirs. */
enum pass { PASS_USERS, PASS_REPLACED, PASS_ANONYMOUS };

struct adoption {
	struct lesson lesson;
	int64_t *persons; /* the first is the one that all become who can */
	size_t n;
	int64_t ids;
	bool news;
};

/* Persons of whom no event of ours told are numbered below 0. */
static int
make_person(struct lesson *l, int64_t *ret_person)
{
	int64_t lowest;

	if (stmt_identity_lowest_person(l->db, &lowest, l->e) != 1)
		return -1;
	*ret_person = lowest - 1;
	return 0;
}

static int
add_to_person(struct adoption *a, int64_t person)
{
	int rc = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->persons[i] == person)
			return 0;
	if (a->n > 0)
		rc = lesson_join(&a->lesson, a->persons[0], person);
	if (rc == 0)
		a->persons[a->n++] = person;
	a->news = a->news || rc == 1;
	return rc < 0 ? -1 : 0;
}

/* 1: this user id, which an alias replaced, is another user here. */
static int
is_other_user(struct adoption *a, const struct known *known)
{
	int64_t users;
	bool any;

	if (a->n > 0 && known->person == a->persons[0])
		return 0;
	if (lesson_read_users(&a->lesson, known->person, &users, &any, SLICE_NONE) != 0)
		return -1;
	return users > 1;
}

/* 1: this anonymous id is another user's here. */
static int
is_taken(struct adoption *a, const struct known *known)
{
	struct slice named = slice_from(known->with_user);
	bool theirs = false;
	int64_t users;

	if (a->n > 0 && known->person == a->persons[0])
		return 0;
	if (lesson_read_users(&a->lesson, known->person, &users, &theirs, SLICE_NONE) != 0)
		return -1;
	if (known->with_other || users > 0)
		return 1;
	if (named.n == 0 || a->lesson.user_id.p != NULL || a->n == 0)
		return 0;
	if (lesson_read_users(&a->lesson, a->persons[0], &users, &theirs, named) != 0)
		return -1;
	return !theirs;
}

static int
adopt_id(struct adoption *a, const struct identity_id *id, enum pass pass)
{
	const char *kind = id->is_user ? identity_user : identity_anonymous;
	struct known known = { 0 };
	int rc, taken = 0;

	a->lesson.user_id = id->with_user;
	rc = lesson_look(&a->lesson, kind, id->id, &known);
	if (rc == 1 && pass != PASS_USERS)
		taken = pass == PASS_REPLACED ? is_other_user(a, &known) : is_taken(a, &known);
	if (rc < 0 || taken < 0)
		return -1;
	if (taken)
		return 0;
	a->ids++;
	if (rc == 1)
		return lesson_touch(&a->lesson, kind, &known) == 0 ? add_to_person(a, known.person)
								   : -1;
	a->news = true;
	if (make_person(&a->lesson, &known.person) != 0
	    || lesson_add(&a->lesson, kind, id->id, known.person) != 0)
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
teach_all(struct adoption *a)
{
	struct lesson *l = &a->lesson;

	if (a->n > 0 && stmt_identity_share_newest(l->db, a->persons[0], l->e) != 0)
		return -1;
	for (size_t i = 0; l->email.p != NULL && i < a->n; i++) {
		if (lesson_teach(l, a->persons[i]) != 0)
			return -1;
		a->news = a->news || db_changes(l->db) > 0;
	}
	return 0;
}

int
identity_merge(struct db *db, const struct identity_site *site,
    const struct identity_person *person, int64_t ret_persons[IDENTITY_PERSON_MAX],
    size_t *ret_n_persons, int64_t *ret_ids, struct err *e)
{
	struct adoption a = { .persons = ret_persons };

	a.lesson = (struct lesson){
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
			if (pass_of(person, i) == pass && adopt_id(&a, &person->ids[i], pass) != 0)
				return -1;
	if (teach_all(&a) != 0)
		return -1;
	*ret_n_persons = a.n;
	*ret_ids = a.news ? a.ids : 0;
	if (a.lesson.added == 0)
		return 0;
	return identity_count(db, site->site_id, a.lesson.added, e) == 0
		   ? identity_trim(db, site, e)
		   : -1;
}
