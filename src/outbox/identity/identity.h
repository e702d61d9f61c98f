/*
 * Which person an id belongs to, by the calls that named it; IDENTITY in bentospool.conf(5) has the
 * rules. Writer's thread, inside its transaction; the functions are private to outbox/.
 *
 * The table stores statements, not conclusions: the address that an identify gave for an id, the
 * userId that replaced an id (alias), and the time from which a device (an anonymousId) belonged to
 * a user. Of two statements about the same thing the later one counts, so the rows do not depend on
 * the order in which calls arrive. Each lookup draws its conclusions from the rows again.
 *
 * A site keeps max_ids statements and removes the oldest first. A person has at most IDENTITY_IDS
 * ids, a user IDENTITY_IDS devices, a device IDENTITY_CLAIMS changes of its user.
 */
#ifndef OUTBOX_IDENTITY_IDENTITY_H
#define OUTBOX_IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/segment/segment.h"
#include "outbox/identity/claims.h"

/* bytes of an address, NUL included; event/segment/person.h allows fewer */
#define IDENTITY_EMAIL_SIZE 256
#define IDENTITY_IDS 64
#define IDENTITY_CLAIMS 8
#define IDENTITY_EVICT_MAX 500 /* the most statements removed at once */
/* A user's latest call on a device is stored only when it is this much later than the stored
 * one. */
#define IDENTITY_CLAIM_STEP_MS 600000

/* The settings of a site. */
struct identity_site {
	int64_t site_id;
	int64_t max_ids; /* 0: no ids are stored or looked up */
	bool waits;      /* an event whose ids are unknown waits for an identify */
	bool forwards;   /* a central spooler finds the addresses: an event needs none here */
	/*
	 * Wall ms: give up on an event when its wait began at or after give_up_from and before
	 * give_up_before.
	 */
	int64_t give_up_from;
	int64_t give_up_before;
};

struct db;

/* The event whose address is looked up. */
struct identity_query {
	int64_t site_id;
	struct slice user_id; /* when present, anonymous_id is not used */
	struct slice anonymous_id;
	int64_t at; /* when the event happened; for equal times the event_id decides */
	int64_t event_id;
};

/* Returns 1 when an address was found and copied, 0 when none is known, -1 on an error. */
int identity_find(struct db *db, const struct identity_query *query,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e);
/*
 * Returns the time of the event's statements, limited, so that a client whose clock is ahead does
 * not overrule all later statements.
 */
int64_t identity_time(const struct segment_event *event, int64_t received_at);
/*
 * Stores what a new event says about its ids. ret_news is set when events that wait for its userId
 * (or, without one, for its anonymousId) may have an address now.
 */
int identity_learn(struct db *db, struct claims *claims, const struct identity_site *site,
    const struct segment_event *event, int64_t event_id, int64_t received_at, bool *ret_news,
    struct err *e);

/* A row of the table identity, on its way from one outbox to another. */
struct identity_fact {
	enum identity_kind { IDENTITY_USER, IDENTITY_ANONYMOUS, IDENTITY_DEVICE } kind;
	struct slice id;
	struct slice email; /* absent: none */
	int64_t identified_at;
	struct slice user_id; /* absent: none */
	int64_t since;
	int64_t said_at;
};

/*
 * Takes over a statement. When both have the same time, the one here counts. When rows must be
 * removed, statements taken over go before those of this outbox's own events. ret_news is set when
 * the statement is new here.
 */
int identity_merge(struct db *db, struct claims *claims, const struct identity_site *site,
    const struct identity_fact *fact, bool *ret_news, struct err *e);
/* Returns the kind's name in the column. An id that is neither a user's nor anonymous is a
 * device. */
const char *identity_kind_name(enum identity_kind kind);
enum identity_kind identity_kind_parse(struct slice name);

/* The next three functions can remove claims: the caller clears the memory of claims. */
/* Removes one row. */
int identity_forget(struct db *db, int64_t site_id, int64_t identity_id, struct err *e);
/* Removes the statements of calls about this user up to an event; 0: all. */
int identity_forget_user(
    struct db *db, int64_t site_id, struct slice user_id, int64_t until_event, struct err *e);
/* Removes statements above the limit, up to IDENTITY_EVICT_MAX. */
int identity_trim(struct db *db, const struct identity_site *site, struct err *e);
#endif
