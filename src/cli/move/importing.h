/*
 * The output of import and adopt: the progress line, the lines that cannot be stored, and the
 * result. client/importer handles the lines themselves.
 */
#ifndef CLI_MOVE_IMPORTING_H
#define CLI_MOVE_IMPORTING_H

#include "cli/options.h"
#include "client/importer.h"
#include "config/config.h"
#include "term/progress.h"

struct cJSON;

struct importing {
	const struct config *c;
	const struct options *o;
	const char *verb; /* "import", "adopt" */
	const char *unit; /* what is numbered: "line" or "event" */
	const char *from; /* the name of the file */
	struct importer importer;
	struct progress progress;
};

int importing_begin(struct importing *s, const struct config *c, const struct options *o,
    const char *verb, const char *unit, const char *from, struct err *e);
/* Calls importer_close; after -1 the error says how far the import came. */
int importing_end(struct importing *s, int rc, struct err *e);
/* Prints the result on standard output; returns the exit code. stay: becomes the member "stay"
 * of the JSON, and is freed; may be NULL. */
int importing_print(const struct importing *s, struct cJSON *stay);

#endif
