/*
 * The batch that failed last while the site was fine, and may be what is wrong itself.
 *
 * When the very next probe, with another event, passes, the failure was the batch's: its events
 * travel in halves from then on, until one stands alone. One that fails alone, and had been set
 * apart before, is charged: it waits for a time of its own, and fails for good after max_attempts.
 * When the probe fails as well, it is an outage, and nobody is charged.
 *
 * Nobody is charged the first time: a short outage that ends between the two requests looks the
 * same, but hardly twice in a row for the same event. Dispatcher thread only.
 */
#ifndef DISPATCH_SUSPECTS_H
#define DISPATCH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/outbox.h"

struct attempt;
struct site;

/* A decision on its way to the writer. */
struct site_settle {
	struct outbox_settle settle; /* first */
	struct site *site;
	void (*done)(struct site *s); /* the writer gave it back */
};

/* Events that fell alone, remembered so that no probe is made with them while there are others. */
#define SUSPECTS_FALLEN 64
#define SUSPECTS_STRIKES 2

struct fallen {
	int64_t id;       /* 0: none */
	unsigned strikes; /* how often the site was closed by it, and another one passed later */
};

struct suspects {
	int64_t *ids; /* ascending */
	uint64_t *addresses;
	size_t n;
	unsigned group;      /* max_batch that they had */
	int64_t charged;     /* attempts of the first */
	bool murky;          /* since then a probe failed that was in doubt itself */
	bool blamed;         /* it is being recorded: they are in flight until it is */
	bool with_writer;    /* the message is */
	int64_t record_ms;   /* blamed: not handed to the writer before */
	int64_t waits_until; /* wall ms; 0: due at once */
	bool exhausted;      /* the last attempt was charged */
	struct site_settle settle;
	/* the newest of those that fell alone and have not passed since: a ring */
	struct fallen fallen[SUSPECTS_FALLEN];
	size_t n_fallen; /* ever */
};

int suspects_init(struct suspects *u, size_t max, struct err *e);
void suspects_free(struct suspects *u);

/* The site was fine, and this attempt failed in a way that may be its own fault. */
void suspects_note(struct site *s, const struct attempt *a);
void suspects_clear(struct site *s);
bool suspects_have(const struct suspects *u, int64_t id);
/* The event was alone in a request, and failed in a way that may be its own fault. Whether it had
 * fallen before. */
bool suspects_fell(struct suspects *u, int64_t id);
/* A probe failed that tells nothing new. */
void suspects_doubt_more(struct suspects *u);
/* It passed, or is settled. */
void suspects_stood(struct suspects *u, int64_t id);
/* Better no probe with this one: it is a suspect, or fell before. */
bool suspects_doubt(const struct suspects *u, int64_t id);
/*
 * A probe with another event passed. When only events that fell before have failed in between, that
 * may have been an outage as well: then it takes SUSPECTS_STRIKES of such.
 */
void suspects_blame(struct site *s);
/* Hands what was blamed to the writer, when that is due. */
void suspects_record(struct site *s, int64_t now);
/* The writer gave the message back. */
void suspects_recorded(struct site *s);

#endif
