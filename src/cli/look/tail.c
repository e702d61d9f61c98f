/*
 * tail: follows events, attempts and operations. Once a second it reads the rows after its cursors:
 * the newest event, attempt and operation that it printed, and the time up to which it printed
 * events settled without an attempt. Attempts in flight are remembered until they end.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/look/tail_lines.h"
#include "cli/report/event_table.h"
#include "cli/verbs.h"
#include "outbox/read/audit_intake.h"

#define BACKLOG_DEFAULT 10
#define BACKLOG_MAX 500
#define LOOK_BACK 64       /* attempts and operations to read back at the start, at least */
#define ATTEMPTS_A_TURN 20 /* each may print a line for each of its events */
#define OPEN_MAX_ATTEMPTS 1024
#define OPERATIONS_A_TURN 100
#define TURN_MS 1000
#define SETTLED_LAG_MS 2000    /* events settled longer ago than this are surely committed */
#define SETTLED_BACK_MS 600000 /* how far to look back for settled events when it starts */

struct tail {
	const struct options *options;
	struct outbox_audit *audit;
	struct tail_lines *lines;
	bool by_member; /* the filter is about events: print the matching members of attempts */
	struct audit_newest seen;
	int64_t settled;                 /* wall ms up to which settled events are printed */
	int64_t open[OPEN_MAX_ATTEMPTS]; /* attempts in flight */
	size_t n_open;
	/* attempts that ended in this turn */
	struct audit_members ended[OPEN_MAX_ATTEMPTS + ATTEMPTS_A_TURN];
	struct tail_attempt ended_as[OPEN_MAX_ATTEMPTS + ATTEMPTS_A_TURN];
	size_t n_ended;
	const struct tail_attempt *attempt; /* the attempt whose members are being read */
	size_t rows;
	bool is_open;
	bool is_full; /* `open` is full: the cursor stays before the next attempt in flight */
	int64_t operation_ids[OPERATIONS_A_TURN];
	int64_t counted_since;       /* wall ms; 0: the filter leaves out refused requests */
	struct audit_intake counted; /* requests counted from counted_since to the last turn */
};

static volatile sig_atomic_t stopped; /* set by a signal, or when standard output is closed */

static void
stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* ---- events --------------------------------------------------------------------------------- */

static void
take_event(void *arg, const struct audit_event *event)
{
	struct tail *t = arg;

	if (event->event_id > t->seen.event_id)
		t->seen.event_id = event->event_id;
	tail_lines_event(t->lines, event);
}

/* Sets ret_more when more rows may be ready to read. */
static int
look_at_events(struct tail *t, const struct audit_newest *newest, bool *ret_more, struct err *e)
{
	struct audit_page page = { .from = t->seen.event_id, .rows = AUDIT_PAGE_MAX };

	if (newest->event_id <= t->seen.event_id)
		return 0;
	if (outbox_audit_list(t->audit, &t->options->filter, &page, take_event, t, e) != 0)
		return -1;
	*ret_more |= page.rows == AUDIT_PAGE_MAX;
	/* All rows up to newest were read: skip those that did not match. */
	if (page.rows < AUDIT_PAGE_MAX && newest->event_id > t->seen.event_id)
		t->seen.event_id = newest->event_id;
	return 0;
}

/* ---- attempts ------------------------------------------------------------------------------- */

static bool
matches_attempt(const struct outbox_filter *f, const struct audit_request *r)
{
	if (f->text[FILTER_SITE] != NULL
	    && !slice_equals(slice_from(f->text[FILTER_SITE]), r->site))
		return false;
	if (r->finished_at < f->since || (f->until != 0 && r->finished_at >= f->until))
		return false;
	return f->http_status == 0 || f->http_status == r->http_status;
}

static void
note_end(struct tail *t, const struct audit_request *r)
{
	struct tail_attempt *as = &t->ended_as[t->n_ended];

	if (!matches_attempt(&t->options->filter, r))
		return;
	if (!t->by_member) {
		tail_lines_attempt(t->lines, r);
		return;
	}
	*as = (struct tail_attempt){ .attempt_id = r->attempt_id, .at = r->finished_at };
	snprintf(as->outcome, sizeof(as->outcome), "%.*s", (int)r->outcome.n, r->outcome.p);
	t->ended[t->n_ended++] = (struct audit_members){
		.attempt_id = r->attempt_id,
		.first_event_id = r->first_event_id,
		.last_event_id = r->last_event_id,
	};
}

