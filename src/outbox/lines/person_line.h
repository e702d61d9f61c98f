/*
 * A person's ids as one line of JSON, for the way from one outbox into another:
 *
 *	{"person":{"site":"main","email":"...","identified_at":1785500000123,
 *	 "ids":[["user","u-1"],["anonymous","a-1","u-1"]]}}
 *
 * Times are wall ms. Without an address, email and identified_at are missing. The third text of an
 * anonymous id is the userId that it came with. Pure; any thread.
 */
#ifndef OUTBOX_LINES_PERSON_LINE_H
#define OUTBOX_LINES_PERSON_LINE_H

#include "base/buf.h"
#include "outbox/write/identity.h"

struct person_line {
	struct slice site;
	struct identity_person person;
};

/* Whether the line is a person and not an event. */
bool person_line_is(struct slice line);
/* Slices point into the line or into scratch, which is emptied first. ERR_INPUT: it cannot be read.
 */
int person_line_parse(
    struct slice line, struct person_line *ret_line, struct buf *scratch, struct err *e);
/* Appends the line without a newline. A full `to` latches. */
void person_line_append(const struct person_line *line, struct buf *to);

#endif
