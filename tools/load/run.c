/*
 * A run of the load generator: all connections on one epoll, each with one request in flight, until
 * the time or the number of events is reached. Broken connections are opened again after a pause.
 * Fails when there is no connection for too long.
 */
#include "load/run.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/conn.h"

#define RETRY_US 100000
#define LINGER_US 30000000 /* how long to wait for the last answers */

struct run {
	const struct load_options *o;
	struct report *report;
	struct sockaddr_storage address;
	socklen_t n_address;
	struct wire_tls *tls; /* NULL without TLS */
	struct conn *conns;
	unsigned *ready; /* a stack of idle connections */
	unsigned n_ready;
	unsigned n_down;
	unsigned n_busy;
	struct load_ids_state ids;
	int epoll;
	int acked_fd;
	struct buf acked;
	uint64_t begin_us;
	uint64_t connected_us; /* the last time when a connection was open */
	uint64_t stop_us;      /* 0: still starting requests */
};

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int
resolve(struct run *r, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int rc;

	if (r->o->unix_path != NULL) {
		if (strlen(r->o->unix_path) >= sizeof(un.sun_path))
			return err_set(e, ERR_INPUT, "--unix: the path is too long");
		memcpy(un.sun_path, r->o->unix_path, strlen(r->o->unix_path) + 1);
		memcpy(&r->address, &un, sizeof(un));
		r->n_address = sizeof(un);
		return 0;
	}
	rc = getaddrinfo(r->o->host, r->o->port, &hints, &found);
	if (rc != 0)
		return err_set(e, ERR_INPUT, "--url: %s: %s", r->o->host, gai_strerror(rc));
	memcpy(&r->address, found->ai_addr, found->ai_addrlen);
	r->n_address = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
run_open(struct run *r, struct err *e)
{
	unsigned n = r->o->connections;

	r->conns = calloc(n, sizeof(*r->conns));
	r->ready = calloc(n, sizeof(*r->ready));
	if (r->conns == NULL || r->ready == NULL)
		return err_nomem(e);
	if (r->o->tls && wire_tls_new(&r->tls, e) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		r->conns[i].tls = r->tls;
		if (payload_build(&r->conns[i].payload, r->o, r->o->batch == 0 ? 1 : r->o->batch, e)
		    != 0)
			return -1;
	}
	r->n_down = n;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0)
		return err_sys(e, "epoll");
	if (r->o->acked_path != NULL) {
		r->acked_fd =
		    open(r->o->acked_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (r->acked_fd < 0)
			return err_sys(e, "%s", r->o->acked_path);
	}
	return load_ids_init(&r->ids, r->o->ids, e) != 0 || resolve(r, e) != 0 ? -1 : 0;
}

static void
run_close(struct run *r)
{
	for (unsigned i = 0; r->conns != NULL && i < r->o->connections; i++) {
		conn_close(&r->conns[i]);
		payload_free(&r->conns[i].payload);
	}
	wire_tls_free(r->tls);
	free(r->conns);
	free(r->ready);
	buf_free(&r->acked);
	if (r->epoll >= 0)
		close(r->epoll);
	if (r->acked_fd >= 0)
		close(r->acked_fd);
}

static void
watch(struct run *r, struct conn *c)
{
	struct epoll_event ev = { .events = conn_wants(c), .data.u32 = (unsigned)(c - r->conns) };

	if (c->state == CONN_DOWN || ev.events == c->wants)
		return;
	epoll_ctl(r->epoll, c->wants == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->wire.fd, &ev);
	c->wants = ev.events;
}

static void
push_ready(struct run *r, struct conn *c)
{
	r->ready[r->n_ready++] = (unsigned)(c - r->conns);
	r->connected_us = now_us();
}

static void
drop_ready(struct run *r, const struct conn *c)
{
	for (unsigned i = 0; i < r->n_ready; i++)
		if (r->ready[i] == (unsigned)(c - r->conns)) {
			r->ready[i] = r->ready[--r->n_ready];
			return;
		}
}

static void
go_down(struct run *r, struct conn *c, uint64_t pause_us)
{
	c->retry_us = now_us() + pause_us;
	r->n_down++;
}

static void
on_answer(struct run *r, struct conn *c)
{
	uint64_t now = now_us();

	report_answer(r->report, c->status, c->payload.n_events, now - c->started_us);
	r->report->seconds = (double)(now - r->begin_us) / 1e6;
	if (c->status == 200 && r->acked_fd >= 0)
		payload_append_ids(&c->payload, &r->acked);
	r->n_busy--;
	if (c->state == CONN_READY)
		push_ready(r, c);
	else
		go_down(r, c, 0);
}

static void
on_event(struct run *r, struct conn *c, enum conn_event what)
{
	switch (what) {
	case CONN_NOTHING:
		break;
	case CONN_CONNECTED:
		push_ready(r, c);
		break;
	case CONN_ANSWERED:
		on_answer(r, c);
		break;
	case CONN_LOST:
		if (c->had_request) {
			r->report->no_answer++;
			r->n_busy--;
		} else {
			drop_ready(r, c);
		}
		go_down(r, c, 0);
		break;
	case CONN_REFUSED:
		r->report->connect_failed++;
		go_down(r, c, RETRY_US);
		break;
	}
	watch(r, c);
}

/* Returns the number of events that the rate allows now, at most the events left. */
static uint64_t
events_allowed(const struct run *r, uint64_t now)
{
	uint64_t most = r->o->events == 0 ? UINT64_MAX : r->o->events;
	double paced = r->o->rate * (double)(now - r->begin_us) / 1e6 + 1;

	if (r->o->rate > 0 && paced < (double)most)
		most = (uint64_t)paced;
	return most > r->report->sent_events ? most - r->report->sent_events : 0;
}

static bool
is_finished(const struct run *r, uint64_t now)
{
	if (r->o->events > 0 && r->report->sent_events >= r->o->events)
		return true;
	return r->o->duration > 0 && (double)(now - r->begin_us) >= r->o->duration * 1e6;
}

static int
start_request(struct run *r, struct conn *c, struct err *e)
{
	unsigned full = r->o->batch == 0 ? 1 : r->o->batch;
	uint64_t left = r->o->events == 0 ? full : r->o->events - r->report->sent_events;

	if (left < full) {
		payload_free(&c->payload);
		if (payload_build(&c->payload, r->o, (unsigned)left, e) != 0)
			return -1;
	}
	payload_stamp(&c->payload, &r->ids, clock_wall(&clock_system));
	r->report->sent_events += c->payload.n_events;
	r->n_busy++;
	c->started_us = now_us();
	on_event(r, c, conn_send(c));
	return 0;
}

static int
start_requests(struct run *r, struct err *e)
{
	uint64_t now = now_us();

	while (r->n_ready > 0 && !is_finished(r, now) && events_allowed(r, now) > 0)
		if (start_request(r, &r->conns[r->ready[--r->n_ready]], e) != 0)
			return -1;
	return 0;
}

static void
reconnect(struct run *r)
{
	uint64_t now = now_us();

	for (unsigned i = 0; r->n_down > 0 && i < r->o->connections; i++) {
		struct conn *c = &r->conns[i];

		if (c->state != CONN_DOWN || c->retry_us > now)
			continue;
		r->n_down--;
		on_event(r, c, conn_connect(c, (const struct sockaddr *)&r->address, r->n_address));
	}
}

static int
flush_acked(struct run *r, struct err *e)
{
	size_t done = 0;

	while (done < r->acked.n) {
		ssize_t n = write(r->acked_fd, r->acked.p + done, r->acked.n - done);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "%s", r->o->acked_path);
		done += n < 0 ? 0 : (size_t)n;
	}
	buf_clear(&r->acked);
	return 0;
}

