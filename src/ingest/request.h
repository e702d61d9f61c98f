/*
 * A request with events, from its head to its answer. Private to the top of ingest. Main thread.
 */
#ifndef INGEST_REQUEST_H
#define INGEST_REQUEST_H

#include "base/mailbox.h"
#include "event/segment/segment.h"
#include "http/connection.h"
#include "http/gzip.h"
#include "ingest/admission.h"
#include "ingest/auth/auth.h"
#include "ingest/auth/bento_keys.h"
#include "ingest/auth/boxes.h"
#include "ingest/auth/client_names.h"
#include "ingest/auth/webhook.h"
#include "ingest/box_report.h"
#include "ingest/refusals.h"
#include "ingest/routes.h"
#include "outbox/outbox.h"

/*
 * While the writer has the request (`sent`), it may outlive its connection: the events point into
 * the body, which must stay until the writer returns the request.
 */
struct request {
	struct outbox_put put; /* must be first: put.msg.mail travels through the mailboxes */
	struct ingest *ingest;
	struct conn *conn; /* NULL: the client no longer waits for the answer */
	const struct route *route;
	/* who posts: */
	enum auth_result key;    /* the result for the key in the head */
	int64_t site_id;         /* valid once the sender is known */
	enum auth_result client; /* the result for the names in the client's certificate */
	int64_t client_site_id;
	size_t bento_pair;     /* ROUTE_BENTO_API: the result of bento_keys_find_pair */
	uint64_t generation;   /* struct ingest's generation when the head was checked */
	bool bento_site_known; /* the query named the site */
	/* ROUTE_FLEET: the box and what it says about itself */
	char box_name[BOXES_NAME_SIZE];
	char box_version[BOX_VERSION_SIZE];
	struct box_report box;
	bool asks;          /* a GET: the box only asks whether its key is right */
	bool browser;       /* the request has an Origin header */
	bool origin_listed; /* allow_origins has that origin */
	bool is_signed;     /* signature is set */
	unsigned char signature[SIGNATURE_SIZE];
	/* the parsed body */
	struct segment_request parse;
	struct body body;
	struct gzip gzip; /* open while a compressed body arrives */
	size_t charged;   /* bytes charged to the quota for the events found in the body */
	bool sent;
	struct request *next_spare;
};

struct ingest {
	struct server *server;
	struct auth *auth;
	struct webhook *webhook;
	struct bento_keys *bento_keys;
	struct boxes *boxes;
	struct client_names *client_names;
	struct admission *admission;
	uint64_t generation; /* generation of keys and secrets: the number of reloads */
	struct outbox *outbox;
	struct refusals *refusals;
	const struct clock *clock;
	size_t max_event, max_message_id; /* as in struct ingest_options */
	/* requests that the writer has returned; wake_fd wakes the event loop */
	struct mailbox done;
	bool have_done;
	int wake_fd;
	struct event wake_event;
	struct event round_end; /* active while the writer has to be woken */
	struct event second;    /* for refusals_tick */
	bool ticking;           /* `second` is active */
	/* arguments of ingest_stop */
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct request *spare;
	unsigned n_spare;
};

extern const struct answer request_busy;

/* Hooks of the server. */
void request_on_head(struct conn *c, const struct http_head *h, void *arg);
void request_on_body(struct conn *c, void *arg);
void request_on_refused(struct conn *c, const struct answer *a, void *arg);
void request_on_gone(void *owner, void *arg);
/* Answers the client and releases the request. */
void request_answer(struct request *r, const struct answer *a);

#endif
