/*
 * Whose an id is, as calls said: the rules stand in IDENTITY of bentospool.conf(5). Writer thread,
 * inside its transaction; private to outbox/, but for the structs.
 *
 * What is kept are statements, not conclusions: which address an identify told of an id, which
 * userId replaced an id (alias), and from when on a device (an anonymousId) was a user's. Of two
 * statements about one thing that which was made last counts, so the rows do not depend on the
 * order in which calls arrive, and neither do the conclusions, which are made when somebody asks.
 *
 * A site keeps max_ids statements; those made longest ago go first. A person has at most
 * IDENTITY_IDS ids, a user IDENTITY_IDS devices, a device IDENTITY_CLAIMS changes of hands.
 */
#ifndef OUTBOX_WRITE_IDENTITY_H
#define OUTBOX_WRITE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/segment/segment.h"

#define IDENTITY_EMAIL_SIZE 256 /* of an address and its end; event/person allows fewer bytes */
#define IDENTITY_IDS 64
#define IDENTITY_CLAIMS 8
#define IDENTITY_EVICT_MAX 500 /* statements that go at once */
/* How much later a user's last known call on a device must be for us to write it down. */
#define IDENTITY_CLAIM_STEP_MS 600000

/* What a site wants. */
struct identity_site {
	int64_t site_id;
	int64_t max_ids; /* 0: none are kept, and none looked up */
	bool waits;      /* an event whose ids are unknown waits for an identify */
	/* Wall ms: who has waited since a time from the one to before the other is given up. */
	int64_t give_up_from;
	int64_t give_up_before;
};

struct db;

/* Whose address is asked for. */
struct identity_query {
	int64_t site_id;
	struct slice user_id; /* when there is one, the device does not matter */
	struct slice anonymous_id;
	int64_t at; /* when the event happened; of two at once the event_id decides */
	int64_t event_id;
};

/* 1: the address is copied. 0: nobody knows. -1. */
int identity_find(struct db *db, const struct identity_query *query,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e);
/* The time that counts: a clock that is ahead must not have the last word for ever. */
int64_t identity_time(const struct segment_event *event, int64_t received_at);
/*
 * Takes what a new event says of its ids. ret_news: events that wait for its userId, or without
 * one for its anonymousId, may have an address now.
 */
int identity_learn(struct db *db, const struct identity_site *site,
    const struct segment_event *event, int64_t event_id, int64_t received_at, bool *ret_news,
    struct err *e);

/* One statement, on the way from one outbox into another: a row of the table identity. */
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
 * Takes a statement over. Of what was said at one time ours counts; what is new here is the first
 * to go, before what events of ours said. ret_news: it was not known here.
 */
int identity_merge(struct db *db, const struct identity_site *site,
    const struct identity_fact *fact, bool *ret_news, struct err *e);
/* The kind as the column says it; what is neither a user nor anonymous is a device. */
const char *identity_kind_name(enum identity_kind kind);
enum identity_kind identity_kind_parse(struct slice name);

/* Forgets one row. */
int identity_forget(struct db *db, int64_t site_id, int64_t identity_id, struct err *e);
/* Forgets what calls said to be this user's, until an event; 0: all. */
int identity_forget_user(
    struct db *db, int64_t site_id, struct slice user_id, int64_t until_event, struct err *e);
/* Lets statements go that are too many, up to IDENTITY_EVICT_MAX. */
int identity_trim(struct db *db, const struct identity_site *site, struct err *e);
#endif
