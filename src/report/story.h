/*
 * Everything that happened to one event, in order of time: history prints it, and the dashboard
 * shows it. The moments are held in memory. One thread.
 */
#ifndef REPORT_STORY_H
#define REPORT_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "report/event_json.h"

#define MOMENT_TITLE 64
#define MOMENT_WORDS 1024

struct cJSON;
struct outbox_audit;

/* Moments of the same time are sorted in this order. */
enum moment_type {
	MOMENT_RECEIVED,
	MOMENT_ARRIVED,
	MOMENT_ATTEMPT,
	MOMENT_OPERATION,
	MOMENT_SETTLED
};

enum moment_look { MOMENT_PLAIN, MOMENT_GOOD, MOMENT_WAITING, MOMENT_BAD };

struct moment {
	int64_t at; /* wall ms */
	enum moment_type type;
	size_t order; /* the order in which it was read */
	enum moment_look look;
	char title[MOMENT_TITLE]; /* "attempt 7" */
	char words[MOMENT_WORDS]; /* "refused, HTTP 422, 3 events, 120 ms: ..."; "" for none */
	struct cJSON *facts;      /* the attempt, the operation or the end; NULL: nothing more */
};

struct story {
	enum json_form form;
	int64_t event_id;
	char *message_id;
	struct buf heading; /* "event 7, failed: track ..." */
	struct moment *moments;
	size_t n;
	bool failed; /* out of memory */
};

/* form: of the facts. Returns 1, 0 when the event does not exist or was removed, -1 on an error. In
 * any case, the caller calls story_free. */
int story_collect(
    struct story *s, struct outbox_audit *audit, int64_t id, enum json_form form, struct err *e);
void story_free(struct story *s);
/* Moves the facts of the moment to the object. */
void story_take_facts(struct moment *m, struct cJSON *to);
/* Returns "received", "attempt" and so on. */
const char *moment_name(enum moment_type type);

#endif
