/*
 * Ingest: the HTTP side that applications talk to. Main thread.
 *
 * http.h      pure reader of request heads and chunked bodies
 * server.h    connections: limits, deadlines, accepting, stopping; conn.h: one of them
 * listen.h    addresses and their sockets
 * routes.h    paths to actions
 * auth.h      write keys and origins; webhook.h: signatures; bento_keys.h: Bento's keys
 * answers.h   responses in Segment's shape, or Bento's
 *
 * The path of a request: its head is checked (path, method, origin, write key as far as it is
 * there); its body is received into memory of its own and parsed in place; the events, slices of
 * that memory, go to the outbox; the writer's done() puts the request into a mailbox that wakes the
 * event loop, and only then is it answered. A client that leaves meanwhile changes nothing for the
 * writer.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "event/mapping/mapping.h"
#include "outbox/outbox.h"

struct event_base;
struct ingest;
struct segment_request;

struct ingest_site_options {
	int64_t site_id;
	const char *name;
	const char *const *write_keys; /* none: any key, on loopback and unix sockets only */
	size_t n_write_keys;
	const char *const *allow_origins;
	size_t n_allow_origins;
	const char *const *ignore_ids; /* nobody's, beside those of event/segment/nobody.h */
	size_t n_ignore_ids;
	struct mapping_options mapping; /* decides which events are forwarded at all */
	bool erase; /* a delete call erases its person (outbox/operate/erase.h) */
	/* Bento's own: clients of Bento may post with them. NULL or "": none may. */
	const char *site_uuid;
	const char *publishable_key;
	const char *secret_key;
	const char *webhook_secret; /* NULL or "": posts to /v1/webhook are not signed */
};

/* All strings are copied. */
struct ingest_options {
	const char *const *listen; /* "127.0.0.1:7300", "[::1]:0", "unix:/path" */
	size_t n_listen;
	size_t max_body;       /* bytes of one request's body */
	size_t max_event;      /* bytes of one event; what exceeds it is kept as invalid; 0: any */
	size_t max_message_id; /* characters, likewise */
	size_t max_header_bytes; /* of the request line and all headers */
	unsigned max_headers;
	unsigned max_connections;   /* over all listeners */
	size_t max_buffered_bytes;  /* bodies held over all connections */
	int64_t request_timeout_ms; /* from a request's first byte to its last */
	int64_t idle_timeout_ms;    /* a keep-alive connection without a request */
	const struct ingest_site_options *sites;
	size_t n_sites;
	const struct clock *clock;
};

/*
 * Binds and listens; the message names the address and what to do. `base` must live longer.
 * Refuses (ERR_INPUT) to listen beyond loopback and unix sockets, or to serve several sites, when
 * a site has no write keys.
 */
int ingest_new(const struct ingest_options *o, struct event_base *base, struct outbox *outbox,
    struct ingest **ret_ingest, struct err *e);
/* "http://127.0.0.1:7300" or "unix:/path" of listener i, the real port in it; NULL past the last.
 */
const char *ingest_address(const struct ingest *in, size_t i);
/*
 * Other keys, origins and secrets for the same sites, from the next request on. -1: nothing is
 * changed. The numbers and strings are copied.
 */
int ingest_reload_sites(
    struct ingest *in, const struct ingest_site_options *sites, size_t n, struct err *e);
/*
 * Reads an event that came another way, r->body, and treats it as if a server had posted it to this
 * site. ERR_INPUT. Main thread.
 */
int ingest_admit(struct ingest *in, int64_t site_id, struct segment_request *r, struct err *e);
/*
 * Stops listening, closes idle connections, answers what waits for its commit; calls `stopped`
 * (in the event loop) when no connection is left or after deadline_ms.
 */
void ingest_stop(struct ingest *in, int64_t deadline_ms, void (*stopped)(void *arg), void *arg);
/* After outbox_stop: until then the writer may still hold requests that are ours. */
void ingest_free(struct ingest *in);

#endif
