/* The event that `send` posts: a file's, or one made from the command line. Main thread. */
#ifndef CLI_TEST_EVENT_H
#define CLI_TEST_EVENT_H

#include "base/buf.h"
#include "cli/options.h"

#define TEST_EVENT_MAX 262144 /* bytes */

/* Appends one Segment event as JSON. ERR_INPUT when the options make none. */
int test_event_make(const struct options *o, int64_t now, struct buf *to, struct err *e);

/* Appends a file's text; "-" is standard input. */
int test_event_read(const char *path, struct buf *to, struct err *e);

#endif
