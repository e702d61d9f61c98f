/*
 * Segment calls as a file has them, one a line: judged as the ingest listener judges what a server
 * posts, and written as the lines that an import takes. Main thread.
 */
#ifndef CLI_MOVE_SEGMENT_LINE_H
#define CLI_MOVE_SEGMENT_LINE_H

#include "base/buf.h"
#include "config/config.h"
#include "event/segment/segment.h"

struct admission;

struct segment_lines {
	const char *site; /* borrowed */
	bool has_ids;     /* the site keeps ids and their addresses */
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
 * Takes a line apart: an object, or a list of them. How many events it has, or -1, ERR_INPUT. now:
 * wall ms, when it was received if the line does not say so.
 */
int segment_lines_read(struct segment_lines *s, struct slice line, int64_t now, struct err *e);
/* Event i of that line; valid until the next call of these. */
int segment_lines_event(struct segment_lines *s, size_t i, struct slice *ret_line, struct err *e);

#endif
