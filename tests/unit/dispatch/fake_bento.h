/* A Bento for the dispatcher's rig: reads what the requests carry, and answers as the test says. */
#ifndef UNIT_DISPATCH_FAKE_BENTO_H
#define UNIT_DISPATCH_FAKE_BENTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unit/dispatch/dispatch_rig.h"

/* The most events that a test may have. */
#define BENTO_EVENTS_MAX 100001
#define BENTO_BATCH_MAX 1000

struct fake_bento {
	int bad_status;                 /* a batch with a bad event in it is answered so; 0:
					 * results 0 */
	int status;                     /* every batch is; 0: no */
	size_t max_bytes;               /* larger bodies are a 413; 0: none is */
	bool partial;                   /* bad ones alone fail, the others are taken */
	bool bad[BENTO_EVENTS_MAX];     /* by id */
	unsigned got[BENTO_EVENTS_MAX]; /* how often each was accepted */
	size_t requests;                /* answered */
	size_t largest;                 /* events in one of them */
	int64_t last[BENTO_BATCH_MAX];  /* ids of the last request */
	size_t n_last;
};

/* A new one that accepts everything. Free with free(). */
struct fake_bento *fake_bento_new(void);
/* Reads the ids of request i into last. */
void fake_bento_read(struct fake_bento *b, struct rig *r, size_t i);
/* Answers request i, and settles. */
void fake_bento_answer(struct fake_bento *b, struct rig *r, size_t i);
/* Answers every request, with time passing between, until there is none for `ms`. */
void fake_bento_serve(struct fake_bento *b, struct rig *r, int64_t ms);

#endif
