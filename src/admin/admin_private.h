/* Shared by the files of the admin listener. Its thread owns all but what is marked. */
#ifndef ADMIN_ADMIN_PRIVATE_H
#define ADMIN_ADMIN_PRIVATE_H

#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

#include "admin/admin.h"
#include "admin/minutes.h"
#include "base/buf.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/server.h"
#include "outbox/read/audit.h"

#define ADMIN_MAX_REPLY (64u << 20) /* bytes of a reply */
#define ADMIN_SAMPLE_S 10           /* between two samples for the chart */
#define ADMIN_QUERY_SIZE 1024       /* bytes of a query; a longer one is refused */

struct route;

struct admin {
	struct admin_options o; /* listen is not kept */
	char *database;
	struct event_base *base;
	struct server *server;
	struct outbox_audit *audit; /* NULL: not open, or closed after an error */
	struct word_counts refused; /* requests to the admin listener, by reason */
	struct log_limit refused_log, audit_log;
	struct minutes minutes;
	struct event sample_event; /* every ADMIN_SAMPLE_S */
	int64_t started_ms;        /* wall ms: when the process started */

	/* any thread */
	_Atomic bool stopping;
	_Atomic bool ending;                  /* the thread ends at the next wake */
	struct tls_context *_Atomic next_tls; /* what admin_use_tls left for the thread */
	_Atomic bool reload_failed;
	_Atomic int64_t reloaded_ms; /* wall ms: the last reload that was done, or the start */

	/* main thread */
	pthread_t thread;
	bool running;
	int wake_fd; /* written to end the thread, and for next_tls */
	struct event wake_event;
	bool waking, sampling;
};

/* A request whose head is complete. */
struct admin_request {
	struct admin *admin;
	const struct route *route;
	enum http_method method;
	bool openmetrics; /* the client prefers OpenMetrics to the text format */
	char query[ADMIN_QUERY_SIZE];
};

/* What a route answers with. `body` is empty at first, and at most ADMIN_MAX_REPLY bytes. */
struct admin_reply {
	int status;
	const char *type; /* the Content-Type; static */
	const char *code; /* a word for programs, with a status from 400 on; static */
	bool probe;       /* such a status is the answer, not a refused request */
	struct buf body;
};

/* Hooks of the server. */
void admin_on_head(struct conn *c, const struct http_head *h, void *arg);
void admin_on_body(struct conn *c, void *arg);
void admin_on_refused(struct conn *c, const struct answer *a, void *arg);
void admin_on_gone(void *owner, void *arg);

/* Returns the connection to the database, which it opens when necessary. NULL, with e set: it
 * cannot be opened now. */
struct outbox_audit *admin_audit(struct admin *a, struct err *e);
/* Closes the connection after an error, which is logged, so that the next request opens it again.
 */
void admin_audit_failed(struct admin *a, const struct err *e);

#endif
