/*
 * Events that wait until an identify tells their address. Writer thread, inside its transaction;
 * private to outbox/, but for the message.
 *
 * Such an event is pending, and awaiting_since says since when it waits: nobody who looks for what
 * is due sees it, and the index of what is due finds those who have waited longest. Two indexes of
 * these rows alone find who waits for an id. Whatever else becomes of the event takes it out of all
 * three. An event waits for its userId, and for its anonymousId only when it has none: those of a
 * device are several users' in turn, each by the time when it happened.
 *
 * What an identify lets go becomes due in order of arrival, at most UNRESOLVED_STEP of each id in
 * one transaction. The rest is kept in identity_release and follows in transactions of its own;
 * until then what comes new for that address stands behind them.
 */
#ifndef OUTBOX_WRITE_UNRESOLVED_H
#define OUTBOX_WRITE_UNRESOLVED_H

#include "outbox/outbox.h"
#include "outbox/write/identity.h"

#define UNRESOLVED_STEP 500
#define UNRESOLVED_ENTRIES 16 /* ids of one address, whose events go in one order */

/* The reason of a pending event that waits. */
extern const char unresolved_reason[];

/*
 * OUTBOX_UNRESOLVED: what sites want from now on, and giving up who has waited for too long. With
 * sites NULL it only goes on with what was let go. The sites stay the sender's until done().
 */
struct outbox_unresolved {
	struct outbox_msg msg;
	const struct identity_site *sites;
	size_t n_sites;
	/* result of one slice */
	int64_t n_given_up;
	int64_t n_found; /* their address was known after all */
	bool more;       /* send it again: there are more to give up */
};

struct unresolved {
	struct db *db;
	struct identity_site *sites;
	size_t n_sites;
	bool resolving; /* identity_release may have rows */
};

void unresolved_open(struct unresolved *w, struct db *db);
void unresolved_close(struct unresolved *w);
/* Copies them. */
int unresolved_set_sites(
    struct unresolved *w, const struct identity_site *sites, size_t n, struct err *e);
/* NULL: nothing is known of what it wants, which is nothing. */
const struct identity_site *unresolved_site(const struct unresolved *w, int64_t site_id);
/* What was changed since the last commit is not so. */
void unresolved_rolled_back(struct unresolved *w);

/* An event has become pending again: without an address it gets the one of its ids, or waits. */
int unresolved_check_event(struct db *db, int64_t event_id, int64_t now, struct err *e);

#endif
