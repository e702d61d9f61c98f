/*
 * The options of spool-load. Filled once from the command line, then only read.
 */
#ifndef TOOLS_LOAD_OPTIONS_H
#define TOOLS_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LOAD_MAX_CONNECTIONS 4096
#define LOAD_MAX_BATCH 100000
#define LOAD_MAX_REQUEST (64u << 20)
#define LOAD_MIN_EVENT 512
#define LOAD_MAX_EVENT 1000000

enum load_ids {
	LOAD_IDS_ORDERED, /* time-ordered: UUID version 7 */
	LOAD_IDS_RANDOM   /* UUID version 4 */
};

struct load_options {
	char host[256]; /* from --url; "" with --unix */
	char port[8];
	bool tls;              /* from --url */
	const char *unix_path; /* NULL with --url */
	unsigned connections;
	uint64_t events; /* 0: as many as the duration allows */
	unsigned batch;  /* events in a request to /v1/batch; 0: single events to /v1/track */
	size_t size;     /* bytes of one event */
	enum load_ids ids;
	const char *write_key;  /* NULL: none */
	double rate;            /* events per second; 0: no limit */
	const char *acked_path; /* NULL: none */
	double duration;        /* seconds; 0: until all events are sent */
	double patience;        /* seconds without any connection before the run gives up */
	bool json;
};

/* Returns 0 to run, 1 when help was printed, -1 when e says what is wrong. Borrows argv while o is
 * in use. */
int load_options_parse(int argc, char **argv, struct load_options *ret_o, struct err *e);

#endif
