/*
 * Converts kinds of events and statuses to and from their names by static tables. An unknown kind
 * is KIND_UNKNOWN; an unknown status is an error.
 */
#include "event/kind.h"

#include <strings.h>

static const char *const kinds[] = {
	[KIND_TRACK] = "track",
	[KIND_IDENTIFY] = "identify",
	[KIND_PAGE] = "page",
	[KIND_SCREEN] = "screen",
	[KIND_GROUP] = "group",
	[KIND_ALIAS] = "alias",
	[KIND_DELETE] = "delete",
	[KIND_BENTO] = "bento",
	[KIND_SUBSCRIBER] = "subscriber",
	[KIND_UNKNOWN] = "unknown",
};

static const char *const statuses[STATUS_COUNT] = {
	[STATUS_PENDING] = "pending",
	[STATUS_DELIVERED] = "delivered",
	[STATUS_FAILED] = "failed",
	[STATUS_UNSUPPORTED] = "unsupported",
	[STATUS_INVALID] = "invalid",
	[STATUS_HELD] = "held",
	[STATUS_DISCARDED] = "discarded",
};

const char *
kind_name(enum event_kind kind)
{
	return kinds[kind];
}

const char *
status_name(enum event_status status)
{
	return statuses[status];
}

enum event_kind
kind_parse(struct slice name)
{
	for (unsigned kind = KIND_TRACK; kind < KIND_UNKNOWN; kind++) {
		size_t n = strlen(kinds[kind]);

		if (name.n == n && strncasecmp(name.p, kinds[kind], n) == 0)
			return (enum event_kind)kind;
	}
	return KIND_UNKNOWN;
}

int
status_parse(struct slice name, enum event_status *ret_status)
{
	for (unsigned status = 0; status < STATUS_COUNT; status++) {
		if (slice_equals(name, slice_from(statuses[status]))) {
			*ret_status = (enum event_status)status;
			return 0;
		}
	}
	return -1;
}
