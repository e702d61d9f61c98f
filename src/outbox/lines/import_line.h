/*
 * Reading and writing an event as one line of JSON, as outbox/lines/export_line.h describes it.
 * Pure; any thread.
 */
#ifndef OUTBOX_LINES_IMPORT_LINE_H
#define OUTBOX_LINES_IMPORT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/kind.h"

/* A member that the line lacks is an absent slice or 0. Times are wall ms. */
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
	struct slice via;   /* the box that forwarded it */
	int64_t arrived_at; /* when its center received it from that box */
	int64_t settled_at;
	struct slice error;
	int64_t browser;
	struct slice context; /* raw JSON, as are the following slices */
	struct slice integrations;
	struct slice sent_at;
	struct slice body;
};

/* Whether an outbox wrote the line (otherwise it is a call of a Segment client). */
bool import_line_is_ours(struct slice line);
/*
 * Slices of the result point into the line or into scratch, which is emptied first. ERR_INPUT names
 * the wrong member, and also refuses a redacted line, and one with provisional times.
 */
int import_line_parse(
    struct slice line, struct import_line *ret_line, struct buf *scratch, struct err *e);
/* Appends the line without a newline. When `to` is full it records the failure. */
void import_line_append(const struct import_line *line, struct buf *to);

#endif
