/*
 * What a box says about itself in the header Bentospool-Box of each of its requests, such as
 * "version=1.0.0; backlog=12; oldest=1700000000000; clock=1700000300000". Pure; any thread.
 */
#ifndef INGEST_BOX_REPORT_H
#define INGEST_BOX_REPORT_H

#include "base/slice.h"
#include "outbox/origin/box.h"

#define BOX_VERSION_SIZE 32

/* Clocks that differ by no more are left alone: with the time that a request takes, the time of the
 * oldest event would differ from one report to the next. */
#define BOX_CLOCK_SLACK_MS INT64_C(60000)

/*
 * Fills in version, backlog (events; -1: not said) and oldest_at (wall ms; 0: not said, or nothing
 * waits). If the box's clock is wrong, compared with `now`, oldest_at is corrected by as much. A
 * part that is missing or makes no sense counts as not said. The version is copied to `version`, to
 * which the slice points.
 */
void box_report_read(struct slice header, int64_t now, char version[BOX_VERSION_SIZE],
    struct box_report *ret_report);

#endif
