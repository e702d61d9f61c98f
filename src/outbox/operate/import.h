/*
 * OUTBOX_IMPORT: stores events of another outbox or of a file, with their history, and another
 * outbox's statements about ids. A message carries some lines (outbox/lines/import_line.h,
 * outbox/lines/identity_line.h), which one transaction stores; the sender then sends the next ones.
 * A repeated line changes nothing, because its messageId is known. ERR_FULL while the disk has no
 * space for new events.
 */
#ifndef OUTBOX_OPERATE_IMPORT_H
#define OUTBOX_OPERATE_IMPORT_H

#include "outbox/outbox.h"

#define IMPORT_TOLD_MAX 8 /* bad lines that one message reports; the others are counted */
#define IMPORT_WHY_SIZE 160

/* A line that cannot be used. */
struct import_bad {
	size_t line; /* number of the line within the message, from 0 */
	char why[IMPORT_WHY_SIZE];
};

struct import_counts {
	int64_t stored;
	int64_t duplicates; /* events whose messageId the site already has */
	int64_t delivered;  /* not stored, because nothing is left to do */
	int64_t bodyless;   /* not stored: settled, and without a body */
	int64_t bad;        /* lines that cannot be used */
	int64_t identities; /* new statements about ids */
};

struct outbox_import {
	struct outbox_msg msg;
	const char *verb;  /* for the audit: "import", "adopt" */
	const char *actor; /* for the audit: the person who imports */
	const char *from;  /* for the audit: the file; NULL: unknown */
	const char *note;  /* NULL: none */
	const char *site;  /* the site of all lines; NULL: each line names its own */
	bool dry_run;      /* only count; a line that occurs twice is counted twice */
	int64_t operation; /* operation_id of the import's previous message; 0: this is the first */
	const struct slice *lines;
	size_t n_lines;
	/* result */
	struct import_counts counts;
	int64_t operation_id; /* the import's row in the audit; 0 while nothing was stored */
	struct import_bad told[IMPORT_TOLD_MAX]; /* the first bad lines */
	size_t n_told;
};

#endif