/* Runs the loop once: waits for sockets (briefly when a pace or pause is set). */
static int
turn(struct run *r, struct err *e)
{
	struct epoll_event events[256];
	bool paced = r->o->rate > 0 && r->n_ready > 0;
	int n = epoll_wait(r->epoll, events, 256, paced ? 1 : 50);

	if (n < 0 && errno != EINTR)
		return err_sys(e, "epoll_wait");
	for (int i = 0; i < n; i++) {
		struct conn *c = &r->conns[events[i].data.u32];

		on_event(r, c, conn_step(c));
	}
	return flush_acked(r, e);
}

/* Returns 1 to go on, 0 at the end, -1 to give up. */
static int
check_progress(struct run *r, bool stop, struct err *e)
{
	uint64_t now = now_us();

	if (r->stop_us == 0 && (stop || is_finished(r, now)))
		r->stop_us = now;
	if (r->stop_us != 0) {
		if (r->n_busy == 0)
			return 0;
		if (now - r->stop_us < LINGER_US)
			return 1;
		r->report->no_answer += r->n_busy;
		return err_set(e, ERR_SYSTEM, "%u requests were never answered", r->n_busy);
	}
	if (r->n_busy + r->n_ready > 0)
		r->connected_us = now;
	if ((double)(now - r->connected_us) > r->o->patience * 1e6)
		return err_set(e, ERR_SYSTEM, "no connection for %g s", r->o->patience);
	return 1;
}

static int
run_loop(struct run *r, const volatile sig_atomic_t *stop, struct err *e)
{
	int rc;

	r->begin_us = r->connected_us = now_us();
	while ((rc = check_progress(r, *stop != 0, e)) == 1) {
		if (r->stop_us == 0) {
			reconnect(r);
			if (start_requests(r, e) != 0)
				return -1;
		}
		if (turn(r, e) != 0)
			return -1;
	}
	return rc;
}

int
load_run(const struct load_options *o, const volatile sig_atomic_t *stop, struct report *ret_report,
    struct err *e)
{
	struct run r = { .o = o, .report = ret_report, .epoll = -1, .acked_fd = -1 };
	int rc;

	*ret_report = (struct report){ 0 };
	/* room for the ids of one answer on every connection */
	buf_init(&r.acked, (size_t)o->connections * (o->batch + 1) * (LOAD_ID_SIZE + 1));
	rc = run_open(&r, e) != 0 ? -1 : run_loop(&r, stop, e);
	run_close(&r);
	return rc;
}
