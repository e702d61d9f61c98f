#include "outbox/waiting.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/db.h"

const char waiting_reason[] = "awaiting_identity";

/* ---- life ----------------------------------------------------------------------------------- */

void
waiting_open(struct waiting *w, struct db *db)
{
	/* What an earlier process did not end is found when it is looked for. */
	*w = (struct waiting){ .db = db, .releasing = true };
}

void
waiting_close(struct waiting *w)
{
	free(w->sites);
	w->sites = NULL;
	w->n_sites = 0;
}

int
waiting_set_sites(struct waiting *w, const struct identity_site *sites, size_t n, struct err *e)
{
	struct identity_site *copy = calloc(n > 0 ? n : 1, sizeof(*copy));

	if (copy == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		copy[i] = sites[i];
	waiting_close(w);
	w->sites = copy;
	w->n_sites = n;
	return 0;
}

const struct identity_site *
waiting_site(const struct waiting *w, int64_t site_id)
{
	for (size_t i = 0; i < w->n_sites; i++)
		if (w->sites[i].site_id == site_id)
			return &w->sites[i];
	return NULL;
}

void
waiting_rolled_back(struct waiting *w)
{
	w->releasing = true;
}

/* ---- going ---------------------------------------------------------------------------------- */

/* Persons of one address. */
struct persons {
	int64_t id[WAITING_PERSONS];
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
	if (id != 0 && p->n < WAITING_PERSONS)
		p->id[p->n++] = id;
}

/* The columns of a member are those of STMT_IDENTITY_MEMBERS. */
struct sweep {
	struct waiting *w;
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
	    bind_member(s, member, STMT_WAITING_USER_END, STMT_WAITING_ANONYMOUS_END);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 3, WAITING_SLICE);
	if (SLICE_IS(db_text(member, 1), "anonymous"))
		db_bind_text(stmt, 4, db_text(member, 3));
	rc = db_step(s->w->db, stmt, s->e);
	if (rc == 1 && db_int(stmt, 0) == WAITING_SLICE && db_int(stmt, 1) < s->to)
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
	stmt = bind_member(s, member, STMT_WAITING_USER_GO, STMT_WAITING_ANONYMOUS_GO);
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
go(struct waiting *w, struct persons *persons, int64_t *ret_n, bool *ret_more, struct err *e)
{
	struct sweep s = { .w = w, .persons = persons, .to = INT64_MAX, .e = e };

	if (each_member(&s, find_end) != 0 || each_member(&s, let_member_go) != 0)
		return -1;
	*ret_n = s.n;
	*ret_more = s.to != INT64_MAX && s.n > 0;
	return 0;
}

static int
keep_for_later(struct waiting *w, const struct persons *persons, struct err *e)
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
	w->releasing = true;
	return 0;
}

/* What they are taught, if anything. */
static int
read_email(struct waiting *w, struct persons *persons, struct err *e)
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
waiting_let_go(
    struct waiting *w, const int64_t *persons, size_t n, bool later, int64_t *ret_n, struct err *e)
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
	rc = later ? 1 : waiting_is_behind(w, p.site_id, slice_from(p.email), &user, id, e);
	if (rc != 0)
		return rc < 0 ? -1 : keep_for_later(w, &p, e);
	if (go(w, &p, ret_n, &more, e) != 0)
		return -1;
	return more ? keep_for_later(w, &p, e) : 0;
}

