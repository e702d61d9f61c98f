/*
 * The rules of IDENTITY in bentospool.conf(5) as a model: it computes where an event goes from the
 * set of all calls and their times. It is slow and keeps no state, so that a reader can see that it
 * is right. Ids and addresses are single letters; 0 is none.
 */
#ifndef UNIT_OUTBOX_IDENTITY_IDENTITY_MODEL_H
#define UNIT_OUTBOX_IDENTITY_IDENTITY_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "event/kind.h"

struct call {
	enum event_kind kind; /* one of KIND_IDENTIFY, KIND_ALIAS, KIND_TRACK */
	char user;
	char anonymous;
	char previous; /* of an alias */
	char email;    /* of an identify */
	int at;        /* the time; for equal times the order of arrival counts */
};

/* calls[which] is a track call. Returns its address when exactly these n calls have arrived; 0:
 * none. */
char model_resolve(const struct call *calls, size_t n, size_t which);
/*
 * Returns the address that the outbox must give calls[which] when the calls arrive in the order of
 * the array. An event is resolved once, when the arrived calls first give an address. 0: they never
 * do.
 */
char model_arrive(const struct call *calls, size_t n, size_t which);
/* Whether an identify gave this address to the user or to an id that an alias joined with it. */
bool model_is_of_user(const struct call *calls, size_t n, char user, char email);

#endif
