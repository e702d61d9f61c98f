/*
 * What the files of the admin listener share. Its thread owns all but what is marked. Handlers of
 * routes get a struct admin_request, and fill in a struct admin_reply.
 */
#ifndef ADMIN_STATE_H
#define ADMIN_STATE_H

#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

#include "admin/act/act.h"
#include "admin/admin.h"
#include "admin/minutes.h"
#include "admin/read/disk.h"
#include "admin/read/doctor.h"
#include "admin/read/facts.h"
#include "admin/who/login.h"
#include "admin/who/who.h"
#include "base/buf.h"
#include "base/log.h"
#include "config/config.h"
#include "http/connection.h"
#include "http/server.h"
#include "outbox/read/audit.h"

#define ADMIN_MAX_REPLY (64u << 20)  /* bytes of a reply */
#define ADMIN_MAX_BODY 16384         /* bytes of a request's body */
#define ADMIN_ANSWER_MS 900000       /* a request may wait for its answer this long */
#define ADMIN_SAMPLE_S 10            /* between two samples for the chart */
#define ADMIN_QUERY_SIZE 1024        /* bytes of a query; a longer one is refused */
#define ADMIN_REPLY_HEADERS_SIZE 256 /* bytes of the header lines that a reply adds */

struct route;

struct admin {
	struct admin_options o;                /* listen and the tokens are not kept */
	const struct tls_meter **certificates; /* o.n_certificates; each may be NULL */
	char *database;
	char *control; /* the path of the daemon's control socket */
	struct event_base *base;
	struct server *server;
	struct outbox_audit *audit;     /* NULL: not open, or closed after an error */
	struct word_counts refused;     /* requests to the admin listener, by reason */
	struct word_counts logins;      /* by what the token allows */
	struct word_counts acts;        /* that were carried out, by verb */
	struct act *under_way[ACT_MAX]; /* NULL: a free place */
	struct log_limit refused_log, audit_log, login_log;
	struct config *config; /* held */
	struct minutes minutes;
	struct disk_history disk;
	struct facts facts;
	struct doctor_run doctor;
	struct event sample_event; /* every ADMIN_SAMPLE_S */
	int64_t started_ms;        /* wall ms: when the process started */
	struct who who;

	/* any thread */
	_Atomic bool stopping;
	_Atomic bool ending;                    /* the thread ends at the next wake */
	struct tls_context *_Atomic next_tls;   /* what admin_use_tls left for the thread */
	struct config *_Atomic next_config;     /* what admin_use_config left */
	struct who_tokens *_Atomic next_tokens; /* what admin_commit_tokens left */
	_Atomic bool reload_failed;
	_Atomic int64_t reloaded_ms; /* wall ms: the last reload that was done, or the start */

	/* main thread */
	pthread_t thread;
	bool running;
	int wake_fd; /* written to end the thread, and for next_tls */
	struct event wake_event;
	bool waking, sampling;
	struct who_tokens *prepared; /* NULL: none */
};

/* A request whose head is complete. */
struct admin_request {
	struct admin *admin;
	const struct route *route;
	enum http_method method;
	bool openmetrics; /* the client prefers OpenMetrics to the text format */
	bool secure;      /* a session's cookie is for encrypted connections only */
	struct who_address from;
	struct who_person person;       /* who asks; nobody for ROUTE_OPEN */
	char cookie[LOGIN_COOKIE_SIZE]; /* the name of the session's cookie */
	/* The secret of the person's session; "": no session. */
	char session[WHO_SECRET_HEX + 1];
	struct body body;      /* of a POST */
	struct answer refusal; /* permission.c: one whose numbers are not static */
	char query[ADMIN_QUERY_SIZE];

	/* A handler that answers later sets `waits`, and calls admin_answer then. When nobody waits
	 * for the answer any longer, `gone` is called, and the request is freed. */
	bool waits;
	void (*gone)(void *arg);
	void *gone_arg;
	struct conn *conn;
};

/* What a route answers with. `body` is empty at first, and at most ADMIN_MAX_REPLY bytes. */
struct admin_reply {
	int status;
	const char *type;     /* the Content-Type; static */
	const char *code;     /* a word for programs, with a status from 400 on; static */
	bool probe;           /* such a status is the answer, not a refused request */
	unsigned retry_after; /* seconds; 0: no Retry-After header */
	char headers[ADMIN_REPLY_HEADERS_SIZE]; /* further lines, each with its \r\n */
	struct buf body;
};

/* Hooks of the server. */
void admin_on_head(struct conn *c, const struct http_head *h, void *arg);
void admin_on_body(struct conn *c, void *arg);
void admin_on_refused(struct conn *c, const struct answer *a, void *arg);
void admin_on_gone(void *owner, void *arg);

void admin_reply_init(struct admin_reply *reply);
void admin_reply_free(struct admin_reply *reply);
/* Refuses as the listener itself does: JSON with the code, which is static, and the words. */
void admin_reply_refuse(struct admin_reply *reply, int status, const char *code, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
/* Answers a request that waits, and frees it. Outside of the server's hooks. */
void admin_answer(struct admin_request *r, struct admin_reply *reply);

/* Takes over what admin_commit_tokens has left. */
void admin_take_tokens(struct admin *a);

/* Returns the configuration in force, valid until the next call. */
const struct config *admin_config(struct admin *a);
/* Returns the connection to the database, which it opens when necessary. NULL, with e set: it
 * cannot be opened now. */
struct outbox_audit *admin_audit(struct admin *a, struct err *e);
/* Closes the connection after an error, which is logged, so that the next request opens it again.
 */
void admin_audit_failed(struct admin *a, const struct err *e);

#endif
