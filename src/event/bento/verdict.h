/*
 * The policy of delivery: it takes what is known about a finished request, and decides on one
 * outcome for the audit, and on the next step for the events and for the site. Pure; any thread.
 * doc/bento.md
 * ("Verdicts") is the source of the table.
 */
#ifndef EVENT_BENTO_VERDICT_H
#define EVENT_BENTO_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/bento/bento.h"

/* How far a request got, as far as the transport can prove it. */
enum request_phase {
	PHASE_NOT_SENT, /* no byte of the request was sent: DNS, connect, TLS, or canceled before */
	PHASE_SENDING,  /* some bytes were sent, no complete answer arrived */
	PHASE_ANSWERED  /* a complete answer arrived */
};

/* Outcomes of an attempt: see bentospool-schema(7). OUTCOME_NONE: still in flight. */
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

/* What to do where Bento's behavior is not documented. The first value of each enum is the
 * default. */
enum partial_policy {
	PARTIAL_SPLIT, /* send again in halves when every event has a unique key, else hold. An
			  event that became several items is held: a smaller batch cannot show which
			  item failed */
	PARTIAL_HOLD
};
enum ambiguous_policy { AMBIGUOUS_RETRY, AMBIGUOUS_DELIVERED, AMBIGUOUS_HOLD };
enum maybe_policy { MAYBE_HOLD, MAYBE_FAIL };

struct verdict_policy {
	enum partial_policy partial;     /* 2xx, some of the batch failed */
	enum ambiguous_policy ambiguous; /* 2xx with a body that cannot be read */
	/* what to do with a refused event that an earlier attempt may have delivered */
	enum maybe_policy maybe_delivered;
	/* A central spooler answers, not Bento. It stores each call once, so any call may be sent
	 * again, and it always counts: another answer comes from something in between. */
	bool center;
	unsigned all_refused; /* number of single events refused in a row that pauses the site; 0:
				 never */
};

struct verdict_facts {
	const struct verdict_policy *policy; /* NULL: the defaults, with all_refused 0 */
	enum request_phase phase;
	int http_status;        /* 0 when there was no answer */
	int64_t retry_after_ms; /* -1 when none was given */
	struct bento_reply reply;
	const char *error; /* the transport's error text, or NULL */
	/* events of the outbox in the batch: a batch can be split between them */
	unsigned n_events;
	unsigned n_items; /* items made of the events, as Bento counts them; at least n_events */
	unsigned n_maybe_sent; /* items that an earlier attempt may have delivered */
	bool unique_keys;      /* sending any of the events again changes nothing at Bento */
	unsigned throttled;    /* 429 answers in a row before this one */
	unsigned refused;      /* single events refused in a row before this answer */
};

/* What happens to the events of the attempt. */
enum verdict_step {
	STEP_DELIVERED, /* they are delivered */
	STEP_SPLIT,     /* they stay pending, and are sent in batches of half the size */
	STEP_FAIL,      /* they are failed, with verdict.reason */
	STEP_HOLD,      /* they are held for an operator, with verdict.reason */
	STEP_AGAIN      /* they stay pending, unchanged */
};

/* What happens to the site. */
enum verdict_site {
	SITE_READY, /* the site goes on, and an earlier back-off ends */
	/* the site waits for its own growing interval, and at least verdict.wait_at_least_ms */
	SITE_BACKOFF,
	SITE_THROTTLE, /* the site waits for verdict.wait_at_least_ms, whatever its own interval is
			*/
	SITE_PAUSE /* the site needs attention: it waits for its longest interval, then tries again
		    */
};

struct verdict {
	enum attempt_outcome outcome;
	enum verdict_step step;
	enum verdict_site site;
	bool maybe_sent;  /* Bento may have some of the events although no answer confirms it */
	bool batch_fault; /* this batch itself may be the cause; it was when the next batch, of
			     other events, succeeds */
	int64_t wait_at_least_ms; /* clamped to 1 s .. 1 h; 0: the answer asked for no wait */
	/* static word for the outbox, such as "rate_limited"; NULL: delivered */
	const char *reason;
	const char *advice; /* static text: what a person should check; NULL: nothing */
};

/* Decides on a finished request. The texts in ret_v are static. */
void verdict_decide(const struct verdict_facts *f, struct verdict *ret_v);

/*
 * Writes one line for an operator, such as "HTTP 401 from Bento: check publishable_key, secret_key
 * and site_uuid (Invalid API key)"; "" when all events were delivered. The line is valid UTF-8, cut
 * to size.
 */
void verdict_explain(
    const struct verdict_facts *f, const struct verdict *v, char *ret_text, size_t size);

#endif
