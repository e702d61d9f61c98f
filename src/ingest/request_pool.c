/*
 * The memory of requests. A finished request is kept, with little memory, to be used again. Bodies,
 * zlib's memory and the events found in a body are charged to one quota over all connections
 * (max_buffered); this file gives back every charge. Fails only without memory or quota.
 */
#include "ingest/request_pool.h"

#include <stdlib.h>

#define MAX_SPARE_REQUESTS 128
#define KEPT_EVENTS 64 /* events of a parse whose memory is kept for the next request */
#define KEPT_SCRATCH 16384

struct request *
request_take(struct ingest *in)
{
	struct request *r = in->spare;

	if (r != NULL) {
		in->spare = r->next_spare;
		in->n_spare--;
		return r;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->ingest = in;
	segment_request_init(&r->parse);
	return r;
}

/* Whether a parse holds more memory than a spare request keeps. */
static bool
is_large(const struct segment_request *parse)
{
	return parse->cap_events > KEPT_EVENTS || parse->cap_origins > KEPT_EVENTS
	       || parse->scratch.cap + parse->details.cap > KEPT_SCRATCH;
}

void
request_free(struct request *r)
{
	body_quota_give(&r->ingest->server->quota, r->charged);
	gzip_close(&r->gzip, &r->ingest->server->quota);
	body_free(&r->body, &r->ingest->server->quota);
	segment_request_free(&r->parse);
	free(r);
}

void
request_release(struct request *r)
{
	struct ingest *in = r->ingest;

	body_quota_give(&in->server->quota, r->charged);
	r->charged = 0;
	gzip_close(&r->gzip, &in->server->quota);
	if (in->n_spare == MAX_SPARE_REQUESTS) {
		request_free(r);
		return;
	}
	body_clear(&r->body, &in->server->quota);
	if (is_large(&r->parse)) {
		segment_request_free(&r->parse);
		segment_request_init(&r->parse);
	}
	r->conn = NULL;
	r->sent = false;
	r->next_spare = in->spare;
	in->spare = r;
	in->n_spare++;
}

void
request_free_spare(struct ingest *in)
{
	struct request *r;

	while ((r = in->spare) != NULL) {
		in->spare = r->next_spare;
		request_free(r);
	}
}

int
request_charge_events(struct request *r)
{
	const struct segment_request *parse = &r->parse;
	size_t n = parse->cap_events * sizeof(*parse->events)
		   + parse->cap_origins * sizeof(*parse->origins) + parse->scratch.cap
		   + parse->details.cap;

	if (!is_large(parse))
		return 0;
	if (body_quota_take(&r->ingest->server->quota, n) != 0)
		return -1;
	r->charged = n;
	return 0;
}

size_t
request_max_events(const struct request *r)
{
	const struct body_quota *q = &r->ingest->server->quota;
	size_t held = r->body.cap + r->body.n; /* the body and its decoded texts */
	size_t room = q->max > held ? q->max - held : 0;
	size_t n = room / (sizeof(struct segment_event) + SEGMENT_DETAIL_MAX);

	return n > KEPT_EVENTS ? n : KEPT_EVENTS;
}
