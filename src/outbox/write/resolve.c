/*
 * Makes unresolved events due when the address of their ids becomes known. One step handles the
 * persons of one address: it finds the last event that may become due, so that at most
 * UNRESOLVED_STEP of each id do and none overtakes an older one of another id, and then updates
 * them. The persons of what is left are kept in identity_release.
 */
#include "outbox/write/resolve.h"

#include <stdio.h>

#include "outbox/file/db.h"

/* Persons of one address. */
struct persons {
	int64_t id[UNRESOLVED_PERSONS];
	size_t n;
	int64_t site_id;
	char email[IDENTITY_EMAIL_SIZE];
};

static void
add_person(struct persons *p, int64_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->id[i] == id)
			return;
	if (id != 0 && p->n < UNRESOLVED_PERSONS)
		p->id[p->n++] = id;
}

static void
keep_address(struct persons *p, const struct stmt_identity_members_row *member)
{
	p->site_id = member->site_id;
	snprintf(p->email, sizeof(p->email), "%.*s", (int)member->email.n,
	    member->email.p == NULL ? "" : member->email.p);
}

struct resolving {
	struct unresolved *u;
	struct persons *persons;
	int64_t last_event_id; /* none after this one becomes due yet; INT64_MAX: all do */
	int64_t n;             /* events that became due */
	struct err *e;
};

/* Lowers s->last_event_id so that no event becomes due before an older one of another id. */
static int
find_last_event(struct resolving *s, const struct stmt_identity_members_row *member)
{
	struct db *db = s->u->db;
	int64_t up_to;
	int rc;

	if (SLICE_IS(member->kind, "user"))
		rc = stmt_unresolved_user_end(db,
		    &(struct stmt_unresolved_user_end){
			.site_id = member->site_id,
			.id = member->id,
			.max = UNRESOLVED_STEP,
		    },
		    &up_to, s->e);
	else
		rc = stmt_unresolved_anonymous_end(db,
		    &(struct stmt_unresolved_anonymous_end){
			.site_id = member->site_id,
			.id = member->id,
			.with_user = member->with_user,
			.max = UNRESOLVED_STEP,
		    },
		    &up_to, s->e);
	if (rc == 1 && up_to < s->last_event_id)
		s->last_event_id = up_to;
	return rc < 0 ? -1 : 0;
}

static int
resolve_member(struct resolving *s, const struct stmt_identity_members_row *member)
{
	struct db *db = s->u->db;
	int rc;

	if (member->email.p == NULL)
		return 0;
	keep_address(s->persons, member);
	if (SLICE_IS(member->kind, "user"))
		rc = stmt_unresolved_user_release(db,
		    &(struct stmt_unresolved_user_release){
			.site_id = member->site_id,
			.id = member->id,
			.last_event_id = s->last_event_id,
			.email = member->email,
		    },
		    s->e);
	else
		rc = stmt_unresolved_anonymous_release(db,
		    &(struct stmt_unresolved_anonymous_release){
			.site_id = member->site_id,
			.id = member->id,
			.with_user = member->with_user,
			.last_event_id = s->last_event_id,
			.email = member->email,
		    },
		    s->e);
	if (rc == 0)
		s->n += db_changes(db);
	return rc;
}

static int
each_member(struct resolving *s,
    int (*visit)(struct resolving *s, const struct stmt_identity_members_row *member))
{
	struct stmt_identity_members_row member;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->persons->n; i++) {
		struct db_rows rows = stmt_identity_members(s->u->db, s->persons->id[i], s->e);

		while ((rc = stmt_identity_members_next(&rows, &member, s->e)) == 1)
			if (visit(s, &member) != 0) {
				db_rows_end(&rows);
				return -1;
			}
	}
	return rc;
}

/* ret_more: some events are still unresolved. */
static int
resolve_one_step(
    struct unresolved *u, struct persons *persons, int64_t *ret_n, bool *ret_more, struct err *e)
{
	struct resolving s = { .u = u, .persons = persons, .last_event_id = INT64_MAX, .e = e };

	if (each_member(&s, find_last_event) != 0 || each_member(&s, resolve_member) != 0)
		return -1;
	*ret_n = s.n;
	*ret_more = s.last_event_id != INT64_MAX && s.n > 0;
	return 0;
}

static int
keep_for_later(struct unresolved *u, const struct persons *persons, struct err *e)
{
	struct stmt_release_add in = { .site_id = persons->site_id, .email = persons->email };

	for (size_t i = 0; i < persons->n; i++) {
		in.person = persons->id[i];
		if (stmt_release_add(u->db, &in, e) != 0)
			return -1;
	}
	u->resolving = true;
	return 0;
}

