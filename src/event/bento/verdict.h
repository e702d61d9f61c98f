/*
 * The policy of delivery, all in this file: from what is known about a finished request to one
 * outcome for the audit and a next step for its events and its site. Pure; any thread.
 * doc/bento.md ("Verdicts") is the source of the table.
 */
#ifndef EVENT_BENTO_VERDICT_H
#define EVENT_BENTO_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/bento/bento.h"

/* How far a request came, as the transport can prove it. */
enum request_phase {
	PHASE_NOT_SENT, /* no byte of the request left: DNS, connect, TLS, canceled before */
	PHASE_SENDING,  /* some bytes left, no complete answer came */
	PHASE_ANSWERED  /* a complete answer came */
};

/* Outcomes of an attempt: bentospool-schema(7). NONE: under way. */
enum attempt_outcome {
	OUTCOME_NONE,
	OUTCOME_DELIVERED,
	OUTCOME_PARTIAL,
	OUTCOME_REFUSED,
	OUTCOME_RETRY,
	OUTCOME_NOT_SENT,
	OUTCOME_UNKNOWN
};

const char *outcome_name(enum attempt_outcome outcome); /* "" for NONE */
int outcome_parse(struct slice name, enum attempt_outcome *ret_outcome);

/* What to do where nobody documents what Bento does. The first of each is the default. */
enum partial_policy {
	PARTIAL_SPLIT, /* send again in halves, when every event has a unique key; else hold.
			* One that became several items is held: no smaller batch can show which */
	PARTIAL_HOLD
};
enum ambiguous_policy { AMBIGUOUS_RETRY, AMBIGUOUS_DELIVERED, AMBIGUOUS_HOLD };
enum maybe_policy { MAYBE_HOLD, MAYBE_FAIL };

struct verdict_policy {
	enum partial_policy partial;     /* 2xx, some of the batch failed */
	enum ambiguous_policy ambiguous; /* 2xx that cannot be read */
	enum maybe_policy
	    maybe_delivered;  /* refused, and an earlier attempt may have delivered it */
	unsigned all_refused; /* single refusals in a row that pause the site; 0: never */
};

struct verdict_facts {
	const struct verdict_policy *policy; /* NULL: the defaults, and all_refused 0 */
	enum request_phase phase;
	int http_status;        /* 0 without an answer */
	int64_t retry_after_ms; /* -1: none given */
	struct bento_reply reply;
	const char *error;     /* the transport's words, or NULL */
	unsigned n_events;     /* of the outbox: what can be split */
	unsigned n_items;      /* what they became: what Bento counts; at least n_events */
	unsigned n_maybe_sent; /* items that an earlier attempt may have delivered */
	bool unique_keys;      /* a repeat of any of them changes nothing at Bento */
	unsigned throttled;    /* 429s in a row before this answer */
	unsigned refused;      /* single events refused in a row before this answer */
};

/* What happens to the events of the attempt. */
enum verdict_step {
	STEP_DELIVERED, /* they are delivered */
	STEP_SPLIT,     /* they stay pending, and travel in batches of half the size */
	STEP_FAIL,      /* they are failed, with verdict.reason */
	STEP_HOLD,      /* they are held for an operator, with verdict.reason */
	STEP_AGAIN      /* they stay pending, untouched */
};

/* What happens to the site. */
enum verdict_site {
	SITE_READY,    /* goes on; an earlier back-off is over */
	SITE_BACKOFF,  /* waits: its own growing interval, and at least verdict.wait_at_least_ms */
	SITE_THROTTLE, /* waits verdict.wait_at_least_ms, whatever its own interval is */
	SITE_PAUSE     /* only a person can mend it: waits its longest interval, then tries */
};

struct verdict {
	enum attempt_outcome outcome;
	enum verdict_step step;
	enum verdict_site site;
	bool maybe_sent;          /* Bento may have some of them without our knowing */
	bool batch_fault;         /* this very batch may be what the answer is about: when the next
				   * one with other events passes, it was */
	int64_t wait_at_least_ms; /* bounded to 1 s .. 1 h; 0: nothing was asked */
	const char *reason;       /* static word for the outbox, "rate_limited"; NULL: delivered */
	const char *advice;       /* static: what a person should look at; NULL: nothing */
};

/* Texts in ret_v live for ever. */
void verdict_decide(const struct verdict_facts *f, struct verdict *ret_v);

/*
 * One line for an operator, such as "HTTP 401 from Bento: check publishable_key, secret_key and
 * site_uuid (Invalid API key)"; "" when all was delivered. Cut to size, valid UTF-8.
 */
void verdict_explain(
    const struct verdict_facts *f, const struct verdict *v, char *ret_text, size_t size);

#endif
