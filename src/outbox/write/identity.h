/*
 * Whom an id belongs to, as identify and alias calls told. Writer thread, inside its transaction;
 * private to outbox/, but for struct identity_site.
 *
 * An identify with an address teaches it to its userId and its anonymousId; what happened last
 * counts, not what arrived last. One without an address teaches its anonymousId that of its userId,
 * if that is known. An alias makes two ids one person: what either is taught, both
 * are. Ids of users and anonymous ids are different worlds. An anonymous id whose address came
 * with another userId says nothing about an event that has a userId of its own: several people
 * share a device. When an identify or alias names another userId with it, it leaves the person that
 * it was, and what it was taught stays with that one.
 *
 * A site keeps so many ids; those that were taught longest ago go first.
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
#define IDENTITY_PERSON_MAX 64  /* ids that aliases make one person; more are not joined */
#define IDENTITY_PERSONS 3      /* that one event may tell of */
#define IDENTITY_EVICT_MAX 500  /* ids that go at once */

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

/* 1: the address is copied. 0: nobody knows. -1. */
int identity_find(struct db *db, int64_t site_id, struct slice user_id, struct slice anonymous_id,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e);
/*
 * Takes what a new event says of its ids. received_at bounds the time that it gives itself.
 * persons: whose waiting events may go now; 0: nobody's.
 */
int identity_learn(struct db *db, const struct identity_site *site,
    const struct segment_event *event, int64_t event_id, int64_t received_at,
    int64_t persons[IDENTITY_PERSONS], struct err *e);

/* One id of a person, and of an anonymous one the userId that it came with. */
struct identity_id {
	bool is_user;
	struct slice id;
	struct slice with_user;
};

/* What another outbox knew of a person. */
struct identity_person {
	struct slice email; /* absent: none */
	int64_t identified_at;
	struct identity_id ids[IDENTITY_PERSON_MAX];
	size_t n_ids;
};

/*
 * Takes that over: its ids become one person, with those of ours that are among them; of two
 * addresses the one told last counts, and ours when both were told at once. An anonymous id that
 * belongs to another user here stays what it is. What is new here is the first to go, before what
 * events of ours taught. ret_persons: whose waiting events may go now. ret_ids: how many ids it is
 * about; 0: it changed nothing.
 */
int identity_merge(struct db *db, const struct identity_site *site,
    const struct identity_person *person, int64_t ret_persons[IDENTITY_PERSON_MAX],
    size_t *ret_n_persons, int64_t *ret_ids, struct err *e);
/* Lets ids go that are too many, up to IDENTITY_EVICT_MAX. */
int identity_trim(struct db *db, const struct identity_site *site, struct err *e);
/* The site has so many more, or fewer. */
int identity_count(struct db *db, int64_t site_id, int64_t added, struct err *e);

#endif
