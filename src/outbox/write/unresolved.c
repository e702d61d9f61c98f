#include "outbox/write/unresolved.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/write/resolve.h"
#include "outbox/write/store.h"

const char unresolved_reason[] = "awaiting_identity";

/* ---- life ----------------------------------------------------------------------------------- */

void
unresolved_open(struct unresolved *w, struct db *db)
{
	/* What an earlier process did not end is found when it is looked for. */
	*w = (struct unresolved){ .db = db, .resolving = true };
}

void
unresolved_close(struct unresolved *w)
{
	free(w->sites);
	w->sites = NULL;
	w->n_sites = 0;
}

int
unresolved_set_sites(
    struct unresolved *w, const struct identity_site *sites, size_t n, struct err *e)
{
	struct identity_site *copy = calloc(n > 0 ? n : 1, sizeof(*copy));

	if (copy == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		copy[i] = sites[i];
	unresolved_close(w);
	w->sites = copy;
	w->n_sites = n;
	return 0;
}

const struct identity_site *
unresolved_site(const struct unresolved *w, int64_t site_id)
{
	for (size_t i = 0; i < w->n_sites; i++)
		if (w->sites[i].site_id == site_id)
			return &w->sites[i];
	return NULL;
}

void
unresolved_rolled_back(struct unresolved *w)
{
	w->resolving = true;
}

/* ---- one event ------------------------------------------------------------------------------ */

static int
set(struct db *db, int64_t event_id, const char *email, int64_t waits_since, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNRESOLVED_SET, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	db_bind_text(stmt, 2, slice_from(status_name(STATUS_PENDING)));
	db_bind_text(stmt, 3, waits_since == 0 ? SLICE_NONE : slice_from(unresolved_reason));
	db_bind_int(stmt, 4, -waits_since);
	db_bind_text(stmt, 5, slice_from(email));
	db_bind_text(stmt, 6, SLICE_NONE);
	return db_run(db, stmt, e);
}

static int
give_up(struct db *db, int64_t event_id, int64_t now, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNRESOLVED_SET, e);

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
	sqlite3_stmt *stmt = db_stmt(db, STMT_UNRESOLVED_EVENT, e);
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
unresolved_check_event(struct db *db, int64_t event_id, int64_t now, struct err *e)
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
	int64_t id[UNRESOLVED_STEP];
	size_t n;
};

/* Collected before anything changes. */
static int
collect(struct unresolved *w, const struct identity_site *site, struct over *over, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(w->db, STMT_UNRESOLVED_OVER, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	db_bind_int(stmt, 2, -site->give_up_before);
	db_bind_int(stmt, 3, -site->give_up_from);
	db_bind_int(stmt, 4, (int64_t)(UNRESOLVED_STEP - over->n));
	while ((rc = db_step(w->db, stmt, e)) == 1)
		over->id[over->n++] = db_int(stmt, 0);
	return rc;
}

static int
end_wait(struct unresolved *w, struct outbox_unresolved *msg, int64_t event_id, int64_t now,
    struct err *e)
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
look_at_sites(struct unresolved *w, struct outbox_unresolved *msg, int64_t now, struct err *e)
{
	struct over over = { .n = 0 };

	if (unresolved_set_sites(w, msg->sites, msg->n_sites, e) != 0)
		return -1;
	for (size_t i = 0; i < w->n_sites; i++)
		if (identity_trim(w->db, &w->sites[i], e) != 0
		    || collect(w, &w->sites[i], &over, e) != 0)
			return -1;
	for (size_t i = 0; i < over.n; i++)
		if (end_wait(w, msg, over.id[i], now, e) != 0)
			return -1;
	msg->more = over.n == UNRESOLVED_STEP;
	return 0;
}

static int
unresolved_step(struct unresolved *w, struct outbox_unresolved *msg, int64_t now, struct err *e)
{
	int64_t n = 0;

	msg->n_given_up = msg->n_found = 0;
	msg->more = false;
	if (msg->sites != NULL && look_at_sites(w, msg, now, e) != 0)
		return -1;
	if (resolve_step(w, &n, e) != 0)
		return -1;
	msg->n_found += n;
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_unresolved *unresolved = (struct outbox_unresolved *)msg;

	if (unresolved_step(t->store->unresolved, unresolved, t->now, e) != 0)
		return -1;
	transaction_add_resolved(t, unresolved->n_found);
	return 0;
}

const struct message_kind outbox_unresolved_kind = {
	.name = "unresolved",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
};
