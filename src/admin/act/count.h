/*
 * Counts what an act would change, on a thread of its own: a filter may have to look at every
 * event, and health checks and metrics must not wait for that.
 */
#ifndef ADMIN_ACT_COUNT_H
#define ADMIN_ACT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/act/act_request.h"
#include "base/err.h"

struct cJSON;
struct count;
struct event_base;

#define COUNT_SAMPLE 5 /* events that a dry run shows */

struct count_result {
	int64_t events;
	int64_t already_delivered; /* requeue: how many of these events Bento receives again */
	struct undo_left left;     /* undo */
	struct cJSON *sample; /* dry run of a filter: the first events; NULL: none. The receiver
				 may take it, and sets it to NULL then */
};

/*
 * The request and the path must stay until the count is over. `done` is called once, on the thread
 * of the event base, with the result, or with e set; the count is then over and freed.
 */
int count_start(struct event_base *base, const char *database, const struct act_request *request,
    void (*done)(void *arg, struct count_result *result, const struct err *e), void *arg,
    struct count **ret_count, struct err *e);
/* Ends the count soon, and waits for its thread. `done` is not called. */
void count_cancel(struct count *c);

#endif
