/* The event of send and check: read from a file, or made from options. Main thread. */
#ifndef CLI_TEST_EVENT_H
#define CLI_TEST_EVENT_H

#include "base/buf.h"
#include "cli/options.h"

#define TEST_EVENT_MAX 262144 /* bytes of an event */

/* Appends one Segment event as JSON; now is wall ms. ERR_INPUT when the options do not describe one
 * event. */
int test_event_make(const struct options *o, int64_t now, struct buf *to, struct err *e);

/* Appends the text of a file, at most TEST_EVENT_MAX bytes; "-" is standard input. */
int test_event_read(const char *path, struct buf *to, struct err *e);

#endif
