/*
 * Events that wait until an identify gives their address. Writer's thread, inside its transaction;
 * private to outbox/ except for the message.
 *
 * Such an event is pending, and awaiting_since is the time since when it waits. Queries for due
 * events do not see it, and the index of due events finds the events that have waited longest. Two
 * further indexes contain only these rows, and find the events that wait for an id. When its state
 * changes, the event leaves all three indexes. An event waits for its userId; it waits for its
 * anonymousId only when it has no userId. A device can have several users in turn, and the time of
 * an event decides whose it is.
 *
 * Events that an identify releases become due in order of arrival, at most UNRESOLVED_STEP of each
 * id in one transaction. The table identity_release keeps the rest for later transactions; until
 * then new events of that address wait behind them.
 */
#ifndef OUTBOX_WRITE_UNRESOLVED_H
#define OUTBOX_WRITE_UNRESOLVED_H

#include "outbox/identity/identity.h"
#include "outbox/outbox.h"

#define UNRESOLVED_STEP 500
#define UNRESOLVED_ENTRIES 16 /* the most ids of one address */

/* The reason of a pending event that waits for an address. */
extern const char unresolved_reason[];

/*
 * OUTBOX_UNRESOLVED: sets what the sites do with identities from now on, and gives up on events
 * that have waited for too long. With sites NULL it only continues releasing events. The sender
 * keeps the sites until done().
 */
struct outbox_unresolved {
	struct outbox_msg msg;
	const struct identity_site *sites;
	size_t n_sites;
	/* results of one step */
	int64_t n_given_up;
	int64_t n_found; /* events whose address was known after all */
	bool more;       /* send it again: more events have waited for too long */
};

struct unresolved {
	struct db *db;
	struct identity_site *sites;
	size_t n_sites;
	bool resolving; /* identity_release may have rows */
};

void unresolved_open(struct unresolved *w, struct db *db);
void unresolved_close(struct unresolved *w);
/* Copies the sites. */
int unresolved_set_sites(
    struct unresolved *w, const struct identity_site *sites, size_t n, struct err *e);
/* Returns NULL when the site keeps no identities. */
const struct identity_site *unresolved_site(const struct unresolved *w, int64_t site_id);
/* Forgets the changes since the last commit, which were rolled back. */
void unresolved_rolled_back(struct unresolved *w);

/*
 * Call it for an event that has become pending again. When the event has no address, it gets the
 * address that its ids lead to, or becomes unresolved.
 */
int unresolved_check_event(struct db *db, int64_t event_id, int64_t now, struct err *e);

#endif
