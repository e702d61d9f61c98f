/* Conclusions from the statements of identity.h, for the whole outbox. Writer's thread. */
#ifndef OUTBOX_IDENTITY_PERSON_H
#define OUTBOX_IDENTITY_PERSON_H

#include "outbox/file/db.h"
#include "outbox/identity/identity.h"

/* The ids that aliases join with a userId, beginning with the userId, and their address. */
struct identity_person {
	int64_t site_id;
	char email[IDENTITY_EMAIL_SIZE]; /* "" when none is known */
	int64_t identified_at;
	size_t n;
	bool replaced[IDENTITY_IDS]; /* for each id: another userId replaced it */
	char id[IDENTITY_IDS][SEGMENT_ID_MAX + 1];
};

/* The device belonged to this user from a certain time on. */
struct identity_claim {
	int64_t identity_id;
	int64_t since, since_event;
	int64_t said_at; /* the latest call that said so */
	char user_id[SEGMENT_ID_MAX + 1];
};

/* The claims on one device, oldest first. */
struct identity_claims {
	size_t n;
	struct identity_claim claim[IDENTITY_CLAIMS];
};

/* The address that an identify gave for its userId or, when it had none, for its anonymousId. */
struct identity_address {
	char email[IDENTITY_EMAIL_SIZE];
	int64_t identified_at;
};

int identity_load_person(struct db *db, int64_t site_id, struct slice user_id,
    struct identity_person *ret_person, struct err *e);
bool identity_person_has(const struct identity_person *person, const char *user_id);
int identity_load_claims(struct db *db, int64_t site_id, struct slice device,
    struct identity_claims *ret_claims, struct err *e);
/* Returns the index of the latest claim at that time; -1 when the device had no user yet. */
int identity_last_claim(const struct identity_claims *claims, int64_t at, int64_t event_id);
/* Returns the device's user at that time; before its first claim, the first user. NULL when it has
 * none. */
const char *identity_owner(const struct identity_claims *claims, int64_t at, int64_t event_id);
/* Whether no other user ever had the device. */
bool identity_claims_are_of(
    const struct identity_claims *claims, const struct identity_person *person);
/* Returns 1, 0 (not found) or -1. */
int identity_load_address(struct db *db, int64_t site_id, struct slice anonymous_id,
    struct identity_address *ret_address, struct err *e);

#endif
