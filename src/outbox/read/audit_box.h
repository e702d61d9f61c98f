/*
 * The boxes that forward to this spooler, as each described itself in its last request. Uses the
 * connection of an audit and follows its rules.
 */
#ifndef OUTBOX_READ_AUDIT_BOX_H
#define OUTBOX_READ_AUDIT_BOX_H

#include "outbox/read/audit.h"

#define AUDIT_BOX_VERSION 32

/* Times are wall ms. */
struct audit_box {
	int64_t site_id;
	char name[AUDIT_NAME_MAX];
	char version[AUDIT_BOX_VERSION]; /* "" when it did not say */
	int64_t first_seen_at, last_seen_at;
	int64_t backlog;   /* its pending events; -1: it did not say */
	int64_t oldest_at; /* when it received the oldest of them; 0: none, or it did not say */
	int64_t events;    /* stored events */
	int64_t duplicates;
	int64_t bytes;      /* of its requests on the way */
	int64_t body_bytes; /* and decompressed */
};

/* Reads all boxes by name; the caller frees the array. */
int outbox_audit_boxes(
    struct outbox_audit *a, struct audit_box **ret_boxes, size_t *ret_n, struct err *e);

#endif
