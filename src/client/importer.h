/*
 * Stores many lines from another outbox or from a file, through the daemon or as the writer. Each
 * batch is committed before the next one is sent. Main thread.
 */
#ifndef CLIENT_IMPORTER_H
#define CLIENT_IMPORTER_H

#include "base/buf.h"
#include "config/config.h"
#include "outbox/operate/import.h"

#define IMPORTER_LINES 200
#define IMPORTER_BYTES 262144

/* All strings are borrowed until importer_close. */
struct importer_options {
	const struct config *config;
	const char *verb; /* for the audit: "import", "adopt" */
	const char *from; /* for the audit: what is read */
	const char *site; /* NULL: each line names its site */
	const char *note; /* NULL: none */
	bool dry_run;     /* only counts */
	/* Called for the first few lines that cannot be stored, with the number given to
	 * importer_add. */
	void (*on_refused)(void *arg, int64_t number, const char *why);
	/* Called after each batch with the number of lines so far. */
	void (*on_progress)(void *arg, int64_t lines);
	/* Called when the disk is full or the writer busy: the batch is sent again for a minute. */
	void (*on_wait)(void *arg, const struct err *why);
	void *arg;
};

struct importer {
	struct importer_options options;
	struct client *client;
	/* the lines that are not sent yet */
	struct buf text;
	size_t begins[IMPORTER_LINES]; /* where each line begins in text; a NUL follows each line */
	size_t lengths[IMPORTER_LINES];
	int64_t numbers[IMPORTER_LINES];
	size_t n;
	/* results so far */
	int64_t last_number;          /* number of the last stored line */
	struct outbox_import results; /* counts and operation_id */
};

int importer_open(struct importer *im, const struct importer_options *options, struct err *e);
/* Copies the line. number is its position, for messages. */
int importer_add(struct importer *im, struct slice line, int64_t number, struct err *e);
/* Sends the lines that were added since the last batch. */
int importer_flush(struct importer *im, struct err *e);
/* Counts a line that is not sent; the first few such lines are reported to on_refused. */
void importer_refuse(struct importer *im, int64_t number, const char *why);
/* Sends the rest when rc is 0, and closes in any case. Returns -1 when rc is -1 or the rest
 * failed. */
int importer_close(struct importer *im, int rc, struct err *e);
/* Returns the number of lines handled. */
int64_t importer_lines(const struct importer *im);

#endif
