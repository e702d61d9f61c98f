/*
 * A request's way to the outbox writer and back. writer_link_send sends the parsed events as one
 * message, and wakes the writer when the event loop has handled all connections that were ready, so
 * that their events go into one transaction. The writer's thread commits them and puts the message
 * into a mailbox, which wakes the event loop by an eventfd. The main thread takes the message and
 * answers the client, if the client is still there. No request is answered 200 before its commit. A
 * full mailbox is answered 503.
 */
#include "ingest/writer_link.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ingest/request_pool.h"

static const struct answer disk_full = { .status = 503,
	.code = "storage_full",
	.message = "no space to store events; try again later",
	.retry_after = 30 };
static const struct answer locked = { .status = 503,
	.code = "storage_busy",
	.message = "another program holds the lock of the database; try again later",
	.retry_after = 5 };
static const struct answer not_stored = { .status = 503,
	.code = "storage_failed",
	.message = "the events could not be stored; try again later",
	.retry_after = 5 };

/* ---- to the writer ------------------------------------------------------------------ */

/* On the writer's thread. */
static void
on_stored(struct outbox_msg *msg, void *arg)
{
	struct ingest *in = arg;

	msg->mail.more = msg->followed;
	mailbox_push_always(&in->done, &msg->mail);
}

void
writer_link_send(struct request *r)
{
	struct outbox_put *put = &r->put;
	const struct segment_request *parse = &r->parse;

	put->msg.mail.cost = r->body.n + parse->n_events * sizeof(*parse->events);
	put->msg.mail.more = true; /* on_round_end wakes the writer */
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
	r->box.body_bytes = (int64_t)r->body.n;
	put->box = r->route->action == ROUTE_FLEET ? &r->box : NULL;
	put->origins = parse->n_origins > 0 ? parse->origins : NULL;
	put->events = parse->events;
	put->n_events = parse->n_events;
	put->n_stored = put->n_duplicates = 0;
	put->first_event_id = 0;
	r->sent = true; /* set before sending, because the writer may return it at once */
	if (outbox_send(r->ingest->outbox, &put->msg) != 0)
		request_answer(r, &request_busy);
	else
		event_active(&r->ingest->round_end, EV_TIMEOUT, 0);
}

/* All connections that were ready together have been handled. */
static void
on_round_end(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *in = arg;

	(void)fd;
	(void)what;
	outbox_wake(in->outbox);
}

/* ---- back from the writer ------------------------------------------------------------ */

/* On the writer's thread, when the mailbox was empty. */
static void
wake_loop(void *arg)
{
	const struct ingest *in = arg;
	const uint64_t one = 1;
	ssize_t n;

	/* Adding ones cannot overflow an eventfd, so only a signal can interrupt this. */
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

/* For Bento's clients: how many events will be sent, and how many can never be sent. */
static struct answer
count_events(const struct segment_request *parse)
{
	struct answer a = { .status = 200 };

	for (size_t i = 0; i < parse->n_events; i++)
		a.failed += parse->events[i].status == STATUS_INVALID;
	a.results = parse->n_events - a.failed;
	return a;
}

/* For a box: what is stored now or was before, and what is not, because its messageId belongs to
 * another event. */
static struct answer
count_forwarded(const struct outbox_put *put)
{
	return (struct answer){
		.status = 200,
		.fleet = true,
		.results = put->n_events - put->n_reused,
		.failed = put->n_reused,
		.stored = put->n_stored,
		.duplicates = put->n_duplicates - put->n_reused,
		.first_event_id = put->first_event_id,
		.reused_event_id = put->n_reused > 0 ? put->reused_event_id : 0,
	};
}

static void
answer_stored(struct request *r)
{
	struct answer a = { .status = 200 };

	if (r->put.msg.rc != 0)
		a = *refusal_for(&r->put.msg);
	else if (r->route->action == ROUTE_BENTO_API)
		a = count_events(&r->parse);
	else if (r->route->action == ROUTE_FLEET)
		a = count_forwarded(&r->put);
	request_answer(r, &a);
}

static void
take_back(struct request *r)
{
	struct conn *c = r->conn;

	if (r->put.msg.rc == 0)
		refusals_add_accepted(r->ingest->refusals);
	if (r->put.msg.rc == 0 && r->put.n_reused > 0)
		refusals_log_reused(r->ingest->refusals, r->put.reused_event_id);
	if (c == NULL) {
		request_release(r);
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

	(void)n; /* an earlier call may have read the counter already; the messages are in the
		    mailbox */
	(void)what;
	server_touch(in->server);
	for (mail = mailbox_take(&in->done); mail != NULL; mail = next) {
		next = mail->next;
		take_back((struct request *)mail);
	}
}

/* ---- setup and release -------------------------------------------------------------- */

int
writer_link_open(struct ingest *in, struct event_base *base, struct err *e)
{
	in->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (in->wake_fd < 0)
		return err_sys(e, "ingest: cannot create an eventfd");
	/* bounded by the number of requests that may wait in the outbox */
	if (mailbox_init(&in->done, 0, 0, wake_loop, in, e) != 0)
		return -1;
	in->have_done = true;
	event_assign(&in->round_end, base, -1, 0, on_round_end, in);
	event_assign(&in->wake_event, base, in->wake_fd, EV_READ | EV_PERSIST, on_wake, in);
	if (event_add(&in->wake_event, NULL) != 0)
		return err_set(e, ERR_SYSTEM, "ingest: cannot watch an eventfd");
	return 0;
}

void
writer_link_close(struct ingest *in)
{
	struct mail *mail, *next;

	if (in->have_done) {
		event_del(&in->wake_event);
		event_del(&in->round_end);
		for (mail = mailbox_take(&in->done); mail != NULL; mail = next) {
			next = mail->next;
			request_free((struct request *)mail);
		}
		mailbox_free(&in->done);
	}
	if (in->wake_fd >= 0)
		close(in->wake_fd);
}
