/*
 * What import and adopt share towards people: the progress line, the lines that cannot be stored,
 * and the result. The lines themselves go through client/importer.
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
	const char *unit; /* of what the numbers of lines count: "line", "event" */
	const char *from; /* what is read */
	struct importer importer;
	struct progress progress;
};

int importing_begin(struct importing *s, const struct config *c, const struct options *o,
    const char *verb, const char *unit, const char *from, struct err *e);
/* importer_close; with -1 the error says how far it came. */
int importing_end(struct importing *s, int rc, struct err *e);
/*
 * The result on standard output; returns the exit code. stay: what its JSON says under that name,
 * taken; NULL: nothing.
 */
int importing_print(const struct importing *s, struct cJSON *stay);

#endif
