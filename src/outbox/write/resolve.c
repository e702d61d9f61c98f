/* @@ */
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

/* The columns of a member are those of STMT_IDENTITY_MEMBERS. */
struct sweep {
	struct unresolved *w;
	struct persons *persons;
	int64_t to; /* the last event that may go; INT64_MAX: all */
	int64_t n;  /* that went */
	struct err *e;
};

static sqlite3_stmt *
bind_member(struct sweep *s, sqlite3_stmt *member, enum stmt user, enum stmt anonymous)
{
	bool is_user = SLICE_IS(db_text(member, 1), "user");
	sqlite3_stmt *stmt = db_stmt(s->w->db, is_user ? user : anonymous, s->e);

	if (stmt == NULL)
		return NULL;
	db_bind_int(stmt, 1, db_int(member, 0));
	db_bind_text(stmt, 2, db_text(member, 2));
	return stmt;
}

/* No event of an id may go before an older one of another id. */
static int
find_end(struct sweep *s, sqlite3_stmt *member)
{
	sqlite3_stmt *stmt =
	    bind_member(s, member, STMT_UNRESOLVED_USER_END, STMT_UNRESOLVED_ANONYMOUS_END);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 3, UNRESOLVED_STEP);
	if (SLICE_IS(db_text(member, 1), "anonymous"))
		db_bind_text(stmt, 4, db_text(member, 3));
	rc = db_step(s->w->db, stmt, s->e);
	if (rc == 1 && db_int(stmt, 0) == UNRESOLVED_STEP && db_int(stmt, 1) < s->to)
		s->to = db_int(stmt, 1);
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int
let_member_go(struct sweep *s, sqlite3_stmt *member)
{
	struct slice email = db_text(member, 4);
	sqlite3_stmt *stmt;

	if (email.p == NULL)
		return 0;
	s->persons->site_id = db_int(member, 0);
	snprintf(s->persons->email, sizeof(s->persons->email), "%.*s", (int)email.n, email.p);
	stmt = bind_member(s, member, STMT_UNRESOLVED_USER_GO, STMT_UNRESOLVED_ANONYMOUS_GO);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 3, s->to);
	db_bind_text(stmt, 4, email);
	if (SLICE_IS(db_text(member, 1), "anonymous"))
		db_bind_text(stmt, 5, db_text(member, 3));
	if (db_run(s->w->db, stmt, s->e) != 0)
		return -1;
	s->n += sqlite3_changes64(s->w->db->handle);
	return 0;
}

static int
each_member(struct sweep *s, int (*visit)(struct sweep *s, sqlite3_stmt *member))
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->persons->n; i++) {
		sqlite3_stmt *member = db_stmt(s->w->db, STMT_IDENTITY_MEMBERS, s->e);

		if (member == NULL)
			return -1;
		db_bind_int(member, 1, s->persons->id[i]);
		while ((rc = db_step(s->w->db, member, s->e)) == 1)
			if (visit(s, member) != 0) {
				db_done(member);
				return -1;
			}
	}
	return rc;
}

/* One slice. ret_more: some still wait. */
static int
go(struct unresolved *w, struct persons *persons, int64_t *ret_n, bool *ret_more, struct err *e)
{
	struct sweep s = { .w = w, .persons = persons, .to = INT64_MAX, .e = e };

	if (each_member(&s, find_end) != 0 || each_member(&s, let_member_go) != 0)
		return -1;
	*ret_n = s.n;
	*ret_more = s.to != INT64_MAX && s.n > 0;
	return 0;
}

static int
keep_for_later(struct unresolved *w, const struct persons *persons, struct err *e)
{
	for (size_t i = 0; i < persons->n; i++) {
		sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_ADD, e);

		if (stmt == NULL)
			return -1;
		db_bind_int(stmt, 1, persons->id[i]);
		db_bind_int(stmt, 2, persons->site_id);
		db_bind_text(stmt, 3, slice_from(persons->email));
		if (db_run(w->db, stmt, e) != 0)
			return -1;
	}
	w->resolving = true;
	return 0;
}

/* What they are taught, if anything. */
static int
read_email(struct unresolved *w, struct persons *persons, struct err *e)
{
	sqlite3_stmt *member = db_stmt(w->db, STMT_IDENTITY_MEMBERS, e);
	struct slice email;
	int rc;

	if (member == NULL)
		return -1;
	db_bind_int(member, 1, persons->id[0]);
	rc = db_step(w->db, member, e);
	if (rc == 1) {
		email = db_text(member, 4);
		persons->site_id = db_int(member, 0);
		snprintf(persons->email, sizeof(persons->email), "%.*s", (int)email.n,
		    email.p == NULL ? "" : email.p);
	}
	db_done(member);
	return rc < 0 ? -1 : 0;
}

