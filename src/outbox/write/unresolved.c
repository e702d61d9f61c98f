/*
 * Applies the message about unresolved events: it sets what the sites do with identities, gives up
 * on events that have been unresolved for too long, and takes the next step of resolving. Each
 * message takes one step and says whether work is left. Fails on errors of the database.
 */
#include "outbox/write/unresolved.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/write/resolve.h"
#include "outbox/write/store.h"

const char unresolved_reason[] = "awaiting_identity";

/* ---- opening and closing --------------------------------------------------------------------- */

void
unresolved_open(struct unresolved *w, struct db *db)
{
	/* True until the first lookup: an earlier process may have left rows in identity_release.
	 */
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
set(struct db *db, int64_t event_id, const char *email, struct db_int awaiting_since, struct err *e)
{
	int64_t site_id;

	return stmt_unresolved_set(db,
		   &(struct stmt_unresolved_set){
		       .event_id = event_id,
		       .status = status_name(STATUS_PENDING),
		       .reason = awaiting_since.there ? unresolved_reason : NULL,
		       .awaiting_since = awaiting_since,
		       .email = email,
		   },
		   &site_id,
		   e) < 0
		   ? -1
		   : 0;
}

static int
give_up(struct transaction *t, int64_t event_id, struct err *e)
{
	int64_t site_id = 0;
	int rc = stmt_unresolved_set(t->db,
	    &(struct stmt_unresolved_set){
		.event_id = event_id,
		.status = status_name(STATUS_INVALID),
		.reason = segment_no_email,
		.settled_at = db_int_if(true, t->now),
	    },
	    &site_id, e);

	if (rc < 0)
		return -1;
	tally_note(&t->finished, site_id, STATUS_INVALID, segment_no_email, (uint64_t)rc);
	return 0;
}

enum known { KNOWN_BY_ITSELF, KNOWN_BY_ID, KNOWN_LATER, KNOWN_NEVER };

/* Returns 1, 0 when it is not pending, or -1. */
static int
look_up(struct db *db, int64_t event_id, enum known *ret_known, char email[IDENTITY_EMAIL_SIZE],
    struct err *e)
{
	struct db_rows rows = stmt_unresolved_event(db, event_id, e);
	struct stmt_unresolved_event_row row;
	int rc = stmt_unresolved_event_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	if (row.email.p != NULL) {
		*ret_known = KNOWN_BY_ITSELF;
	} else if (row.user_id.p == NULL && row.anonymous_id.p == NULL) {
		*ret_known = KNOWN_NEVER;
	} else {
		rc = identity_find(db,
		    &(struct identity_query){
			.site_id = row.site_id,
			.user_id = row.user_id,
			.anonymous_id = row.anonymous_id,
			.at = row.at,
			.event_id = event_id,
		    },
		    email, e);
		*ret_known = rc == 1 ? KNOWN_BY_ID : KNOWN_LATER;
	}
	db_rows_end(&rows);
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
		return set(db, event_id, email, (struct db_int){ 0 }, e);
	return known == KNOWN_LATER ? set(db, event_id, NULL, db_int_if(true, now), e) : 0;
}

/* ---- events that have waited too long -------------------------------------------------------- */

struct over {
	int64_t id[UNRESOLVED_STEP];
	bool forwards[UNRESOLVED_STEP]; /* its site forwards it without an address */
	size_t n;
};

/* Collects all ids before anything changes. */
static int
collect(struct unresolved *w, const struct identity_site *site, struct over *over, struct err *e)
{
	struct db_rows rows = stmt_unresolved_expired(w->db,
	    &(struct stmt_unresolved_expired){
		.site_id = site->site_id,
		.from = site->give_up_from,
		.before = site->give_up_before,
		.max = (int64_t)(UNRESOLVED_STEP - over->n),
	    },
	    e);
	int64_t id;
	int rc;

	while ((rc = stmt_unresolved_expired_next(&rows, &id, e)) == 1) {
		over->forwards[over->n] = site->forwards;
		over->id[over->n++] = id;
	}
	return rc;
}

static int
end_wait(struct transaction *t, struct outbox_unresolved *msg, int64_t event_id, bool forwards,
    struct err *e)
{
	char email[IDENTITY_EMAIL_SIZE];
	enum known known = KNOWN_NEVER;
	int rc = look_up(t->db, event_id, &known, email, e);

	if (rc != 1)
		return rc;
	switch (known) {
	case KNOWN_BY_ITSELF:
	case KNOWN_BY_ID:
		msg->n_found++;
		return set(
		    t->db, event_id, known == KNOWN_BY_ID ? email : NULL, (struct db_int){ 0 }, e);
	case KNOWN_LATER:
	case KNOWN_NEVER:
		break;
	}
	if (forwards) {
		msg->n_found++;
		return set(t->db, event_id, NULL, (struct db_int){ 0 }, e);
	}
	msg->n_given_up++;
	return give_up(t, event_id, e);
}

static int
look_at_sites(struct transaction *t, struct outbox_unresolved *msg, struct err *e)
{
	struct unresolved *w = t->store->unresolved;
	struct over over = { .n = 0 };

	if (unresolved_set_sites(w, msg->sites, msg->n_sites, e) != 0)
		return -1;
	for (size_t i = 0; i < w->n_sites; i++)
		if (identity_trim(w->db, &w->sites[i], e) != 0
		    || collect(w, &w->sites[i], &over, e) != 0)
			return -1;
	for (size_t i = 0; i < over.n; i++)
		if (end_wait(t, msg, over.id[i], over.forwards[i], e) != 0)
			return -1;
	msg->more = over.n == UNRESOLVED_STEP;
	return 0;
}

static int
unresolved_step(struct transaction *t, struct outbox_unresolved *msg, struct err *e)
{
	int64_t n = 0;

	msg->n_given_up = msg->n_found = 0;
	msg->more = false;
	if (msg->sites != NULL && look_at_sites(t, msg, e) != 0)
		return -1;
	if (resolve_step(t->store->unresolved, &n, e) != 0)
		return -1;
	msg->n_found += n;
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_unresolved *unresolved = (struct outbox_unresolved *)msg;

	if (unresolved->sites != NULL)
		claims_clear(&t->store->claims);
	if (unresolved_step(t, unresolved, e) != 0)
		return -1;
	transaction_add_resolved(t, unresolved->n_found);
	return 0;
}

const struct message_kind outbox_unresolved_kind = {
	.name = "unresolved",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
	.space = SPACE_WORK,
};
