/*
 * Ingest: the HTTP side that applications talk to. Main thread.
 *
 * http.h      pure reader of request heads and chunked bodies
 * server.h    connections: limits, deadlines, accepting, stopping; connection.h: one connection
 * listen.h    addresses and their sockets; with TLS: tls/context.h and tls/stream.h
 * routes.h    paths to actions
 * auth.h      write keys and origins; client_names.h: names in certificates; webhook.h: signatures;
 *             bento_keys.h: Bento's keys; boxes.h: keys of boxes that forward to this spooler
 * answers.h   responses in Segment's shape, or Bento's
 *
 * The path of a request: its head is checked (path, method, origin, and the write key if the head
 * has it); its body is received into memory of its own and parsed in place; the events, slices of
 * that memory, go to the outbox; the writer's done() puts the request into a mailbox that wakes the
 * event loop, and only then is the request answered. A client that leaves early makes no difference
 * to the writer.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/meter/word_counts.h"
#include "event/mapping/mapping.h"
#include "outbox/outbox.h"

struct event_base;
struct ingest;
struct segment_request;
struct tls_context;

struct ingest_site_options {
	int64_t site_id;
	const char *name;
	/* without keys and client_names: every key is accepted, on loopback and unix sockets only
	 */
	const char *const *write_keys;
	size_t n_write_keys;
	const char *const *client_names; /* in certificates of clients, which need no key then */
	size_t n_client_names;
	const char *const *allow_origins;
	size_t n_allow_origins;
	const char *const
	    *ignore_ids; /* ids that stand for nobody, besides those of event/segment/nobody.h */
	size_t n_ignore_ids;
	struct mapping_options mapping; /* decides which events are forwarded */
	bool erase; /* a delete call erases the person (outbox/operate/erase.h) */
	/* The keys with which clients of Bento may post. NULL or "": such clients may not post. */
	const char *site_uuid;
	const char *publishable_key;
	const char *secret_key;
	const char *const *boxes; /* "NAME KEY" of each box that may forward to the site */
	size_t n_boxes;
	const char *webhook_secret; /* NULL or "": posts to /v1/webhook are not signed */
};

/* All strings are copied. */
struct ingest_options {
	const char *const
	    *listen; /* "127.0.0.1:7300", "[::1]:0", "tls:0.0.0.0:7443", "unix:/path" */
	size_t n_listen;
	struct inherited *inherited; /* may be NULL; used by ingest_new only */
	struct tls_context *tls;     /* held; NULL without "tls:" addresses */
	size_t max_body;             /* bytes of one request's body */
	size_t max_event; /* bytes of one event; a larger one is kept as invalid; 0: no limit */
	size_t max_message_id; /* characters; an event with a longer one is also kept as invalid */
	size_t max_header_bytes; /* of the request line and all headers */
	unsigned max_headers;
	unsigned max_connections;   /* over all listeners */
	size_t max_buffered_bytes;  /* bytes of bodies held over all connections */
	int64_t request_timeout_ms; /* from a request's first byte to its last */
	int64_t idle_timeout_ms;    /* for a keep-alive connection between requests */
	const struct ingest_site_options *sites;
	size_t n_sites;
	const struct clock *clock;
};

/*
 * Binds and listens; the error names the address and what to do. `base` must outlive ingest.
 * ERR_INPUT: a site has no write keys, and there is a listener beyond loopback and unix sockets, or
 * another site.
 */
int ingest_new(const struct ingest_options *o, struct event_base *base, struct outbox *outbox,
    struct ingest **ret_ingest, struct err *e);
/* Replaces what TLS listeners show to their next connections, and holds it. */
void ingest_use_tls(struct ingest *in, struct tls_context *tls);
/* Returns "http://127.0.0.1:7300" with the real port ("https://" with TLS), or "unix:/path", for
 * listener i; NULL past the last one. */
const char *ingest_address(const struct ingest *in, size_t i);
/* Requests since the start. */
struct ingest_requests {
	uint64_t accepted, refused;
};
void ingest_count(const struct ingest *in, struct ingest_requests *ret_requests);
/* The same by outcome, OUTBOX_REQUESTS_ACCEPTED or the reason of a refusal. Any thread may read it,
 * until ingest_free. */
const struct word_counts *ingest_outcomes(const struct ingest *in);
/*
 * Replaces keys, origins and secrets of the same sites, from the next request on. Copies numbers
 * and strings. Returns -1 on failure; nothing changes then.
 */
int ingest_reload_sites(
    struct ingest *in, const struct ingest_site_options *sites, size_t n, struct err *e);
/*
 * Reads r->body, an event that did not come by HTTP, and treats it as if a server had posted it to
 * this site. ERR_INPUT. Main thread.
 */
int ingest_admit(struct ingest *in, int64_t site_id, struct segment_request *r, struct err *e);
/*
 * Stops listening, closes idle connections, and answers requests that wait for their commit. Calls
 * `stopped` (in the event loop) when no connection is left or after deadline_ms.
 */
void ingest_stop(struct ingest *in, int64_t deadline_ms, void (*stopped)(void *arg), void *arg);
/* Call it after outbox_stop: until then the writer may hold requests. */
void ingest_free(struct ingest *in);

#endif
