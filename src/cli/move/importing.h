/*
 * What import and adopt share: lines go to the daemon, or without one to an outbox of our own, some
 * at a time; each of them is committed before the next ones are sent.
 */
#ifndef CLI_MOVE_IMPORTING_H
#define CLI_MOVE_IMPORTING_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "cli/options.h"
#include "config/config.h"
#include "outbox/operate/import.h"
#include "term/progress.h"

#define IMPORTING_LINES 200
#define IMPORTING_BYTES 262144

struct control_client;
struct offline;

struct importing {
	const struct config *c;
	const struct options *o;
	const char *verb; /* "import", "adopt" */
	const char *unit; /* of what `number` counts: "line", "event" */
	const char *from; /* what is read */
	struct control_client *client;
	struct offline *offline; /* one of them */
	char actor[64];
	/* what waits to be sent */
	struct buf text;
	size_t begins[IMPORTING_LINES]; /* each ends with a NUL */
	size_t lengths[IMPORTING_LINES];
	int64_t numbers[IMPORTING_LINES];
	size_t n;
	/* so far */
	int64_t last_number; /* of what is stored */
	struct import_counts counts;
	int64_t operation_id;
	struct progress progress;
};

int importing_begin(struct importing *s, const struct config *c, const struct options *o,
    const char *verb, const char *unit, const char *from, struct err *e);
/* Copies the line; number: where it stands, for messages. */
int importing_add(struct importing *s, struct slice line, int64_t number, struct err *e);
/* A line that is not even sent: told, the first few of them, and counted. */
void importing_refuse(struct importing *s, int64_t number, const char *why);
/* Sends the rest when rc is 0, and closes; after -1 too. With -1 the error says how far it came. */
int importing_end(struct importing *s, int rc, struct err *e);
/*
 * The result on standard output; returns the exit code. more: what else its JSON says, taken; NULL:
 * nothing.
 */
int importing_print(const struct importing *s, cJSON *more);

#endif
