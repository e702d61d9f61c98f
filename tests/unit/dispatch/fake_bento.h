/* A Bento for the dispatcher's rig: reads the events of requests, and answers as the test says. */
#ifndef UNIT_DISPATCH_FAKE_BENTO_H
#define UNIT_DISPATCH_FAKE_BENTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unit/dispatch/dispatch_rig.h"

/* The maximum number of events in a test. */
#define BENTO_EVENTS_MAX 100001
#define BENTO_BATCH_MAX 1000

struct fake_bento {
	int bad_status;    /* status for a batch that contains a bad event; 0: 200 with results 0 */
	int status;        /* status for every batch; 0: off */
	size_t max_bytes;  /* larger bodies get 413; 0: no limit */
	bool partial;      /* only bad events fail, the others are accepted */
	bool repeats_fail; /* with partial, repeats of accepted events fail as well */
	bool bad[BENTO_EVENTS_MAX];     /* by id */
	unsigned got[BENTO_EVENTS_MAX]; /* how often each event was accepted */
	size_t requests;                /* requests answered */
	size_t largest;                 /* events in the largest request */
	int64_t last[BENTO_BATCH_MAX];  /* ids of the last request */
	size_t n_last;
};

/* Makes a Bento that accepts everything. The caller frees it. */
struct fake_bento *fake_bento_new(void);
/* Reads the ids of request i into last. */
void fake_bento_read(struct fake_bento *b, struct rig *r, size_t i);
/* Answers request i and settles. */
void fake_bento_answer(struct fake_bento *b, struct rig *r, size_t i);
/* Answers every request while time passes, until there is none for `ms`. */
void fake_bento_serve(struct fake_bento *b, struct rig *r, int64_t ms);

#endif
