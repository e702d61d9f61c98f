/*
 * Unresolved events: pending events without an address that wait until an identify or alias call
 * tells whose their ids are. Writer's thread, inside its transaction.
 *
 * Such an event has a negative next_attempt_at, minus the time (wall ms) since when it waits. So it
 * is never due, and the index of due events has the longest waiting first. Two partial indexes of
 * these rows find the events of an id. Any change of the event's state takes it out of all three.
 * How they become due once the address is known is in resolve.h.
 */
#ifndef OUTBOX_WRITE_UNRESOLVED_H
#define OUTBOX_WRITE_UNRESOLVED_H

#include "outbox/outbox.h"
#include "outbox/write/identity.h"

#define UNRESOLVED_STEP 500   /* events of an id that one transaction changes */
#define UNRESOLVED_PERSONS 16 /* persons of one address whose events become due together */

/* The reason of an unresolved event. */
extern const char unresolved_reason[];

/*
 * OUTBOX_UNRESOLVED: replaces the sites' settings of identities, and gives up events that have been
 * unresolved for too long. With sites NULL it only takes the next step of resolving.
 */
struct outbox_unresolved {
	struct outbox_msg msg;
	const struct identity_site *sites;
	size_t n_sites;
	/* result of one step */
	int64_t n_given_up;
	int64_t n_found; /* became due: their address was known after all */
	bool more;       /* send it again: there are more to give up */
};

struct unresolved {
	struct db *db;
	struct identity_site *sites;
	size_t n_sites;
	bool resolving; /* the table identity_release may have rows */
};

void unresolved_open(struct unresolved *u, struct db *db);
void unresolved_close(struct unresolved *u);
/* Copies them. */
int unresolved_set_sites(
    struct unresolved *u, const struct identity_site *sites, size_t n, struct err *e);
/* The site's settings; NULL: none were set, so it keeps no ids. */
const struct identity_site *unresolved_site(const struct unresolved *u, int64_t site_id);
/* A transaction was rolled back: identity_release may have rows again. */
void unresolved_rolled_back(struct unresolved *u);

/*
 * To be called when an event has become pending again (now: wall ms). Without an address it gets
 * that of its ids, or it is unresolved from now on.
 */
int unresolved_check_event(struct db *db, int64_t event_id, int64_t now, struct err *e);

#endif
