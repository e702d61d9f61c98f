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

struct suspects {
	int64_t *ids; /* ascending */
	uint64_t *addresses;
	size_t n;
	unsigned group;      /* max_batch that they had */
	int64_t charged;     /* attempts of the first */
	bool blamed;         /* it is being recorded: they are in flight until it is */
	bool with_writer;    /* the message is */
	int64_t record_ms;   /* blamed: not handed to the writer before */
	int64_t waits_until; /* wall ms; 0: due at once */
	bool exhausted;      /* the last attempt was charged */
	struct site_settle settle;
};

int suspects_init(struct suspects *u, size_t max, struct err *e);
void suspects_free(struct suspects *u);

/* The site was fine, and this attempt failed in a way that may be its own fault. */
void suspects_note(struct site *s, const struct attempt *a);
void suspects_clear(struct site *s);
bool suspects_have(const struct suspects *u, int64_t id);
/* A probe with another event passed. */
void suspects_blame(struct site *s);
/* Hands what was blamed to the writer, when that is due. */
void suspects_record(struct site *s, int64_t now);
/* The writer gave the message back. */
void suspects_recorded(struct site *s);

#endif
