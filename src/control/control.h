/*
 * The operator's side of the daemon: a unix socket of mode 0600 beside the database. Main thread.
 *
 * One request is one line of JSON, and so is each line of its answer:
 *
 *	{"do":"ping"}                   {"ok":true,"pid":1,"version":"...","health":"ok",...}
 *	{"do":"reload"}                 {"ok":true,"changed":["..."]}
 *	{"do":"operate","verb":"requeue","filter":{...},"note":"..."}
 *	                                {"ok":true,"events":5,"operation_id":7}
 *	{"do":"operate","verb":"undo","id":7,"note":"..."}
 *	                                {"ok":true,"events":5,"operation_id":8,"delivered":1,...}
 *	{"do":"site_control","verb":"pause","site":"main","note":"..."}, without site: all sites
 *	                                {"ok":true,"sites":1,"paused":0,"operation_id":7}
 *	{"do":"erase","email":"...","dry_run":false}
 *	                                {"ok":true,"events":5,"discarded":1,"quotes":2,...}
 *	{"do":"purge","dry_run":false}  {"ok":true,"payloads":5,"rows":2,"operation_id":7}
 *	{"do":"put","site":"main","event":"{\"type\":\"track\",...}"}
 *	                                {"ok":true,"stored":1,"duplicates":0,"event_id":9}
 *	{"do":"import","verb":"import","lines":["{...}",...],"operation_id":0,"dry_run":false,...}
 *	                                {"ok":true,"stored":5,...,"told":[{"line":0,"why":"..."}]}
 *
 * The last line of an answer has "ok"; a refusal is {"ok":false,"code":"input","message":"..."}. A
 * request that runs in steps sends {"progress":500}, the amount done so far, after each step. When
 * the client hangs up, the request ends after the current step; only erase goes on to its end. The
 * actor in the audit is the user id of the peer, as the kernel reports it. The daemon itself, whose
 * dashboard acts for people who have logged in, adds a member "as":"Anna" to its requests; the
 * actor is then "Anna (dashboard)". From any other process "as" is refused.
 *
 * Bounds: CONTROL_MAX_CLIENTS connections, CONTROL_MAX_LINE bytes for a line, one request at a time
 * on a connection, CONTROL_IDLE_SECONDS without a request.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/outbox.h"

#define CONTROL_MAX_CLIENTS 16
#define CONTROL_MAX_LINE 8388608 /* large, because an import sends whole events */
#define CONTROL_IDLE_SECONDS 60
#define CONTROL_ACTOR_SIZE 128
#define CONTROL_AS_MAX 100 /* bytes of a name in "as" */

struct cJSON;
struct event_base;
struct control;
struct segment_request;

struct control_site {
	const char *name;
	int64_t site_id;
};

/* Strings and sites are copied. The functions are called on the main thread. */
struct control_options {
	const char *path; /* path of the socket */
	const char *version;
	struct outbox *outbox;
	const struct clock *clock;
	const struct control_site *sites;
	size_t n_sites;
	/* Called for each site concerned after a pause, resume or flush was recorded. */
	void (*on_site_control)(void *arg, int64_t site_id, enum site_control_verb verb);
	void *on_site_control_arg;
	/* Reads r->body, the event of a put, and accepts or refuses it as the site's HTTP listener
	 * would. */
	int (*admit)(void *arg, int64_t site_id, struct segment_request *r, struct err *e);
	void *admit_arg;
	/* Reloads the configuration. Returns the changes as texts; NULL, with e set, when nothing
	 * changed. */
	struct cJSON *(*on_reload)(void *arg, struct err *e);
	void *on_reload_arg;
	/* Gives the limits of a purge that starts now. The caller must copy the archive's name at
	 * once. */
	void (*limits)(void *arg, struct purge_limits *ret_limits, const char **ret_archive);
	void *limits_arg;
	/* Adds what else is known to the answer of a ping. */
	void (*describe)(void *arg, struct cJSON *to);
	void *describe_arg;
};

/*
 * Replaces a socket on which nobody answers; ERR_BUSY when another process answers. `base` must
 * outlive the struct control.
 */
int control_new(const struct control_options *o, struct event_base *base,
    struct control **ret_control, struct err *e);
/* Stops listening, removes the socket, closes every connection. */
void control_stop(struct control *c);
/* Call it after control_stop and outbox_stop: until then the writer may hold a message. */
void control_free(struct control *c);
/* Returns the user's name for the audit. The command line also uses it when no daemon runs. */
void control_actor(uid_t uid, char ret_name[CONTROL_ACTOR_SIZE]);

#endif