/* Reads the persons' address, if it is known. */
static int
read_email(struct unresolved *u, struct persons *persons, struct err *e)
{
	struct db_rows rows = stmt_identity_members(u->db, persons->id[0], e);
	struct stmt_identity_members_row member;
	int rc = stmt_identity_members_next(&rows, &member, e);

	if (rc == 1)
		keep_address(persons, &member);
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

int
resolve_persons(struct unresolved *u, const int64_t *persons, size_t n, bool later, int64_t *ret_n,
    struct err *e)
{
	struct persons p = { .n = 0 };
	char id[SEGMENT_ID_MAX + 1];
	bool more, is_user;
	int rc;

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		add_person(&p, persons[i]);
	if (p.n == 0)
		return 0;
	if (read_email(u, &p, e) != 0)
		return -1;
	if (p.email[0] == '\0')
		return 0;
	/* Older events of that address are still becoming due: these follow them. */
	rc = later ? 1 : resolve_is_under_way(u, p.site_id, slice_from(p.email), &is_user, id, e);
	if (rc != 0)
		return rc < 0 ? -1 : keep_for_later(u, &p, e);
	if (resolve_one_step(u, &p, ret_n, &more, e) != 0)
		return -1;
	return more ? keep_for_later(u, &p, e) : 0;
}

int
resolve_is_under_way(struct unresolved *u, int64_t site_id, struct slice email, bool *ret_is_user,
    char ret_id[SEGMENT_ID_MAX + 1], struct err *e)
{
	struct stmt_release_id_of_address_row row;
	struct db_rows rows;
	int rc;

	if (!u->resolving)
		return 0;
	rows = stmt_release_id_of_address(
	    u->db, &(struct stmt_release_id_of_address){ .site_id = site_id, .email = email }, e);
	rc = stmt_release_id_of_address_next(&rows, &row, e);
	if (rc == 1) {
		*ret_is_user = SLICE_IS(row.kind, "user");
		snprintf(ret_id, SEGMENT_ID_MAX + 1, "%.*s", (int)row.id.n, row.id.p);
	}
	db_rows_end(&rows);
	return rc;
}

/* The persons of the first address in identity_release. */
static int
read_next_persons(struct unresolved *u, struct persons *persons, struct err *e)
{
	struct db_rows rows = stmt_release_first_persons(u->db, e);
	int64_t person;
	int rc = 1;

	while (persons->n < UNRESOLVED_PERSONS
	       && (rc = stmt_release_first_persons_next(&rows, &person, e)) == 1)
		add_person(persons, person);
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

static int
forget_persons(struct unresolved *u, const struct persons *persons, struct err *e)
{
	for (size_t i = 0; i < persons->n; i++)
		if (stmt_release_end(u->db, persons->id[i], e) != 0)
			return -1;
	return 0;
}

/* The persons of the address that this id's events are becoming due for. */
static int
read_persons_of_id(struct unresolved *u, int64_t site_id, const char *kind, struct slice id,
    struct persons *persons, struct err *e)
{
	struct db_rows rows = stmt_release_persons_of_id(u->db,
	    &(struct stmt_release_persons_of_id){ .site_id = site_id, .kind = kind, .id = id }, e);
	int64_t person;
	int rc = 1;

	while (persons->n < UNRESOLVED_PERSONS
	       && (rc = stmt_release_persons_of_id_next(&rows, &person, e)) == 1)
		add_person(persons, person);
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

static int
resolve_all(struct unresolved *u, struct persons *persons, int64_t *ret_n, struct err *e)
{
	bool more = persons->n > 0;
	int64_t n;

	while (more) {
		if (resolve_one_step(u, persons, &n, &more, e) != 0)
			return -1;
		*ret_n += n;
	}
	return forget_persons(u, persons, e);
}

int
resolve_before_event(struct unresolved *u, int64_t site_id, const struct segment_event *event,
    int64_t *ret_n, struct err *e)
{
	const struct {
		const char *kind;
		struct slice id;
	} ids[] = { { "user", event->user_id }, { "anonymous", event->anonymous_id },
		{ "user", event->previous_id }, { "anonymous", event->previous_id } };

	*ret_n = 0;
	if (!u->resolving || (event->kind != KIND_IDENTIFY && event->kind != KIND_ALIAS))
		return 0;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct persons p = { .n = 0 };

		if (ids[i].id.p == NULL)
			continue;
		if (read_persons_of_id(u, site_id, ids[i].kind, ids[i].id, &p, e) != 0
		    || resolve_all(u, &p, ret_n, e) != 0)
			return -1;
	}
	return 0;
}

int
resolve_step(struct unresolved *u, int64_t *ret_n, struct err *e)
{
	struct persons p = { .n = 0 };
	bool more;

	*ret_n = 0;
	if (!u->resolving)
		return 0;
	if (read_next_persons(u, &p, e) != 0 || resolve_one_step(u, &p, ret_n, &more, e) != 0)
		return -1;
	u->resolving = p.n > 0;
	return more ? 0 : forget_persons(u, &p, e);
}
