/*
 * A statement about an id as one line of JSON, on the way from one outbox into another:
 *
 *	{"identity":{"site":"main","kind":"user","id":"u-1","email":"...",
 *	 "identified_at":1785500000123,"user_id":"u-2","said_at":1785500000456}}
 *
 * The members are the columns of the table identity. Times are wall ms; an absent value has no
 * member. Pure; any thread.
 */
#ifndef OUTBOX_LINES_IDENTITY_LINE_H
#define OUTBOX_LINES_IDENTITY_LINE_H

#include "base/buf.h"
#include "outbox/identity/identity.h"

struct identity_line {
	struct slice site;
	struct identity_fact fact;
};

bool identity_line_is(struct slice line);
/* Slices point into the line or into scratch, which is emptied first. ERR_INPUT when the line is
 * not a statement about an id. */
int identity_line_parse(
    struct slice line, struct identity_line *ret_line, struct buf *scratch, struct err *e);
/* Appends the line without its newline. When `to` is full it records the failure. */
void identity_line_append(const struct identity_line *line, struct buf *to);

#endif
