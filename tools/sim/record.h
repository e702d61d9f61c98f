/*
 * The two files that tests read: accepted events, and received requests. The lines of one request
 * are written at once, before its answer is sent. Belongs to one thread.
 */
#ifndef TOOLS_SIM_RECORD_H
#define TOOLS_SIM_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct record {
	int fd; /* -1: not recorded */
	const char *path;
	struct buf lines;
};

/* Opens the file for appending. With path NULL the record discards everything. */
int record_open(struct record *r, const char *path, struct err *e);
void record_close(struct record *r);

struct record_event {
	uint64_t request;
	struct slice site_uuid;
	const char *member; /* "event" or "subscriber" */
	struct slice raw;   /* as received */
	bool suppressed;    /* adds "suppressed":true to the line */
};

/* Keeps the event's bytes, except that line breaks between its members become blanks. */
void record_add_event(struct record *r, const struct record_event *event);

struct record_request {
	uint64_t n;
	int64_t wall_ms;
	struct slice method;
	struct slice path;
	unsigned status; /* 0: no answer is sent */
	struct slice authorization;
	struct slice user_agent;
	uint64_t events;
	uint64_t results;
	uint64_t failed;
	uint64_t suppressed;
	uint64_t bytes; /* size of the body */
	const char *fault;
};

void record_add_request(struct record *r, const struct record_request *request);

/* Writes the collected lines. */
int record_flush(struct record *r, struct err *e);

#endif
