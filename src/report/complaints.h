/*
 * Failures grouped by Bento's error. One thread; memory does not depend on the number of failures.
 */
#ifndef REPORT_COMPLAINTS_H
#define REPORT_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "report/event_json.h"

#define COMPLAINT_TEXT 512
#define COMPLAINT_WORD 64

/* Placeholders in an error. */
#define COMPLAINT_ADDRESS "(address)"
#define COMPLAINT_NUMBER "#"

struct audit_budget;
struct cJSON;
struct outbox_audit;
struct outbox_filter;
struct tally;

/* A group of failures with the same error. Times are wall ms, 0 when unknown. */
struct complaint {
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t example_id; /* the newest event of the group */
	int http_status;    /* 0 for none */
	char site[COMPLAINT_WORD];
	char status[COMPLAINT_WORD];
	char reason[COMPLAINT_WORD];  /* "" for none */
	char error[COMPLAINT_TEXT];   /* with placeholders; "" for none */
	bool is_cut;                  /* only the beginning of the error was compared */
	char example[COMPLAINT_TEXT]; /* the error of the example */
};

/*
 * Appends the text with placeholders for parts that differ between events: (address) for a word
 * with an @, # for a word with five digits or more. Pure.
 */
void complaint_fold(struct slice text, struct buf *to);

/* Collects values of struct complaint, most events first; the caller calls tally_free. */
int complaints_collect(struct outbox_audit *audit, const struct outbox_filter *filter,
    struct tally **ret_tally, struct err *e);
/* Like complaints_collect, within a budget. ret_complete: all failures were counted. */
int complaints_collect_recent(struct outbox_audit *audit, const struct outbox_filter *filter,
    struct audit_budget *budget, struct tally **ret_tally, bool *ret_complete, struct err *e);
/* Appends one line: "failed, HTTP 422, rejected". */
void complaint_describe(const struct complaint *c, struct buf *to);

/* Returns the group with its remedy (report/mend.h). */
struct cJSON *complaint_json(const struct complaint *c, enum json_form form);

#endif
