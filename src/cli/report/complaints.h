/*
 * What went wrong, put together by what was said of it. One thread; memory is bounded however many
 * failures there are.
 */
#ifndef CLI_REPORT_COMPLAINTS_H
#define CLI_REPORT_COMPLAINTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define COMPLAINT_TEXT 512
#define COMPLAINT_WORD 64

struct cJSON;
struct outbox_audit;
struct outbox_filter;
struct tally;

/* Failures that say the same. Times are wall ms, 0: unknown. */
struct complaint {
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t example_id; /* the newest of them */
	int http_status;    /* 0: none */
	char site[COMPLAINT_WORD];
	char status[COMPLAINT_WORD];
	char reason[COMPLAINT_WORD];  /* "": none */
	char error[COMPLAINT_TEXT];   /* with stand-ins; "": nothing was said */
	char example[COMPLAINT_TEXT]; /* what was said of the example */
};

/*
 * Appends text with stand-ins for what differs from event to event: (address) for a word with an @,
 * # for a word with five digits or more. Pure.
 */
void complaint_fold(struct slice text, struct buf *to);

/* The values are struct complaint, the most events first; tally_free when done. */
int complaints_collect(struct outbox_audit *audit, const struct outbox_filter *filter,
    struct tally **ret_tally, struct err *e);
/* "failed, HTTP 422, rejected": in one line. */
void complaint_describe(const struct complaint *c, struct buf *to);

struct cJSON *complaint_json(const struct complaint *c);

#endif