static void
take_attempt(void *arg, const struct audit_request *r)
{
	struct tail *t = arg;

	t->rows++;
	t->is_full |= r->outcome.n == 0 && t->n_open == OPEN_MAX_ATTEMPTS;
	if (t->is_full)
		return;
	if (r->outcome.n == 0)
		t->open[t->n_open++] = r->attempt_id;
	else
		note_end(t, r);
	t->seen.attempt_id = r->attempt_id;
}

static void
take_open(void *arg, const struct audit_request *r)
{
	struct tail *t = arg;

	if (r->attempt_id != t->open[t->rows])
		return; /* retention has removed the attempt */
	if (r->outcome.n == 0)
		t->is_open = true;
	else
		note_end(t, r);
}

static int
look_at_open(struct tail *t, struct err *e)
{
	size_t left = 0;

	for (t->rows = 0; t->rows < t->n_open; t->rows++) {
		int64_t id = t->open[t->rows];

		t->is_open = false;
		if (outbox_audit_requests(t->audit, id - 1, 1, take_open, t, e) != 0)
			return -1;
		if (t->is_open)
			t->open[left++] = id;
	}
	t->n_open = left;
	return 0;
}

static void
take_member(void *arg, const struct audit_event *event)
{
	struct tail *t = arg;

	tail_lines_member(t->lines, t->attempt, event);
}

static int
look_at_members(struct tail *t, struct err *e)
{
	for (size_t i = 0; i < t->n_ended; i++) {
		t->attempt = &t->ended_as[i];
		if (outbox_audit_members(
			t->audit, &t->options->filter, &t->ended[i], take_member, t, e)
		    != 0)
			return -1;
	}
	return 0;
}

static int
look_at_attempts(struct tail *t, bool *ret_more, struct err *e)
{
	t->n_ended = 0;
	if (look_at_open(t, e) != 0)
		return -1;
	t->rows = 0;
	t->is_full = false;
	if (outbox_audit_requests(t->audit, t->seen.attempt_id, ATTEMPTS_A_TURN, take_attempt, t, e)
	    != 0)
		return -1;
	*ret_more |= t->rows == ATTEMPTS_A_TURN && !t->is_full;
	return look_at_members(t, e);
}

/* ---- operations ----------------------------------------------------------------------------- */

static void
take_operation_id(void *arg, const struct audit_operation_row *operation)
{
	struct tail *t = arg;

	t->operation_ids[t->rows++] = operation->operation_id;
}

static void
take_operation(void *arg, const struct audit_operation_row *operation)
{
	struct tail *t = arg;

	tail_lines_operation(t->lines, operation);
}

static int
look_at_operations(struct tail *t, bool *ret_more, struct err *e)
{
	bool touched = true;
	size_t n;

	t->rows = 0;
	if (outbox_audit_operations_after(
		t->audit, t->seen.operation_id, OPERATIONS_A_TURN, take_operation_id, t, e)
	    != 0)
		return -1;
	n = t->rows;
	for (size_t i = 0; i < n; i++) {
		int64_t id = t->operation_ids[i];

		if (t->by_member
		    && outbox_audit_touched(t->audit, &t->options->filter, id, &touched, e) != 0)
			return -1;
		if (touched
		    && outbox_audit_operations_after(t->audit, id - 1, 1, take_operation, t, e)
			   != 0)
			return -1;
		t->seen.operation_id = id;
	}
	*ret_more |= n == OPERATIONS_A_TURN;
	return 0;
}

/* ---- events settled without an attempt ------------------------------------------------------- */

static void
take_settled(void *arg, const struct audit_event *event)
{
	struct tail *t = arg;

	tail_lines_settled(t->lines, event);
}

static int
look_at_settled(struct tail *t, struct err *e)
{
	int64_t to = clock_wall(&clock_system) - SETTLED_LAG_MS, from = t->settled;

	if (to <= from)
		return 0;
	t->settled = to;
	return outbox_audit_settled(t->audit, &t->options->filter, from, to, take_settled, t, e);
}

/* ---- refused requests ----------------------------------------------------------------------- */

static int64_t
requests_of(const struct audit_intake *r, const char *reason)
{
	for (size_t i = 0; i < r->n_reasons; i++)
		if (strcmp(r->reasons[i].reason, reason) == 0)
			return r->reasons[i].requests;
	return 0;
}

/* Begins to count refused requests. A request belongs to no event or site, so with any filter
 * none are shown. */
