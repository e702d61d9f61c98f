/*
 * The two files that tests read: events that were accepted, and requests that came. Lines are
 * gathered for one request and written at once, before its answer goes out. Belongs to one thread.
 */
#ifndef TOOLS_SIM_RECORD_H
#define TOOLS_SIM_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct record {
	int fd; /* -1: nobody wants it */
	const char *path;
	struct buf lines;
};

/* Opens for appending; path NULL makes a record that forgets everything. */
int record_open(struct record *r, const char *path, struct err *e);
void record_close(struct record *r);

struct record_event {
	uint64_t request;
	struct slice site_uuid;
	const char *member; /* "event" or "subscriber" */
	struct slice raw;   /* as received */
	bool suppressed;    /* marks the line */
};

/* The event stands byte for byte as received, but line breaks between its members are spaces. */
void record_add_event(struct record *r, const struct record_event *event);

struct record_request {
	uint64_t n;
	int64_t wall_ms;
	struct slice method;
	struct slice path;
	unsigned status; /* 0: no answer goes out */
	struct slice authorization;
	struct slice user_agent;
	uint64_t events;
	uint64_t results;
	uint64_t failed;
	uint64_t suppressed;
	uint64_t bytes; /* of the body */
	const char *fault;
};

void record_add_request(struct record *r, const struct record_request *request);

/* Writes what was gathered. */
int record_flush(struct record *r, struct err *e);

#endif
