/*
 * The operator's side of the daemon: a unix socket of mode 0600 beside the database. Main thread.
 *
 * One request is one line of JSON, and so is each line of its answer:
 *
 *	{"do":"ping"}
 *	{"do":"operate","verb":"requeue","filter":{...},"note":"..."}
 *	{"do":"operate","verb":"undo","id":7,"note":"..."}     {"ok":true,"delivered":1,...}
 *	{"do":"site_control","verb":"pause","site":"main","note":"..."}       without site: every
 *one
 *	{"do":"reload"}                                   {"ok":true,"changed":["..."]}
 *	{"do":"purge","dry_run":false}              {"ok":true,"payloads":5,"rows":2,...}
 *	{"do":"erase","email":"...","dry_run":false}      {"ok":true,"events":5,...}
 *	{"do":"put","site":"main","event":"{\"type\":\"track\",...}"}
 *
 *	{"do":"import","verb":"import","lines":["{...}",...],"operation_id":0,"dry_run":false}
 *	                            {"ok":true,"stored":5,...,"told":[{"line":0,"why":"..."}]}
 *
 *	{"progress":500}                                  operate: events changed so far
 *	{"ok":true,...} or {"ok":false,"code":"input","message":"..."}
 *
 * An operation runs in slices, and ends after the slice under way when its client hangs up. The
 * peer's user id, which the kernel tells, is the actor in the audit.
 *
 * Bounds: CONTROL_MAX_CLIENTS connections, CONTROL_MAX_LINE bytes a line, one request at a time on
 * a connection, CONTROL_IDLE_SECONDS without one.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/outbox.h"

#define CONTROL_MAX_CLIENTS 16
#define CONTROL_MAX_LINE 8388608 /* an import sends events with all that their batch said */
#define CONTROL_IDLE_SECONDS 60

struct cJSON;
struct event_base;
struct control;
struct segment_request;

struct control_site {
	const char *name;
	int64_t site_id;
};

/* All strings are copied. on_site_control is called on the main thread once a pause, its end or a
 * flush is recorded, for each site that it is about. */
struct control_options {
	const char *path; /* of the socket */
	const char *version;
	struct outbox *outbox;
	const struct clock *clock;
	const struct control_site *sites;
	size_t n_sites;
	void (*on_site_control)(void *arg, int64_t site_id, enum site_control_verb verb);
	void *on_site_control_arg;
	/* Reads r->body, one event that `put` brings, and judges it as its site would. */
	int (*judge)(void *arg, int64_t site_id, struct segment_request *r, struct err *e);
	void *judge_arg;
	/* Reads the configuration again; NULL: nothing is changed. */
	struct cJSON *(*on_reload)(void *arg, struct err *e);
	void *on_reload_arg;
	/* What retention takes away now. The archive's name is copied. */
	void (*limits)(void *arg, struct purge_limits *ret_limits, const char **ret_archive);
	void *limits_arg;
};

/* A socket that nobody answers is replaced; ERR_BUSY when somebody does. `base` lives longer. */
int control_new(const struct control_options *o, struct event_base *base,
    struct control **ret_control, struct err *e);
/* Stops listening, removes the socket, hangs up on everybody. */
void control_stop(struct control *c);
/* After control_stop and outbox_stop: until then the writer may hold a message of ours. */
void control_free(struct control *c);

#endif
