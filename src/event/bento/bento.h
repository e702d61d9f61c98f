/*
 * Bento's words: the frame of a batch request and what its answers say. Pure; any thread.
 * doc/bento.md is the source.
 */
#ifndef EVENT_BENTO_BENTO_H
#define EVENT_BENTO_BENTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Where a request goes: a batch holds what one of them takes. */
enum bento_endpoint {
	BENTO_EVENTS,      /* /batch/events */
	BENTO_SUBSCRIBERS, /* /batch/subscribers */
	BENTO_COMMANDS     /* /fetch/commands */
};
#define BENTO_ENDPOINTS 3

/* "events", "subscribers", "commands": what the audit calls it. */
const char *bento_endpoint_name(enum bento_endpoint endpoint);

/* {"events":[ ... ]}: the frame around what mapping_append made, commas between. */
struct slice bento_batch_head(enum bento_endpoint endpoint);
#define BENTO_BATCH_TAIL "]}"

/* Appends api_url + the endpoint's path + "?site_uuid=" + the percent-encoded site_uuid. */
void bento_url(
    struct buf *to, const char *api_url, enum bento_endpoint endpoint, const char *site_uuid);

enum bento_reply_shape {
	BENTO_REPLY_COUNTS,    /* JSON with a whole, non-negative `results` and/or `failed` */
	BENTO_REPLY_JSON,      /* a JSON object without them */
	BENTO_REPLY_UNREADABLE /* not a JSON object, cut off, or with a count that is not one */
};

struct bento_reply {
	enum bento_reply_shape shape;
	int64_t results; /* -1: not there */
	int64_t failed;  /* -1: not there */
	bool says_error; /* a JSON object with an `error` or `errors` that is not empty */
	/* What it says went wrong, for people: error, errors[].field + message, message, or the
	 * text with markup and white space folded. One line, valid UTF-8, "" when nothing. */
	char message[256];
};

/* body: the first bytes of the answer (at most 64 KiB are looked at). Any bytes are fine. */
void bento_reply_parse(struct slice body, struct bento_reply *ret_reply);

/*
 * Copies what somebody answered so that it can be kept as text: valid UTF-8 without NUL, cut
 * between characters. `to` holds size bytes (at least 1) and is terminated. Returns the length.
 */
size_t bento_text_copy(char *to, size_t size, struct slice text);

#endif