static int
begin_requests(struct tail *t, struct err *e)
{
	if (!outbox_filter_is_empty(&t->options->filter))
		return 0;
	t->counted_since = clock_wall(&clock_system);
	return outbox_audit_intake(t->audit, t->counted_since, &t->counted, e);
}

static int
look_at_requests(struct tail *t, struct err *e)
{
	struct audit_intake now;

	if (t->counted_since == 0)
		return 0;
	if (outbox_audit_intake(t->audit, t->counted_since, &now, e) != 0)
		return -1;
	for (size_t i = 0; i < now.n_reasons; i++) {
		const char *reason = now.reasons[i].reason;
		int64_t more = now.reasons[i].requests - requests_of(&t->counted, reason);

		if (more > 0)
			tail_lines_refused(t->lines, clock_wall(&clock_system), reason, more);
	}
	t->counted = now;
	return 0;
}

/* ---- following ------------------------------------------------------------------------------ */

/* Prints everything since the last turn, but at most the last `most` lines; 0 for all. */
static int
take_turn(struct tail *t, size_t most, struct err *e)
{
	struct audit_newest newest;
	bool more;

	do {
		more = false;
		if (outbox_audit_newest(t->audit, &newest, e) != 0
		    || look_at_events(t, &newest, &more, e) != 0
		    || look_at_attempts(t, &more, e) != 0 || look_at_operations(t, &more, e) != 0
		    || look_at_settled(t, e) != 0 || look_at_requests(t, e) != 0)
			return -1;
		if ((most == 0 || !more) && tail_lines_print(t->lines, most, e) != 0)
			return -1;
	} while (more && !stopped);
	return 0;
}

static int64_t
before(int64_t newest, int64_t n)
{
	return newest > n ? newest - n : 0;
}

/* Prints the last existing lines and sets the cursors after them. */
static int
begin(struct tail *t, struct err *e)
{
	int64_t backlog = t->options->has_limit ? t->options->filter.limit : BACKLOG_DEFAULT;
	struct audit_page page = { .newest = true, .rows = (size_t)backlog };
	int64_t look_back = backlog > LOOK_BACK ? backlog : LOOK_BACK;

	if (outbox_audit_newest(t->audit, &t->seen, e) != 0 || begin_requests(t, e) != 0)
		return -1;
	t->settled = clock_wall(&clock_system) - SETTLED_LAG_MS;
	if (backlog == 0)
		return 0;
	t->settled -= SETTLED_BACK_MS;
	if (outbox_audit_list(t->audit, &t->options->filter, &page, take_event, t, e) != 0)
		return -1;
	t->seen.attempt_id = before(t->seen.attempt_id, look_back);
	t->seen.operation_id = before(t->seen.operation_id, look_back);
	return take_turn(t, (size_t)backlog, e);
}

/* Waits a second, or until a signal or until standard output is closed. */
static void
wait_turn(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (poll(&out, 1, TURN_MS) > 0)
		stopped = 1;
}

static int
follow(struct tail *t, struct err *e)
{
	struct sigaction action = { .sa_handler = stop };
	int rc;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = begin(t, e);
	while (rc == 0 && !t->options->no_follow && !stopped) {
		wait_turn();
		if (!stopped)
			rc = take_turn(t, 0, e);
	}
	return stopped ? 0 : rc; /* being interrupted is not an error */
}

static bool
is_by_member(const struct outbox_filter *f)
{
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL && i != FILTER_SITE)
			return true;
	return f->n_ids > 0 || f->statuses != 0 || f->kinds != 0;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct tail *t = calloc(1, sizeof(*t));
	struct err e = { 0 };
	int rc;

	(void)c;
	if (t != NULL)
		t->lines = tail_lines_new(o->json, event_table_names_sites(audit));
	if (t == NULL || t->lines == NULL) {
		free(t);
		err_nomem(&e);
		return verb_fail(&e);
	}
	t->options = o;
	t->audit = audit;
	t->by_member = is_by_member(&o->filter);
	rc = follow(t, &e);
	tail_lines_free(t->lines);
	free(t);
	return rc == 0 ? VERB_DONE : verb_fail(&e);
}

int
verb_tail(const struct options *o)
{
	if (o->has_limit && o->filter.limit > BACKLOG_MAX)
		return verb_usage("tail: --limit must be at most %d", BACKLOG_MAX);
	return verb_read(o, run);
}