int
waiting_is_behind(struct waiting *w, int64_t site_id, struct slice email, bool *ret_user,
    char ret_id[SEGMENT_ID_MAX + 1], struct err *e)
{
	sqlite3_stmt *stmt;
	struct slice id;
	int rc;

	if (!w->releasing)
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
read_releases(struct waiting *w, struct persons *persons, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_FIRST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	while (persons->n < WAITING_PERSONS && (rc = db_step(w->db, stmt, e)) == 1)
		add_person(persons, db_int(stmt, 0));
	db_done(stmt);
	return rc < 0 ? -1 : 0;
}

int
waiting_go_on(struct waiting *w, int64_t *ret_n, struct err *e)
{
	struct persons p = { .n = 0 };
	bool more;

	*ret_n = 0;
	if (!w->releasing)
		return 0;
	if (read_releases(w, &p, e) != 0 || go(w, &p, ret_n, &more, e) != 0)
		return -1;
	w->releasing = p.n > 0;
	for (size_t i = 0; !more && i < p.n; i++) {
		sqlite3_stmt *stmt = db_stmt(w->db, STMT_RELEASE_END, e);

		if (stmt == NULL)
			return -1;
		db_bind_int(stmt, 1, p.id[i]);
		if (db_run(w->db, stmt, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- one event ------------------------------------------------------------------------------ */

static int
set(struct db *db, int64_t event_id, const char *email, int64_t waits_since, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_WAITING_SET, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	db_bind_text(stmt, 2, slice_from(status_name(STATUS_PENDING)));
	db_bind_text(stmt, 3, waits_since == 0 ? SLICE_NONE : slice_from(waiting_reason));
	db_bind_int(stmt, 4, -waits_since);
	db_bind_text(stmt, 5, slice_from(email));
	db_bind_text(stmt, 6, SLICE_NONE);
	return db_run(db, stmt, e);
}

static int
give_up(struct db *db, int64_t event_id, int64_t now, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_WAITING_SET, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	db_bind_text(stmt, 2, slice_from(status_name(STATUS_INVALID)));
	db_bind_text(stmt, 3, slice_from(segment_no_email));
	db_bind_int(stmt, 4, 0);
	db_bind_text(stmt, 5, SLICE_NONE);
	db_bind_int(stmt, 6, now);
	return db_run(db, stmt, e);
}

enum known { KNOWN_BY_ITSELF, KNOWN_BY_ID, KNOWN_LATER, KNOWN_NEVER };

/* 1, 0 it is not pending, -1. */
static int
look_up(struct db *db, int64_t event_id, enum known *ret_known, char email[IDENTITY_EMAIL_SIZE],
    struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_WAITING_EVENT, e);
	struct slice user_id, anonymous_id;
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	rc = db_step(db, stmt, e);
	if (rc != 1)
		return rc;
	user_id = db_text(stmt, 1);
	anonymous_id = db_text(stmt, 2);
	if (db_text(stmt, 3).p != NULL) {
		*ret_known = KNOWN_BY_ITSELF;
	} else if (user_id.p == NULL && anonymous_id.p == NULL) {
		*ret_known = KNOWN_NEVER;
	} else {
		rc = identity_find(db, db_int(stmt, 0), user_id, anonymous_id, email, e);
		*ret_known = rc == 1 ? KNOWN_BY_ID : KNOWN_LATER;
	}
	db_done(stmt);
	return rc < 0 ? -1 : 1;
}

int
waiting_resolve(struct db *db, int64_t event_id, int64_t now, struct err *e)
{
	char email[IDENTITY_EMAIL_SIZE];
	enum known known = KNOWN_NEVER;
	int rc = look_up(db, event_id, &known, email, e);

	if (rc != 1)
		return rc;
	if (known == KNOWN_BY_ID)
		return set(db, event_id, email, 0, e);
	return known == KNOWN_LATER ? set(db, event_id, NULL, now > 0 ? now : 1, e) : 0;
}

/* ---- who has waited for too long ------------------------------------------------------------ */

struct over {
	int64_t id[WAITING_SLICE];
	size_t n;
};

/* Collected before anything changes. */
static int
collect(struct waiting *w, const struct identity_site *site, struct over *over, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(w->db, STMT_WAITING_OVER, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	db_bind_int(stmt, 2, -site->give_up_before);
	db_bind_int(stmt, 3, -site->give_up_from);
	db_bind_int(stmt, 4, (int64_t)(WAITING_SLICE - over->n));
	while ((rc = db_step(w->db, stmt, e)) == 1)
		over->id[over->n++] = db_int(stmt, 0);
	return rc;
}

static int
end_wait(
    struct waiting *w, struct outbox_waiting *msg, int64_t event_id, int64_t now, struct err *e)
{
	char email[IDENTITY_EMAIL_SIZE];
	enum known known = KNOWN_NEVER;
	int rc = look_up(w->db, event_id, &known, email, e);

	if (rc != 1)
		return rc;
	switch (known) {
	case KNOWN_BY_ITSELF:
	case KNOWN_BY_ID:
		msg->n_found++;
		return set(w->db, event_id, known == KNOWN_BY_ID ? email : NULL, 0, e);
	case KNOWN_LATER:
	case KNOWN_NEVER:
		break;
	}
	msg->n_given_up++;
	return give_up(w->db, event_id, now, e);
}

static int
look_at_sites(struct waiting *w, struct outbox_waiting *msg, int64_t now, struct err *e)
{
	struct over over = { .n = 0 };

	if (waiting_set_sites(w, msg->sites, msg->n_sites, e) != 0)
		return -1;
	for (size_t i = 0; i < w->n_sites; i++)
		if (identity_trim(w->db, &w->sites[i], e) != 0
		    || collect(w, &w->sites[i], &over, e) != 0)
			return -1;
	for (size_t i = 0; i < over.n; i++)
		if (end_wait(w, msg, over.id[i], now, e) != 0)
			return -1;
	msg->more = over.n == WAITING_SLICE;
	return 0;
}

int
waiting_apply(struct waiting *w, struct outbox_waiting *msg, int64_t now, struct err *e)
{
	int64_t n = 0;

	msg->n_given_up = msg->n_found = 0;
	msg->more = false;
	if (msg->sites != NULL && look_at_sites(w, msg, now, e) != 0)
		return -1;
	if (waiting_go_on(w, &n, e) != 0)
		return -1;
	msg->n_found += n;
	return 0;
}
