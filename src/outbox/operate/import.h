/*
 * OUTBOX_IMPORT: stores events that were another outbox's, or that a file has, with all that is
 * known of them, and whose the ids of persons are. A message carries some lines
 * (outbox/import_line.h, outbox/person_line.h), one transaction stores them,
 * and its sender goes on with the next ones once it is back. Who brings a line a second time
 * changes nothing: its messageId is there.
 */
#ifndef OUTBOX_OPERATE_IMPORT_H
#define OUTBOX_OPERATE_IMPORT_H

#include "outbox/outbox.h"

#define IMPORT_TOLD_MAX 8
#define IMPORT_WHY_SIZE 160

struct import_bad {
	size_t line; /* of the message; from 0 */
	char why[IMPORT_WHY_SIZE];
};

struct import_counts {
	int64_t stored;
	int64_t duplicates; /* the site has that messageId */
	int64_t delivered;  /* left out: they are history */
	int64_t bodyless;   /* settled ones without a body: nothing could be sent any more */
	int64_t bad;
	int64_t identities; /* ids of persons, known from now on */
};

struct outbox_import {
	struct outbox_msg msg;
	/* Static or the sender's until done(). */
	const char *verb;  /* for the audit: "import", "adopt" */
	const char *actor; /* of the first message */
	const char *from;  /* for the audit: the file; NULL: nobody knows */
	const char *note;  /* NULL: none */
	const char *site;  /* stores all there; NULL: where each line says */
	bool dry_run;      /* only counts; what stands twice in the lines is counted twice */
	int64_t operation; /* what the message before it had; 0: there was none */
	const struct slice *lines;
	size_t n_lines;
	/* result */
	struct import_counts counts;
	int64_t operation_id; /* its row in the audit; 0: nothing was stored yet */
	struct import_bad told[IMPORT_TOLD_MAX]; /* the first ones */
	size_t n_told;
};

#endif
