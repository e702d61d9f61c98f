/*
 * The keys of a Segment request that the spooler reads. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_KEY_H
#define EVENT_SEGMENT_KEY_H

#include "base/slice.h"

enum event_key {
	/* in an event or its envelope */
	KEY_TYPE,
	KEY_EVENT,
	KEY_NAME,
	KEY_USER_ID,
	KEY_ANONYMOUS_ID,
	KEY_PREVIOUS_ID,
	KEY_MESSAGE_ID,
	KEY_TIMESTAMP,
	KEY_ORIGINAL_TIMESTAMP,
	KEY_SENT_AT,
	KEY_WRITE_KEY,
	KEY_PROPERTIES,
	KEY_TRAITS,
	KEY_CONTEXT,
	KEY_INTEGRATIONS,
	KEY_BATCH,
	/* in a place that describes a person */
	KEY_EMAIL,
	KEY_FIRST_NAME,
	KEY_LAST_NAME,
	KEY_FIRST_NAME_SNAKE,
	KEY_LAST_NAME_SNAKE,
	/* older places of integrations */
	KEY_OPTIONS,
	KEY_PROVIDERS,
	KEY_ALL,
	KEY_UNIQUE, /* in properties: holds the event's unique key for Bento */
	KEY_OTHER
};

/* raw_key comes from json_object_next, with quotes. Escapes in it make no difference. */
enum event_key event_key(struct slice raw_key);

#endif
