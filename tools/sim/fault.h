/*
 * Faults: what goes wrong, and when. A specification is a list of words; see --help.
 *
 * Parsing is pure; deciding needs the time and, for `chance`, random numbers. Belongs to one
 * thread.
 */
#ifndef TOOLS_SIM_FAULT_H
#define TOOLS_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "base/slice.h"

#define FAULT_MAX 32 /* faults in a list */
#define FAULT_SPEC_SIZE 256
#define FAULT_TEXT_SIZE 128

enum fault_reset {
	FAULT_RESET_NONE,
	FAULT_RESET_CONNECT,     /* as soon as the connection is open */
	FAULT_RESET_BEFORE_BODY, /* the head was read, the body was not */
	FAULT_RESET_AFTER_BODY,  /* the request was read and nothing was accepted */
	FAULT_RESET_AFTER_ACCEPT /* the events were accepted, but no answer is sent */
};

enum fault_body {
	FAULT_BODY_USUAL,
	FAULT_BODY_ERROR,   /* {"error":"..."} */
	FAULT_BODY_ERRORS,  /* {"errors":[...]} */
	FAULT_BODY_MESSAGE, /* {"message":"..."} */
	FAULT_BODY_TEXT,
	FAULT_BODY_HTML,
	FAULT_BODY_EMPTY,
	FAULT_BODY_RESULTS, /* {"results":N} without `failed` */
	FAULT_BODY_AUTHOR   /* {"error":"..."} with Bento's words for a refusal at any status */
};

enum fault_mode { FAULT_MODE_FAILED, FAULT_MODE_BATCH };

/* All numbers are int64_t, so that one table describes them; -1: absent. Times in milliseconds. */
struct fault {
	char spec[FAULT_SPEC_SIZE];
	/* conditions: all that are present must hold */
	int64_t after;
	int64_t every;
	int64_t count;
	int64_t chance; /* in millionths */
	int64_t from;
	int64_t to;
	char path[FAULT_TEXT_SIZE];
	/* effects */
	int64_t status;
	int64_t accept;
	int64_t retry_after;      /* seconds */
	int64_t retry_after_date; /* as retry_after, but sent as a date */
	int64_t body;             /* enum fault_body */
	char location[FAULT_TEXT_SIZE];
	int64_t reset; /* enum fault_reset */
	int64_t truncate;
	int64_t delay;
	int64_t partial;
	char refuse[FAULT_TEXT_SIZE];
	int64_t mode; /* enum fault_mode */
	int64_t close;
	int64_t down;
	/* state since the fault was set */
	int64_t set_at; /* monotonic ms */
	int64_t seen;   /* requests or connections to which the fault could apply */
	int64_t used;
};

struct fault_list {
	struct fault fault[FAULT_MAX];
	size_t n;
};

struct fault_refusal {
	char glob[FAULT_TEXT_SIZE];
	bool whole_batch;
	unsigned status; /* of the whole batch */
};

/* The combined effect of all faults on one request. A copy, so that the list may change
 * meanwhile. */
struct fault_effect {
	char spec[FAULT_SPEC_SIZE]; /* of the first fault that acts; "" when none does */
	int64_t status;             /* -1: no fault sets it */
	bool accept;
	int64_t retry_after;
	int64_t retry_after_date;
	enum fault_body body;
	char location[FAULT_TEXT_SIZE];
	enum fault_reset reset;
	int64_t truncate;
	int64_t delay;
	int64_t partial;
	bool close;
	struct fault_refusal refusal[FAULT_MAX];
	size_t n_refusals;
};

/* Appends one fault. On -1 e names the bad word and what is allowed, and the list is unchanged. */
int fault_list_add(struct fault_list *l, struct slice spec, struct err *e);
/* Starts the clock for `from` and `to`. */
void fault_list_start(struct fault_list *l, int64_t now_ms);

/* Call it once for each request, when its head has been read. */
void fault_decide(struct fault_list *l, struct slice path, int64_t now_ms, struct rand *rand,
    struct fault_effect *ret_effect);
/* Call it once for each new connection: returns whether it is reset at once. */
bool fault_resets_connect(struct fault_list *l, int64_t now_ms, struct rand *rand);
/* Whether the simulator must not listen at this time. */
bool fault_is_down(const struct fault_list *l, int64_t now_ms);
/* Whether a fault with `down` exists. */
bool fault_has_down(const struct fault_list *l);

/* * matches any run of bytes, ? any single byte; every other byte matches itself. */
bool fault_glob_match(const char *glob, struct slice text);

#endif
