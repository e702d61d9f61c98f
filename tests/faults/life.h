/*
 * A life of an outbox on the disk of faults/disk.h, with every kind of change: two starts and
 * stops, single events and batches, attempts and their ends, operations, identities, import,
 * retention with an archive, erasure, a backup, checkpoints and the write-ahead log written again
 * from its start.
 *
 * Whatever the outbox acknowledges becomes a promise: a query, and the number that it must give
 * from then on, or a file that must be there.
 */
#ifndef FAULTS_LIFE_H
#define FAULTS_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define LIFE_PROMISES 512

struct life_promise {
	size_t from, until; /* moments in the trace of the disk */
	char sql[256];      /* "": a file */
	int64_t number;
	char file[32]; /* name of the file, and a copy of it when it was acknowledged */
	unsigned char *p;
	size_t n;
};

struct life {
	const char *directory, *database;
	struct life_promise promise[LIFE_PROMISES];
	size_t n_promises;
	size_t acks[LIFE_PROMISES]; /* the moments of acknowledgments, ascending */
	size_t n_acks;
	int n_failed;         /* messages and steps that failed */
	bool acked_when_dead; /* something was acknowledged although the outbox had failed */
	size_t opened;        /* the first moment at which the outbox was open; 0: never */
};

/* Lives it in this empty directory; the disk must be watching. */
void life_live(struct life *life, const char *directory, const char *database);
void life_free(struct life *life);
/* The clock of the life; it stands at the end of the life for whoever comes later. */
extern const struct clock life_clock;

#endif
