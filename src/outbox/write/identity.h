/*
 * Which address an id belongs to, learned from identify and alias calls. Writer's thread, inside
 * its transaction; other rooms use struct identity_site only.
 *
 * An identify with an address teaches it to its userId and its anonymousId. What happened last
 * counts, not what arrived last. An identify without an address teaches its anonymousId the address
 * of its userId, if that is known. An alias joins two ids to one person: what one is taught, both
 * are. Ids of users and anonymous ids are separate namespaces.
 *
 * Several people may share a device. So an anonymous id whose address came with another userId says
 * nothing about an event that has a userId of its own. When an identify or alias names another
 * userId with an anonymous id, the id leaves its person, and what it was taught stays with that
 * person.
 *
 * A site keeps a bounded number of ids; those taught longest ago are removed first.
 */
#ifndef OUTBOX_WRITE_IDENTITY_H
#define OUTBOX_WRITE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/segment/segment.h"

#define IDENTITY_EMAIL_SIZE 256 /* of an address and its NUL; event/segment allows fewer bytes */
#define IDENTITY_PERSON_MAX 64  /* ids of one person; more are not joined */
#define IDENTITY_PERSONS 3      /* that one event may be about */
#define IDENTITY_EVICT_MAX 500  /* ids that are removed at once */

/* A site's settings of identities. */
struct identity_site {
	int64_t site_id;
	int64_t max_ids; /* 0: no ids are kept or looked up */
	bool waits;      /* an event whose ids are unknown stays unresolved, and is not invalid */
	/* Wall ms: events that are unresolved since [from, before) are given up. */
	int64_t give_up_from;
	int64_t give_up_before;
};

struct db;

/* 1: the address is copied. 0: it is not known. -1. */
int identity_find(struct db *db, int64_t site_id, struct slice user_id, struct slice anonymous_id,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e);
/*
 * Learns what a new event says about its ids. A time of the event that is after received_at (wall
 * ms) counts as received_at. persons: those whose unresolved events may become due; 0: nobody.
 */
int identity_learn(struct db *db, const struct identity_site *site,
    const struct segment_event *event, int64_t event_id, int64_t received_at,
    int64_t persons[IDENTITY_PERSONS], struct err *e);

/* One id of a person; of an anonymous id also the userId that it came with. */
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
 * Merges such a person into what is known here: the ids become one person, together with those that
 * are known here. Of two addresses the later one counts, and ours when both are of one time. An
 * anonymous id that belongs to another user here stays as it is. New ids are the first to be
 * removed when there are too many, before those that events here taught. ret_persons: those whose
 * unresolved events may become due. ret_ids: how many ids were merged; 0: nothing changed.
 */
int identity_merge(struct db *db, const struct identity_site *site,
    const struct identity_person *person, int64_t ret_persons[IDENTITY_PERSON_MAX],
    size_t *ret_n_persons, int64_t *ret_ids, struct err *e);
/* Removes ids above the site's limit, at most IDENTITY_EVICT_MAX. */
int identity_trim(struct db *db, const struct identity_site *site, struct err *e);
/* Adds to the site's count of ids; negative: ids were removed. */
int identity_count(struct db *db, int64_t site_id, int64_t added, struct err *e);

#endif
