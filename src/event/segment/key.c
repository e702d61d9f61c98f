/*
 * Recognizes the keys of a Segment request by length and bytes, without a search. A key with
 * escapes is compared with each name after decoding. Every other key is KEY_OTHER.
 */
#include "event/segment/key.h"

#include "event/json/json.h"

static const char *const names[KEY_OTHER] = {
	[KEY_TYPE] = "type",
	[KEY_EVENT] = "event",
	[KEY_NAME] = "name",
	[KEY_USER_ID] = "userId",
	[KEY_ANONYMOUS_ID] = "anonymousId",
	[KEY_PREVIOUS_ID] = "previousId",
	[KEY_MESSAGE_ID] = "messageId",
	[KEY_TIMESTAMP] = "timestamp",
	[KEY_ORIGINAL_TIMESTAMP] = "originalTimestamp",
	[KEY_SENT_AT] = "sentAt",
	[KEY_WRITE_KEY] = "writeKey",
	[KEY_PROPERTIES] = "properties",
	[KEY_TRAITS] = "traits",
	[KEY_CONTEXT] = "context",
	[KEY_INTEGRATIONS] = "integrations",
	[KEY_BATCH] = "batch",
	[KEY_EMAIL] = "email",
	[KEY_FIRST_NAME] = "firstName",
	[KEY_LAST_NAME] = "lastName",
	[KEY_FIRST_NAME_SNAKE] = "first_name",
	[KEY_LAST_NAME_SNAKE] = "last_name",
	[KEY_OPTIONS] = "options",
	[KEY_PROVIDERS] = "providers",
	[KEY_ALL] = "all",
	[KEY_UNIQUE] = "unique",
};

/* The shortest name is three bytes, the shortest escape of a letter six. */
#define SHORTEST_ESCAPED (2 + 2 + 6)

static enum event_key
find_escaped(struct slice raw_key)
{
	for (unsigned key = 0; key < KEY_OTHER; key++) {
		if (json_string_is(raw_key, names[key]))
			return (enum event_key)key;
	}
	return json_string_is(raw_key, "Email") ? KEY_EMAIL : KEY_OTHER;
}

#define IF_IS(text, key)                                                                           \
	if (memcmp(name, text, sizeof(text) - 1) == 0)                                             \
	return key

/* Runs for every key of every event. The length of the key leaves a few candidates, so no search is
 * needed. */
enum event_key
event_key(struct slice raw_key)
{
	const char *name = raw_key.p + 1;

	switch (raw_key.n - 2) {
	case 3:
		IF_IS("all", KEY_ALL);
		break;
	case 4:
		IF_IS("type", KEY_TYPE);
		IF_IS("name", KEY_NAME);
		break;
	case 5:
		IF_IS("event", KEY_EVENT);
		IF_IS("email", KEY_EMAIL);
		IF_IS("Email", KEY_EMAIL);
		IF_IS("batch", KEY_BATCH);
		break;
	case 6:
		IF_IS("userId", KEY_USER_ID);
		IF_IS("sentAt", KEY_SENT_AT);
		IF_IS("traits", KEY_TRAITS);
		IF_IS("unique", KEY_UNIQUE);
		break;
	case 7:
		IF_IS("context", KEY_CONTEXT);
		IF_IS("options", KEY_OPTIONS);
		break;
	case 8:
		IF_IS("writeKey", KEY_WRITE_KEY);
		IF_IS("lastName", KEY_LAST_NAME);
		break;
	case 9:
		IF_IS("messageId", KEY_MESSAGE_ID);
		IF_IS("timestamp", KEY_TIMESTAMP);
		IF_IS("firstName", KEY_FIRST_NAME);
		IF_IS("providers", KEY_PROVIDERS);
		IF_IS("last_name", KEY_LAST_NAME_SNAKE);
		break;
	case 10:
		IF_IS("properties", KEY_PROPERTIES);
		IF_IS("first_name", KEY_FIRST_NAME_SNAKE);
		IF_IS("previousId", KEY_PREVIOUS_ID);
		break;
	case 11:
		IF_IS("anonymousId", KEY_ANONYMOUS_ID);
		break;
	case 12:
		IF_IS("integrations", KEY_INTEGRATIONS);
		break;
	case 17:
		IF_IS("originalTimestamp", KEY_ORIGINAL_TIMESTAMP);
		break;
	}
	if (raw_key.n < SHORTEST_ESCAPED || memchr(name, '\\', raw_key.n - 2) == NULL)
		return KEY_OTHER;
	return find_escaped(raw_key);
}
