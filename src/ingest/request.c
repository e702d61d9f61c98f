#include "ingest/request.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event/bento/bento_api.h"
#include "event/json/json.h"

#define MAX_SPARE_REQUESTS 128
#define KEPT_EVENTS 64 /* of a parse, from one request to the next */
#define KEPT_SCRATCH 16384

static const struct answer ok = { .status = 200 };
const struct answer request_wrong_key = { .status = 401,
	.code = "invalid_write_key",
	.message = "the write key is missing or not one of write_keys" };
const struct answer request_wrong_bento_api = { .status = 401,
	.code = "unauthorized",
	.message = "publishable key, secret key and site_uuid are not those of a site of this "
		   "spooler" };
static const struct answer renewed = { .status = 503,
	.code = "renewed",
	.message = "the keys were renewed while this was posted; try again",
	.retry_after = 1 };
static const struct answer wrong_signature = { .status = 401,
	.code = "invalid_signature",
	.message = "X-Signature is missing or does not fit webhook_secret" };
const struct answer request_busy = { .status = 503,
	.code = "busy",
	.message = "too many requests wait to be stored; try again",
	.retry_after = 1 };
static const struct answer disk_full = { .status = 503,
	.code = "storage_full",
	.message = "there is no space to store events; try again later",
	.retry_after = 30 };
static const struct answer locked = { .status = 503,
	.code = "storage_busy",
	.message = "another program holds the lock of the database; try again later",
	.retry_after = 5 };
static const struct answer not_stored = { .status = 503,
	.code = "storage_failed",
	.message = "the events could not be stored; try again later",
	.retry_after = 5 };

/* ---- requests ----------------------------------------------------------------------- */

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

/* Memory of a parse beyond what a request keeps. */
static bool
is_large(const struct segment_request *parse)
{
	return parse->cap_events > KEPT_EVENTS
	       || parse->scratch.cap + parse->details.cap > KEPT_SCRATCH;
}

static void
free_request(struct request *r)
{
	body_quota_give(&r->ingest->server->quota, r->charged);
	gzip_close(&r->gzip, &r->ingest->server->quota);
	body_free(&r->body, &r->ingest->server->quota);
	segment_request_free(&r->parse);
	free(r);
}

