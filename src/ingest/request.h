/*
 * Requests with events: from their body to the writer and back. Private to ingest.c and request.c.
 *
 * Main thread, except where it says otherwise.
 */
#ifndef INGEST_REQUEST_H
#define INGEST_REQUEST_H

#include "base/mailbox.h"
#include "event/segment/segment.h"
#include "ingest/admission.h"
#include "ingest/auth/auth.h"
#include "ingest/auth/bento_keys.h"
#include "ingest/auth/webhook.h"
#include "ingest/http/connection.h"
#include "ingest/http/gzip.h"
#include "ingest/routes.h"
#include "outbox/outbox.h"

/*
 * One request from its head to its answer. With the writer (`sent`) it outlives its connection:
 * the body that the events point into must stay until the writer gives it back.
 */
struct request {
	struct outbox_put put; /* first: put.msg.mail travels through the mailboxes */
	struct ingest *ingest;
	struct conn *conn; /* NULL: nobody waits for the answer any more */
	const struct route *route;
	enum auth_verdict verdict; /* on the key, as far as it was seen */
	int64_t site_id;
	size_t bento_keys_of;  /* ROUTE_BENTO_API: of bento_keys_find_keys, */
	uint64_t renewal;      /*     under these settings */
	bool bento_keys_known; /* the query named the site */
	bool browser;          /* it has an Origin */
	bool is_signed;        /* signature is set */
	unsigned char signature[SIGNATURE_SIZE];
	struct segment_request parse;
	struct body body;
	struct gzip gzip; /* open while the body comes in packed */
	size_t charged;   /* to the quota, for the events that were found in the body */
	bool sent;
	struct request *next_spare;
};

struct ingest {
	struct server *server;
	struct auth *auth;
	struct webhook *webhook;
	struct bento_keys *native;
	struct admission *admission;
	uint64_t renewals; /* of keys and secrets */
	struct outbox *outbox;
	const struct clock *clock;
	size_t max_event, max_message_id; /* as in struct ingest_options */
	bool stopping;
	/* what the writer has done with; wake_fd tells the event loop that it is no longer empty */
	struct mailbox done;
	bool have_done;
	int wake_fd;
	struct event wake_event;
	struct request *spare;
	unsigned n_spare;
};

extern const struct answer request_busy, request_wrong_key, request_wrong_bento_api;

/* NULL without memory. */
struct request *request_take(struct ingest *in);
/* hooks.body and hooks.gone of the server. */
void request_on_body(struct conn *c, void *arg);
void request_on_gone(void *owner, void *arg);
/* Opens and closes the way back from the writer. */
int request_open(struct ingest *in, struct event_base *base, struct err *e);
void request_close(struct ingest *in);

#endif
