/*
 * Complete responses, head and body in one run of bytes: in Segment's format, in Bento's for its
 * clients, or with content of the caller.
 *
 * Main thread. The answer of the hot path, 200 {"success": true}, is printed once a second, for its
 * Date header, and reused until then.
 */
#ifndef HTTP_ANSWERS_H
#define HTTP_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define ANSWER_MAX 16384         /* bytes of one response without content */
#define ANSWER_ALLOW_MAX 4096    /* bytes of header names that a preflight allows */
#define ANSWER_ALLOW_NAME_MAX 64 /* bytes of one such name */

/* A body that is neither Segment's nor Bento's. All is borrowed until the answer is printed. */
struct answer_content {
	const char *type; /* the Content-Type */
	struct slice body;
	const char *headers; /* further header lines, each with its \r\n; "" for none */
};

/* One answer. Its texts are borrowed until it is printed. */
struct answer {
	int status;           /* one of those in answers.c */
	const char *code;     /* a word for programs; NULL: success */
	const char *message;  /* a sentence for people; NULL: success */
	unsigned retry_after; /* seconds; 0: no Retry-After header */
	const char *allow;    /* methods for the Allow header, with 405 */
	bool probe;           /* the answer to a health check, not a refused request */
	size_t results;       /* success in Bento's format: how many events were accepted */
	bool fleet; /* success of a box's request: the members below follow the two counts */
	size_t stored, duplicates;
	int64_t first_event_id;  /* of the stored events; 0: none */
	int64_t reused_event_id; /* an event whose messageId came with other content; 0: none */
	size_t failed; /* success in Bento's format: how many events were kept as invalid */
	const struct answer_content *content; /* instead of a body that says code and message */
};

/* How an answer is printed, by its request and connection. */
struct answer_manner {
	bool close;     /* the connection ends after it */
	bool http10;    /* an HTTP/1.0 client, which needs a header to keep the connection open */
	bool head_only; /* HEAD: no body */
	bool bento;     /* in Bento's format */
	bool preflight; /* the answer to a browser's CORS preflight */
	bool private_network; /* the preflight asks to reach a private network */
	struct slice allow;   /* preflight: header names that the answer allows, ", x, y" */
	struct slice origin;  /* the origin of the page that may read the answer; absent: none */
};

struct answers {
	int64_t second; /* the second that date shows */
	char date[40];
	char ok[3][256]; /* the plain 200: for keep-alive, close, HTTP/1.0 */
	size_t ok_n[3];
	const char *headers;   /* of every response, each with its \r\n; borrowed */
	const char *challenge; /* of a 401; NULL: a write key, or Bento's credentials; borrowed */
	struct buf text, body;
};

/* Sets the date to now (wall ms). A response with content has at most max_content bytes of it.
 * headers: lines for every response, each with its \r\n, static; "" for none. */
void answers_init(struct answers *a, int64_t now, size_t max_content, const char *headers);
void answers_free(struct answers *a);
void answers_set_time(struct answers *a, int64_t now);
/*
 * Appends the header names of Access-Control-Request-Headers to `to` in lower case, each after a
 * comma. Names that are not tokens, names that are too long and names past ANSWER_ALLOW_MAX are
 * left out.
 */
void answers_append_allowed(struct buf *to, struct slice requested);
/* Appends the body of a refusal, as every listener sends it. */
void answers_append_refusal(struct buf *to, const char *code, const char *message);
/* Returns the bytes of the response, valid until the next call; n is 0 without memory. */
struct slice answers_print(
    struct answers *a, const struct answer *answer, const struct answer_manner *manner);

#endif
