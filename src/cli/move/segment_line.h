/*
 * Segment calls from a file, one a line: admitted as the ingest listener admits a server's, and
 * written as the lines that an import takes. Main thread.
 */
#ifndef CLI_MOVE_SEGMENT_LINE_H
#define CLI_MOVE_SEGMENT_LINE_H

#include "base/buf.h"
#include "config/config.h"
#include "event/segment/segment.h"

struct admission;

struct segment_lines {
	const char *site; /* borrowed */
	bool has_ids;     /* the site keeps the addresses of ids */
	size_t max_event;
	size_t max_message_id;
	struct admission *admission;
	struct segment_request request;
	struct buf line;
};

/* The site's settings say which kinds it forwards: ERR_INPUT when the configuration has none. */
int segment_lines_open(
    struct segment_lines *s, const struct config *c, const char *site, struct err *e);
void segment_lines_close(struct segment_lines *s);
/*
 * Reads a line: an object, or a list of them. Returns how many events it has, or -1, ERR_INPUT.
 * now: wall ms, taken as the time of receipt when the line names none.
 */
int segment_lines_read(struct segment_lines *s, struct slice line, int64_t now, struct err *e);
/* Event i of that line; valid until the next call of either function. */
int segment_lines_event(struct segment_lines *s, size_t i, struct slice *ret_line, struct err *e);

#endif
