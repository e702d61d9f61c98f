/*
 * What we say: whole responses, head and body in one run of bytes, in Segment's shape, or in
 * Bento's to its clients.
 *
 * Main thread. The one answer of the hot path, 200 {"success": true}, is printed once a second (for
 * its Date) and then only sent.
 */
#ifndef INGEST_HTTP_ANSWERS_H
#define INGEST_HTTP_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define ANSWER_MAX 16384         /* bytes of one response */
#define ANSWER_ALLOW_MAX 4096    /* bytes of header names that a preflight allows */
#define ANSWER_ALLOW_NAME_MAX 64 /* bytes of one of them */

/* What is to be said. Texts are borrowed until it was printed. */
struct answer {
	int status;           /* 200, 204, 400, 401, 403, 404, 405, 413, 415 or 503 */
	const char *code;     /* a word for programs; NULL: success */
	const char *message;  /* a sentence for people; NULL: success */
	unsigned retry_after; /* seconds; 0: none */
	const char *allow;    /* with 405 */
	bool probe;           /* the answer to a health check: no request is refused by it */
	size_t results;       /* of a success in Bento's shape: accepted, */
	size_t failed;        /*     and kept as invalid */
};

/* What the request and its connection add. */
struct answer_manner {
	bool close;           /* the connection ends behind it */
	bool http10;          /* a client that learns from a header that it does not end */
	bool head_only;       /* HEAD: no body */
	bool bento;           /* in Bento's shape */
	bool preflight;       /* answers a browser's question before its request */
	bool private_network; /* the preflight asks to reach a private network */
	struct slice allow;   /* of a preflight: header names that it allows, ", x, y" */
	struct slice origin;  /* the page that may read it; absent: none */
};

struct answers {
	int64_t second; /* of date */
	char date[40];
	char ok[3][256]; /* by struct answer_manner: kept open, close, http10 */
	size_t ok_n[3];
	struct buf text, body;
};

/* Sets the date to now (wall ms). */
void answers_init(struct answers *a, int64_t now);
void answers_free(struct answers *a);
void answers_set_time(struct answers *a, int64_t now);
/*
 * Appends the header names of Access-Control-Request-Headers to `to` in lower case, each behind a
 * comma: names that are not tokens, too long ones and those past ANSWER_ALLOW_MAX are left out.
 */
void answers_append_allowed(struct buf *to, struct slice requested);
/* The response's bytes, valid until the next call; n 0 when memory ran out. */
struct slice answers_print(
    struct answers *a, const struct answer *answer, const struct answer_manner *manner);

#endif
