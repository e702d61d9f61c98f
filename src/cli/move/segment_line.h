/*
 * Segment calls from a file, one on each line: admitted as the listener admits a server's calls,
 * and written as lines for an import. Main thread.
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

/* The site's settings decide which kinds it forwards. ERR_INPUT when the configuration lacks the
 * site. */
int segment_lines_open(
    struct segment_lines *s, const struct config *c, const char *site, struct err *e);
void segment_lines_close(struct segment_lines *s);
/*
 * Reads a line: a call, or a list of calls. Returns the number of its events, or -1 with ERR_INPUT.
 * now (wall ms) is the time of receipt when the line has none.
 */
int segment_lines_read(struct segment_lines *s, struct slice line, int64_t now, struct err *e);
/* Gives event i of that line; valid until the next call of either function. */
int segment_lines_event(struct segment_lines *s, size_t i, struct slice *ret_line, struct err *e);

#endif