int
resolve_persons(struct unresolved *w, const int64_t *persons, size_t n, bool later, int64_t *ret_n,
    struct err *e)
{
	struct persons p = { .n = 0 };
	char id[SEGMENT_ID_MAX + 1];
	bool more, user;
	int rc;

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		add_person(&p, persons[i]);
	if (p.n == 0)
		return 0;
	if (read_email(w, &p, e) != 0)
		return -1;
	if (p.email[0] == '\0')
		return 0;
	/* Others of that address are on their way: these go with them. */
	rc = later ? 1 : resolve_is_under_way(w, p.site_id, slice_from(p.email), &user, id, e);
	if (rc != 0)
		return rc < 0 ? -1 : keep_for_later(w, &p, e);
	if (go(w, &p, ret_n, &more, e) != 0)
		return -1;
	return more ? keep_for_later(w, &p, e) : 0;
}

int
resolve_is_under_way(struct unresolved *w, int64_t site_id, struct slice email, bool *ret_user,
    char ret_id[SEGMENT_ID_MAX + 1], struct err *e)
{
	sqlite3_stmt *stmt;
	struct slice id;
	int rc;

	if (!w->resolving)
		return 0;
	stmt = db_stmt(w->db, STMT_RELEASE_OF, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_text(stmt, 2, email);
	rc = db_step(w->db, stmt, e);
	if (rc == 1) {
		id = db_text(stmt, 1);
		*ret_user = SLICE_IS(db_text(stmt, 0), "user");
		snprintf(ret_id, SEGMENT_ID_MAX + 1, "%.*s", (int)id.n, id.p);
	}
	db_done(stmt);
	return rc;
}

/* All of the address that comes first. */
static int
read_releases(struct unresolved *w, struct persons *persons, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_FIRST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	while (persons->n < UNRESOLVED_PERSONS && (rc = db_step(w->db, stmt, e)) == 1)
		add_person(persons, db_int(stmt, 0));
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int
end_releases(struct unresolved *w, const struct persons *persons, struct err *e)
{
	for (size_t i = 0; i < persons->n; i++) {
		sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_END, e);

		if (stmt == NULL)
			return -1;
		db_bind_int(stmt, 1, persons->id[i]);
		if (db_run(w->db, stmt, e) != 0)
			return -1;
	}
	return 0;
}

/* The persons of an address whose events are on their way, this id's among them. */
static int
read_releases_of(struct unresolved *w, int64_t site_id, const char *kind, struct slice id,
    struct persons *persons, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_OF_ID, e);
	int rc = 0;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_text(stmt, 2, slice_from(kind));
	db_bind_text(stmt, 3, id);
	while (persons->n < UNRESOLVED_PERSONS && (rc = db_step(w->db, stmt, e)) == 1)
		add_person(persons, db_int(stmt, 0));
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int
finish(struct unresolved *w, struct persons *persons, int64_t *ret_n, struct err *e)
{
	bool more = persons->n > 0;
	int64_t n;

	while (more) {
		if (go(w, persons, &n, &more, e) != 0)
			return -1;
		*ret_n += n;
	}
	return end_releases(w, persons, e);
}

int
resolve_before_event(struct unresolved *w, int64_t site_id, const struct segment_event *event,
    int64_t *ret_n, struct err *e)
{
	const struct {
		const char *kind;
		struct slice id;
	} ids[] = { { "user", event->user_id }, { "anonymous", event->anonymous_id },
		{ "user", event->previous_id }, { "anonymous", event->previous_id } };

	*ret_n = 0;
	if (!w->resolving || (event->kind != KIND_IDENTIFY && event->kind != KIND_ALIAS))
		return 0;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct persons p = { .n = 0 };

		if (ids[i].id.p == NULL)
			continue;
		if (read_releases_of(w, site_id, ids[i].kind, ids[i].id, &p, e) != 0
		    || finish(w, &p, ret_n, e) != 0)
			return -1;
	}
	return 0;
}

int
resolve_step(struct unresolved *w, int64_t *ret_n, struct err *e)
{
	struct persons p = { .n = 0 };
	bool more;

	*ret_n = 0;
	if (!w->resolving)
		return 0;
	if (read_releases(w, &p, e) != 0 || go(w, &p, ret_n, &more, e) != 0)
		return -1;
	w->resolving = p.n > 0;
	return more ? 0 : end_releases(w, &p, e);
}
