/*
 * An event as one line of JSON, read again: what outbox/lines/export_line.h says a line is. Pure;
 * any thread.
 */
#ifndef OUTBOX_LINES_IMPORT_LINE_H
#define OUTBOX_LINES_IMPORT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/kind.h"

/* Absent slices and zeros where the line says nothing. Times are wall ms. */
struct import_line {
	struct slice site;
	struct slice message_id;
	enum event_kind kind;
	struct slice name;
	struct slice email;
	enum event_status status;
	struct slice reason;
	int64_t attempts;
	int64_t maybe_sent;
	int64_t received_at;
	int64_t occurred_at;
	int64_t settled_at;
	struct slice error;
	int64_t browser;
	struct slice context; /* these and body: raw */
	struct slice integrations;
	struct slice sent_at;
	struct slice body;
};

/* Whether it is such a line at all, and not what a Segment client says. False for what is no JSON.
 */
bool import_line_is_ours(struct slice line);
/*
 * Slices point into the line or into scratch, which is emptied first. ERR_INPUT says which member
 * is wrong; a line that was redacted is refused, too.
 */
int import_line_parse(
    struct slice line, struct import_line *ret_line, struct buf *scratch, struct err *e);
/* The line, without its end. A full `to` latches. */
void import_line_append(const struct import_line *line, struct buf *to);

#endif
