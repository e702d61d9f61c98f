/*
 * Counts of requests to ingest by outcome (outbox/write/requests.h). Uses the connection of an
 * audit and follows its rules.
 */
#ifndef OUTBOX_READ_AUDIT_INTAKE_H
#define OUTBOX_READ_AUDIT_INTAKE_H

#include "outbox/read/audit.h"

#define AUDIT_OUTCOMES 64
#define AUDIT_OUTCOME_SIZE 40

struct audit_intake {
	int64_t accepted;
	int64_t refused; /* for all reasons together */
	int64_t reused;  /* events whose messageId was known with other content */
	/* Refusals by reason, the most frequent first. */
	struct {
		char reason[AUDIT_OUTCOME_SIZE];
		int64_t requests;
	} reasons[AUDIT_OUTCOMES];
	size_t n_reasons;
};

/* Counts from the start of the ten-minute interval that contains `since` (wall ms). */
int outbox_audit_intake(
    struct outbox_audit *a, int64_t since, struct audit_intake *ret_requests, struct err *e);

#endif