/* For the next one, with little memory. */
static void
release_request(struct request *r)
{
	struct ingest *in = r->ingest;

	body_quota_give(&in->server->quota, r->charged);
	r->charged = 0;
	gzip_close(&r->gzip, &in->server->quota);
	if (in->n_spare == MAX_SPARE_REQUESTS) {
		free_request(r);
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

static void
finish(struct request *r, const struct answer *a)
{
	struct conn *c = r->conn;

	c->owner = NULL;
	c->body = NULL;
	c->gzip = NULL;
	conn_answer(c, a);
	release_request(r);
}

void
request_on_gone(void *owner, void *arg)
{
	struct request *r = owner;

	(void)arg;
	r->conn = NULL;
	if (!r->sent)
		release_request(r);
}

/* ---- the writer --------------------------------------------------------------------- */

/* Writer thread. */
static void
on_stored(struct outbox_msg *msg, void *arg)
{
	struct ingest *in = arg;

	mailbox_push_always(&in->done, &msg->mail);
}

/* Writer thread: the mailbox was empty. */
static void
wake_loop(void *arg)
{
	const struct ingest *in = arg;
	const uint64_t one = 1;
	ssize_t n;

	/* An eventfd cannot be full of ones, so only a signal can be in the way. */
	do
		n = write(in->wake_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

static const struct answer *
refusal_for(const struct outbox_msg *msg)
{
	if (msg->err.code == ERR_BUSY)
		return &locked;
	return msg->err.code == ERR_FULL ? &disk_full : &not_stored;
}

/* How many will be sent, and how many never can be. */
static struct answer
count_events(const struct segment_request *parse)
{
	struct answer a = ok;

	for (size_t i = 0; i < parse->n_events; i++)
		a.failed += parse->events[i].status == STATUS_INVALID;
	a.results = parse->n_events - a.failed;
	return a;
}

static void
answer_stored(struct request *r)
{
	struct answer a = ok;

	if (r->put.msg.rc != 0)
		a = *refusal_for(&r->put.msg);
	else if (r->route->action == ROUTE_BENTO_API)
		a = count_events(&r->parse);
	finish(r, &a);
}

static void
take_back(struct request *r)
{
	struct conn *c = r->conn;

	if (c == NULL) {
		release_request(r);
		return;
	}
	answer_stored(r);
	conn_run(c);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *in = arg;
	struct mail *mail, *next;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n; /* nothing to read: somebody was here before us, and the mailbox tells the rest */
	(void)what;
	server_touch(in->server);
	for (mail = mailbox_take(&in->done); mail != NULL; mail = next) {
		next = mail->next;
		take_back((struct request *)mail);
	}
}

static void
send_events(struct request *r)
{
	struct outbox_put *put = &r->put;
	const struct segment_request *parse = &r->parse;

	put->msg.mail.cost = r->body.n + parse->n_events * sizeof(*parse->events);
	put->msg.type = OUTBOX_PUT;
	put->msg.done = on_stored;
	put->msg.done_arg = r->ingest;
	put->msg.rc = 0;
	put->msg.err.code = ERR_NONE;
	put->site_id = r->site_id;
	put->received_at = parse->received_at;
	put->context = parse->context;
	put->integrations = parse->integrations;
	put->sent_at = parse->sent_at;
	put->browser = r->browser;
	put->events = parse->events;
	put->n_events = parse->n_events;
	put->n_stored = put->n_duplicates = 0;
	put->first_event_id = 0;
	r->sent = true; /* before: the writer may be done with it at once */
	if (outbox_send(r->ingest->outbox, &put->msg) != 0)
		finish(r, &request_busy);
}

/* ---- a complete body ---------------------------------------------------------------- */

/* Many tiny events take more memory than their text: that counts as long as they wait. */
static int
charge_events(struct request *r)
{
	const struct segment_request *parse = &r->parse;
	size_t n =
	    parse->cap_events * sizeof(*parse->events) + parse->scratch.cap + parse->details.cap;

	if (!is_large(parse))
		return 0;
	if (body_quota_take(&r->ingest->server->quota, n) != 0)
		return -1;
	r->charged = n;
	return 0;
}

/* How many events could be held if nobody else held anything: more could never be accepted. */
static size_t
max_events(const struct request *r)
{
	const struct body_quota *q = &r->ingest->server->quota;
	size_t held = r->body.cap + r->body.n; /* the body, and its texts decoded */
	size_t room = q->max > held ? q->max - held : 0;
	size_t n = room / (sizeof(struct segment_event) + SEGMENT_DETAIL_MAX);

	return n > KEPT_EVENTS ? n : KEPT_EVENTS;
}

static void
refuse_body(struct request *r, const struct err *e)
{
	const struct answer a = { .status = 400, .code = r->parse.code, .message = e->text };

	finish(r, e->code == ERR_INPUT ? &a : &request_busy);
}

/* The rest of the judgement on who posts; NULL: a site is known. */
static const struct answer *
judge_key(struct request *r)
{
	if (r->verdict == AUTH_ABSENT)
		r->verdict = auth_key(r->ingest->auth, r->parse.write_key, &r->site_id);
	return r->verdict == AUTH_KNOWN ? NULL : &request_wrong_key;
}

/* A site with a secret takes signed posts only; without a key the secret decides the site. */
static const struct answer *
judge_webhook(struct request *r)
{
	const struct segment_request *parse = &r->parse;
	struct slice text = parse->is_array ? parse->events[0].body : parse->body;
	bool known = r->verdict == AUTH_KNOWN;

	if (known && !webhook_has_secret(r->ingest->webhook, r->site_id))
		return NULL;
	if (!known && !r->is_signed)
		return &request_wrong_key;
	if (r->is_signed
	    && webhook_verify(
		r->ingest->webhook, known ? &r->site_id : NULL, text, r->signature, &r->site_id))
		return NULL;
	return &wrong_signature;
}

/* The query named the site, or the body does. */
static const struct answer *
judge_bento_api(struct request *r)
{
	const struct ingest *in = r->ingest;

	if (r->bento_keys_known)
		return NULL;
	if (r->renewal != in->renewals)
		return &renewed;
	return bento_keys_find_site(in->native, r->bento_keys_of, r->parse.site_uuid, &r->site_id)
		   ? NULL
		   : &request_wrong_bento_api;
}

/* Who posts, judged by all that there is; NULL: a site is known. */
static const struct answer *
judge_sender(struct request *r)
{
	switch (r->route->action) {
	case ROUTE_BENTO_API:
		return judge_bento_api(r);
	case ROUTE_WEBHOOK:
		return judge_webhook(r);
	case ROUTE_EVENTS:
	case ROUTE_DISCARD:
	case ROUTE_HEALTH:
		break;
	}
	return judge_key(r);
}

static int
parse_body(struct request *r, struct err *e)
{
	return r->route->action == ROUTE_BENTO_API ? bento_api_parse(&r->parse, e)
						   : segment_parse(&r->parse, e);
}

static void
take_events(struct request *r)
{
	struct segment_request *parse = &r->parse;
	const struct answer *refusal;
	struct err e;

	parse->body = (struct slice){ r->body.n == 0 ? "" : r->body.p, r->body.n };
	parse->shape = r->route->shape;
	parse->path_kind = r->route->kind;
	parse->received_at = clock_wall(r->ingest->clock);
	parse->max_depth = JSON_MAX_DEPTH;
	parse->max_event = r->ingest->max_event;
	parse->max_message_id = r->ingest->max_message_id;
	parse->max_events = max_events(r);
	if (parse_body(r, &e) != 0) {
		refuse_body(r, &e);
		return;
	}
	refusal = judge_sender(r);
	if (refusal != NULL)
		finish(r, refusal);
	else if (charge_events(r) != 0)
		finish(r, &request_busy);
	else {
		admission_apply(r->ingest->admission, r->site_id, parse, r->browser);
		send_events(r);
	}
}

static void
answer_health(struct request *r)
{
	struct outbox *outbox = r->ingest->outbox;
	struct answer a = { .status = 503, .retry_after = 5 };
	char text[512];

	switch (outbox_health(outbox)) {
	case OUTBOX_OK:
		finish(r, &ok);
		return;
	case OUTBOX_FULL:
		a.code = "storage_full";
		break;
	case OUTBOX_BLOCKED:
		a.code = "storage_busy";
		break;
	case OUTBOX_FAILED:
		a.code = "storage_failed";
		break;
	}
	outbox_health_text(outbox, text, sizeof(text));
	a.message = text;
	finish(r, &a);
}

void
request_on_body(struct conn *c, void *arg)
{
	struct request *r = c->owner;

	(void)arg;
	c->gzip = NULL;
	gzip_close(&r->gzip, &r->ingest->server->quota); /* it may wait for long */
	switch (r->route->action) {
	case ROUTE_EVENTS:
	case ROUTE_WEBHOOK:
	case ROUTE_BENTO_API:
		take_events(r);
		break;
	case ROUTE_DISCARD:
		finish(r, &ok);
		break;
	case ROUTE_HEALTH:
		answer_health(r);
		break;
	}
}

/* ---- life --------------------------------------------------------------------------- */

int
request_open(struct ingest *in, struct event_base *base, struct err *e)
{
	in->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (in->wake_fd < 0)
		return err_sys(e, "ingest: cannot make an eventfd");
	/* bounded by the requests that the outbox lets wait */
	if (mailbox_init(&in->done, 0, 0, wake_loop, in, e) != 0)
		return -1;
	in->have_done = true;
	event_assign(&in->wake_event, base, in->wake_fd, EV_READ | EV_PERSIST, on_wake, in);
	if (event_add(&in->wake_event, NULL) != 0)
		return err_set(e, ERR_SYSTEM, "ingest: cannot watch an eventfd");
	return 0;
}

static void
free_requests(struct ingest *in)
{
	struct mail *mail, *next;
	struct request *r;

	for (mail = mailbox_take(&in->done); mail != NULL; mail = next) {
		next = mail->next;
		free_request((struct request *)mail);
	}
	while ((r = in->spare) != NULL) {
		in->spare = r->next_spare;
		free_request(r);
	}
}

void
request_close(struct ingest *in)
{
	if (in->have_done) {
		event_del(&in->wake_event);
		free_requests(in);
		mailbox_free(&in->done);
	}
	if (in->wake_fd >= 0)
		close(in->wake_fd);
}
