/*
 * Faults: what goes wrong, and when. A specification is a list of words, see --help.
 *
 * Parsing is pure; deciding needs the time and, for `chance`, a source of it. Belongs to one
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

#define FAULT_MAX 32 /* in a list */
#define FAULT_SPEC_SIZE 256
#define FAULT_TEXT_SIZE 128

enum fault_reset {
	FAULT_RESET_NONE,
	FAULT_RESET_CONNECT,     /* as soon as the connection stands */
	FAULT_RESET_BEFORE_BODY, /* the head was read, the body was not */
	FAULT_RESET_AFTER_BODY,  /* all was read, nothing was accepted */
	FAULT_RESET_AFTER_ACCEPT /* the events were accepted, no answer goes out */
};

enum fault_body {
	FAULT_BODY_USUAL,
	FAULT_BODY_ERROR,   /* {"error":"..."} */
	FAULT_BODY_ERRORS,  /* {"errors":[...]} */
	FAULT_BODY_MESSAGE, /* {"message":"..."} */
	FAULT_BODY_TEXT,
	FAULT_BODY_HTML,
	FAULT_BODY_EMPTY,
	FAULT_BODY_RESULTS /* {"results":N} without failed */
};

enum fault_mode { FAULT_MODE_FAILED, FAULT_MODE_BATCH };

/* Numbers are all int64_t so that one table describes them; -1 is absent. Times in milliseconds. */
struct fault {
	char spec[FAULT_SPEC_SIZE];
	/* when: all that are given must hold */
	int64_t after;
	int64_t every;
	int64_t count;
	int64_t chance; /* in millionths */
	int64_t from;
	int64_t to;
	char path[FAULT_TEXT_SIZE];
	/* what */
	int64_t status;
	int64_t accept;
	int64_t retry_after;      /* seconds */
	int64_t retry_after_date; /* the same, as a date */
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
	/* what happened since it was set */
	int64_t set_at; /* monotonic ms */
	int64_t seen;   /* requests or connections that it could have hit */
	int64_t used;
};

struct fault_list {
	struct fault fault[FAULT_MAX];
	size_t n;
};

struct fault_refusal {
	char glob[FAULT_TEXT_SIZE];
	bool whole_batch;
};

/* What all faults together do to one request. A copy, so that the list may change meanwhile. */
struct fault_effect {
	char spec[FAULT_SPEC_SIZE]; /* of the first that acts; "" when none does */
	int64_t status;             /* -1: the usual */
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

/* Appends one fault. -1: e names the bad word and what is allowed; the list is unchanged. */
int fault_list_add(struct fault_list *l, struct slice spec, struct err *e);
/* The clock of from and to begins now. */
void fault_list_start(struct fault_list *l, int64_t now_ms);

/* For each request once, when its head has been read. */
void fault_decide(struct fault_list *l, struct slice path, int64_t now_ms, struct rand *rand,
    struct fault_effect *ret_effect);
/* For each new connection once: whether it is reset at once. */
bool fault_resets_connect(struct fault_list *l, int64_t now_ms, struct rand *rand);
/* Whether nobody listens at this time. */
bool fault_is_down(const struct fault_list *l, int64_t now_ms);
/* Whether that can change with time. */
bool fault_has_down(const struct fault_list *l);

/* * is any run of bytes, ? any one byte; all else stands for itself. */
bool fault_glob_match(const char *glob, struct slice text);

#endif
