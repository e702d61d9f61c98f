/*
 * The results of a run: requests by status, and latencies in a histogram of bounded size. A bucket
 * is at most 1/64 of its value wide.
 */
#ifndef TOOLS_LOAD_REPORT_H
#define TOOLS_LOAD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_SUB_BITS 6
#define REPORT_BUCKETS ((64 - REPORT_SUB_BITS + 1) << REPORT_SUB_BITS)
#define REPORT_STATUSES 600

struct report {
	uint64_t requests[REPORT_STATUSES]; /* by the status of the answer */
	uint64_t no_answer;                 /* requests without an answer */
	uint64_t connect_failed;            /* failed attempts to connect */
	uint64_t sent_events;
	uint64_t acked_events; /* answered 200 */
	uint64_t latency[REPORT_BUCKETS];
	uint64_t answers;
	uint64_t max_us;
	double seconds; /* from the first request to the last answer */
};

void report_answer(struct report *r, unsigned status, unsigned n_events, uint64_t latency_us);
/* The smallest latency in ms that at least this share of the answers did not exceed; 0 without
 * answers. */
double report_quantile(const struct report *r, double share);
void report_print(const struct report *r, bool json, FILE *to);

#endif
