/*
 * The thread opens a connection of its own to the database, counts, and writes to an eventfd. A
 * cancel interrupts its statement, again and again until the thread has ended: an interrupt between
 * two statements has no effect. A disk that hangs makes a cancel wait, as it makes every reader
 * wait.
 */
#include "admin/act/count.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "outbox/read/audit.h"
#include "report/event_json.h"

#define INTERRUPT_NS 10000000 /* between two interrupts */

struct count {
	const struct act_request *request;
	const char *database;
	void (*done)(void *arg, struct count_result *result, const struct err *e);
	void *arg;
	struct event event;
	int fd; /* written when the thread has finished */
	pthread_t thread;

	/* both threads */
	pthread_mutex_t lock;
	struct outbox_audit *audit; /* under the lock: what a cancel interrupts; NULL: none */
	_Atomic bool canceled;

	/* the thread's; the other's after it has ended */
	struct count_result result;
	struct err e;
	int rc;
};

/* ---- on the thread --------------------------------------------------------------------------- */

static int
count_events(struct count *c, struct outbox_audit *audit, unsigned statuses, int64_t *ret_n)
{
	struct outbox_filter f = c->request->filter; /* borrows its texts */
	int64_t n = 0;

	if (atomic_load(&c->canceled))
		return err_set(&c->e, ERR_BUSY, "canceled");
	f.statuses = statuses;
	if (statuses != 0 && outbox_audit_count(audit, &f, &n, &c->e) != 0)
		return -1;
	*ret_n = f.limit != 0 && n > f.limit ? f.limit : n;
	return 0;
}

static void
add_event(void *arg, const struct audit_event *event)
{
	cJSON_AddItemToArray(arg, event_json(event, JSON_PAGE));
}

static int
take_sample(struct count *c, struct outbox_audit *audit, unsigned statuses)
{
	struct outbox_filter f = c->request->filter; /* borrows its texts */
	struct audit_page page = { .rows = COUNT_SAMPLE };

	f.statuses = statuses;
	if (f.limit != 0 && f.limit < COUNT_SAMPLE)
		page.rows = (size_t)f.limit;
	c->result.sample = cJSON_CreateArray();
	if (c->result.sample == NULL)
		return err_nomem(&c->e);
	if (c->result.events == 0 || atomic_load(&c->canceled))
		return 0;
	return outbox_audit_list(audit, &f, &page, add_event, c->result.sample, &c->e);
}

static int
look_at_events(struct count *c, struct outbox_audit *audit)
{
	const struct act_request *r = c->request;
	unsigned statuses = operate_statuses(r->verb, &r->filter);

	if (count_events(c, audit, statuses, &c->result.events) != 0)
		return -1;
	if (r->verb == OPERATE_REQUEUE
	    && count_events(
		   c, audit, statuses & (1U << STATUS_DELIVERED), &c->result.already_delivered)
		   != 0)
		return -1;
	return r->dry_run ? take_sample(c, audit, statuses) : 0;
}

static int
look_at_undo(struct count *c, struct outbox_audit *audit)
{
	struct outbox_operation undo = {
		.verb = OPERATE_UNDO, .undoes = c->request->undoes, .dry_run = true
	};

	if (outbox_audit_undo(audit, &undo, &c->e) != 0)
		return -1;
	c->result.events = undo.n_events;
	c->result.left = undo.left;
	return 0;
}

static void
set_audit(struct count *c, struct outbox_audit *audit)
{
	pthread_mutex_lock(&c->lock);
	c->audit = audit;
	pthread_mutex_unlock(&c->lock);
}

static void *
run(void *arg)
{
	struct count *c = arg;
	struct outbox_audit *audit;
	uint64_t one = 1;
	ssize_t n;

	c->rc = outbox_audit_open(c->database, &audit, &c->e);
	if (c->rc == 0) {
		set_audit(c, audit);
		c->rc = c->request->kind == ACT_UNDO ? look_at_undo(c, audit)
						     : look_at_events(c, audit);
		set_audit(c, NULL);
		outbox_audit_close(audit);
	}
	do
		n = write(c->fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	return NULL;
}

/* ---- on the event base's thread -------------------------------------------------------------- */

static void
free_count(struct count *c)
{
	event_del(&c->event);
	close(c->fd);
	pthread_mutex_destroy(&c->lock);
	cJSON_Delete(c->result.sample);
	free(c);
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
	struct count *c = arg;

	(void)fd;
	(void)what;
	pthread_join(c->thread, NULL);
	c->done(c->arg, &c->result, c->rc == 0 ? NULL : &c->e);
	free_count(c);
}

static int
start_thread(struct count *c)
{
	sigset_t all, before;
	int rc;

	/* Signals go to the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int
count_start(struct event_base *base, const char *database, const struct act_request *request,
    void (*done)(void *arg, struct count_result *result, const struct err *e), void *arg,
    struct count **ret_count, struct err *e)
{
	struct count *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	*c = (struct count){ .request = request, .database = database, .done = done, .arg = arg };
	c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return err_sys(e, "cannot create an eventfd");
	}
	pthread_mutex_init(&c->lock, NULL);
	event_assign(&c->event, base, c->fd, EV_READ, on_finished, c);
	if (event_add(&c->event, NULL) != 0 || start_thread(c) != 0) {
		free_count(c);
		return err_set(e, ERR_SYSTEM, "cannot start a thread to count the events");
	}
	*ret_count = c;
	return 0;
}

/* Waits a moment for the end of the thread; returns whether it has ended. */
static bool
join(struct count *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += INTERRUPT_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return pthread_timedjoin_np(c->thread, NULL, &until) == 0;
}

void
count_cancel(struct count *c)
{
	atomic_store(&c->canceled, true);
	do {
		pthread_mutex_lock(&c->lock);
		if (c->audit != NULL)
			outbox_audit_interrupt(c->audit);
		pthread_mutex_unlock(&c->lock);
	} while (!join(c));
	free_count(c);
}
