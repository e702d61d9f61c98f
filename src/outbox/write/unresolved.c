/*
 * Unresolved events: their settings, events that become pending again, and giving up those that
 * have waited for too long. Before an event is given up (status invalid, no_email) its ids are
 * looked up once more.
 */
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
unresolved_open(struct unresolved *u, struct db *db)
{
	/* An earlier process may have left rows in identity_release. */
	*u = (struct unresolved){ .db = db, .resolving = true };
}

void
unresolved_close(struct unresolved *u)
{
	free(u->sites);
	u->sites = NULL;
	u->n_sites = 0;
}

int
unresolved_set_sites(
    struct unresolved *u, const struct identity_site *sites, size_t n, struct err *e)
{
	struct identity_site *copy = calloc(n > 0 ? n : 1, sizeof(*copy));

	if (copy == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		copy[i] = sites[i];
	unresolved_close(u);
	u->sites = copy;
	u->n_sites = n;
	return 0;
}

const struct identity_site *
unresolved_site(const struct unresolved *u, int64_t site_id)
{
	for (size_t i = 0; i < u->n_sites; i++)
		if (u->sites[i].site_id == site_id)
			return &u->sites[i];
	return NULL;
}

void
unresolved_rolled_back(struct unresolved *u)
{
	u->resolving = true;
}

/* ---- one event ------------------------------------------------------------------------------ */

static int
make_pending(
    struct db *db, int64_t event_id, const char *email, int64_t unresolved_since, struct err *e)
{
	return stmt_unresolved_set(db,
	    &(struct stmt_unresolved_set){
		.event_id = event_id,
		.status = status_name(STATUS_PENDING),
		.reason = unresolved_since == 0 ? NULL : unresolved_reason,
		.next_attempt_at = -unresolved_since,
		.email = email,
	    },
	    e);
}

static int
give_up(struct db *db, int64_t event_id, int64_t now, struct err *e)
{
	return stmt_unresolved_set(db,
	    &(struct stmt_unresolved_set){
		.event_id = event_id,
		.status = status_name(STATUS_INVALID),
		.reason = segment_no_email,
		.next_attempt_at = 0,
		.settled_at = db_int_if(true, now),
	    },
	    e);
}

enum address {
	ADDRESS_OWN,     /* the event has one */
	ADDRESS_BY_ID,   /* known by its ids */
	ADDRESS_NOT_YET, /* not known, but it has ids */
	ADDRESS_NEVER    /* it has no ids */
};

/* 1, 0 it is not pending, -1. */
static int
find_address(struct db *db, int64_t event_id, enum address *ret_address,
    char email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	struct db_rows rows = stmt_unresolved_event(db, event_id, e);
	struct stmt_unresolved_event_row row;
	int rc = stmt_unresolved_event_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	if (row.email.p != NULL) {
		*ret_address = ADDRESS_OWN;
	} else if (row.user_id.p == NULL && row.anonymous_id.p == NULL) {
		*ret_address = ADDRESS_NEVER;
	} else {
		rc = identity_find(db, row.site_id, row.user_id, row.anonymous_id, email, e);
		*ret_address = rc == 1 ? ADDRESS_BY_ID : ADDRESS_NOT_YET;
	}
	db_rows_end(&rows);
	return rc < 0 ? -1 : 1;
}

int
unresolved_check_event(struct db *db, int64_t event_id, int64_t now, struct err *e)
{
	char email[IDENTITY_EMAIL_SIZE];
	enum address address = ADDRESS_NEVER;
	int rc = find_address(db, event_id, &address, email, e);

	if (rc != 1)
		return rc;
	if (address == ADDRESS_BY_ID)
		return make_pending(db, event_id, email, 0, e);
	return address == ADDRESS_NOT_YET ? make_pending(db, event_id, NULL, now > 0 ? now : 1, e)
					  : 0;
}

/* ---- giving up ------------------------------------------------------------------------------ */

struct expired {
	int64_t id[UNRESOLVED_STEP];
	size_t n;
};

/* Collects before anything changes. */
static int
collect_expired(
    struct unresolved *u, const struct identity_site *site, struct expired *expired, struct err *e)
{
	struct db_rows rows = stmt_unresolved_expired(u->db,
	    &(struct stmt_unresolved_expired){
		.site_id = site->site_id,
		.above = -site->give_up_before,
		.up_to = -site->give_up_from,
		.max = (int64_t)(UNRESOLVED_STEP - expired->n),
	    },
	    e);
	int64_t id;
	int rc;

	while ((rc = stmt_unresolved_expired_next(&rows, &id, e)) == 1)
		expired->id[expired->n++] = id;
	return rc;
}

static int
resolve_or_give_up(struct unresolved *u, struct outbox_unresolved *msg, int64_t event_id,
    int64_t now, struct err *e)
{
	char email[IDENTITY_EMAIL_SIZE];
	enum address address = ADDRESS_NEVER;
	int rc = find_address(u->db, event_id, &address, email, e);

	if (rc != 1)
		return rc;
	switch (address) {
	case ADDRESS_OWN:
	case ADDRESS_BY_ID:
		msg->n_found++;
		return make_pending(u->db, event_id, address == ADDRESS_BY_ID ? email : NULL, 0, e);
	case ADDRESS_NOT_YET:
	case ADDRESS_NEVER:
		break;
	}
	msg->n_given_up++;
	return give_up(u->db, event_id, now, e);
}

static int
give_up_expired(struct unresolved *u, struct outbox_unresolved *msg, int64_t now, struct err *e)
{
	struct expired expired = { .n = 0 };

	if (unresolved_set_sites(u, msg->sites, msg->n_sites, e) != 0)
		return -1;
	for (size_t i = 0; i < u->n_sites; i++)
		if (identity_trim(u->db, &u->sites[i], e) != 0
		    || collect_expired(u, &u->sites[i], &expired, e) != 0)
			return -1;
	for (size_t i = 0; i < expired.n; i++)
		if (resolve_or_give_up(u, msg, expired.id[i], now, e) != 0)
			return -1;
	msg->more = expired.n == UNRESOLVED_STEP;
	return 0;
}

static int
unresolved_step(struct unresolved *u, struct outbox_unresolved *msg, int64_t now, struct err *e)
{
	int64_t n = 0;

	msg->n_given_up = msg->n_found = 0;
	msg->more = false;
	if (msg->sites != NULL && give_up_expired(u, msg, now, e) != 0)
		return -1;
	if (resolve_step(u, &n, e) != 0)
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
