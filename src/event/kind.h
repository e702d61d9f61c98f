/*
 * The kinds of events and the statuses of the outbox, with the names that all rooms use.
 */
#ifndef EVENT_KIND_H
#define EVENT_KIND_H

#include "base/slice.h"

enum event_kind {
	KIND_TRACK,
	KIND_IDENTIFY,
	KIND_PAGE,
	KIND_SCREEN,
	KIND_GROUP,
	KIND_ALIAS,
	KIND_DELETE,
	KIND_BENTO,      /* an event in Bento's own format */
	KIND_SUBSCRIBER, /* a subscriber in Bento's own format */
	KIND_UNKNOWN     /* `type` is missing or has another value */
};
#define KIND_COUNT (KIND_UNKNOWN + 1)

/* Statuses of an event: see bentospool-schema(7). */
enum event_status {
	STATUS_PENDING,
	STATUS_DELIVERED,
	STATUS_FAILED,
	STATUS_UNSUPPORTED,
	STATUS_INVALID,
	STATUS_HELD,
	STATUS_DISCARDED
};
#define STATUS_COUNT 7

/* Static names in lower case ("track", "pending"); KIND_UNKNOWN is "unknown". */
const char *kind_name(enum event_kind kind);
const char *status_name(enum event_status status);
/* Ignores case, because clients send "Track". Returns KIND_UNKNOWN for any other name. */
enum event_kind kind_parse(struct slice name);
/* Returns 0, or -1 when name is not a status. */
int status_parse(struct slice name, enum event_status *ret_status);

#endif
