/*
 * The frame of a batch request to Bento, and the meaning of Bento's answers. Pure; any thread.
 * doc/bento.md is the source.
 */
#ifndef EVENT_BENTO_BENTO_H
#define EVENT_BENTO_BENTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Where a request goes. All events of a batch go to one endpoint. The last is not Bento's: it is a
 * central spooler's, which gets the calls themselves. */
enum bento_endpoint {
	BENTO_EVENTS,      /* /batch/events */
	BENTO_SUBSCRIBERS, /* /batch/subscribers */
	BENTO_COMMANDS,    /* /fetch/commands */
	BENTO_CENTER       /* /v1/fleet at another bentospool */
};
#define BENTO_ENDPOINTS 4

/* Returns "events", "subscribers", "commands" or "center", the name that the audit uses. */
const char *bento_endpoint_name(enum bento_endpoint endpoint);

/* Returns the text before the members that mapping_append writes, such as {"events":[. */
struct slice bento_batch_head(enum bento_endpoint endpoint);
#define BENTO_BATCH_TAIL "]}"

/* Appends api_url + the endpoint's path, and for Bento "?site_uuid=" + the percent-encoded
 * site_uuid. */
void bento_url(
    struct buf *to, const char *api_url, enum bento_endpoint endpoint, const char *site_uuid);

enum bento_reply_shape {
	BENTO_REPLY_COUNTS,    /* JSON with a whole, non-negative `results` and/or `failed` */
	BENTO_REPLY_JSON,      /* a JSON object without counts */
	BENTO_REPLY_UNREADABLE /* not a JSON object, cut off, or with an invalid count */
};

struct bento_reply {
	enum bento_reply_shape shape;
	int64_t results; /* -1 when absent */
	int64_t failed;  /* -1 when absent */
	bool says_error; /* a JSON object with an `error` or `errors` that is not empty */
	/*
	 * The error text for people: from `error`, errors[].field and errors[].message, or
	 * `message`, else the answer's text without markup and repeated white space. One line of
	 * valid UTF-8; "" when there is none.
	 */
	char message[256];
};

/* Interprets an answer; body holds its first bytes, of which at most 64 KiB are read. Accepts any
 * bytes. Returns -1 without memory. */
int bento_reply_parse(struct slice body, struct bento_reply *ret_reply);

/*
 * Copies a text from outside so that it can be stored: valid UTF-8 without NUL, cut between
 * characters. `to` holds size bytes (at least 1) and gets a NUL. Returns the length.
 */
size_t bento_text_copy(char *to, size_t size, struct slice text);

#endif
