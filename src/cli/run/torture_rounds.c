/*
 * The rounds. The parent never has the database open while a process stores: it reads the reports,
 * ends the process, and then checks the file with the functions of verify and compares it with the
 * reports. The same file goes through many rounds, until it is large.
 */
#include "cli/run/torture_rounds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rand.h"
#include "cli/run/torture_disk.h"
#include "cli/run/torture_life.h"
#include "outbox/read/audit.h"
#include "outbox/read/verify.h"

#define FILE_EVENTS 10000 /* a larger file is replaced, so that a check takes no second */
#define PATIENCE_MS 60000 /* a process that reports nothing for so long hangs */
#define LIMIT_MS 10000    /* by then a process has run into its limit */
#define EARLY_MS 40       /* a kill while the outbox is opened and recovered */
#define LATE_MS 200       /* a kill while events are stored */
#define ROUNDS_MIN 4      /* these have a round of each kind */
#define ROUNDS 8          /* after so many rounds, the kinds repeat */

struct rounds {
	const struct torture_plan *plan;
	struct torture_results *r;
	struct rand rand;
	uint32_t lives;
	/* The acknowledged batches of this file. */
	struct torture_batch *batch;
	size_t n_batches, cap_batches;
	int64_t events; /* in them */
	/* The process that runs. */
	pid_t pid;
	int reports;
	bool ended;              /* it has closed the pipe */
	int64_t stored, refused; /* reports of it */
	char failure[256];       /* why it failed; "" when it did not */
};

/* ---- the process ----------------------------------------------------------------------------- */

static int
start_life(struct rounds *t, enum torture_limit limit, struct err *e)
{
	const struct torture_life life = {
		.path = t->plan->database,
		.number = ++t->lives,
		.chance = rand_u64(&t->rand),
		.limit = limit,
	};

	t->ended = false;
	t->stored = t->refused = 0;
	t->failure[0] = '\0';
	return torture_life_start(&life, &t->pid, &t->reports, e);
}

static int
note_batch(struct rounds *t, const struct torture_batch *batch, struct err *e)
{
	if (t->n_batches == t->cap_batches) {
		const size_t cap = 2 * t->cap_batches + 1024;
		struct torture_batch *more = reallocarray(t->batch, cap, sizeof(*more));

		if (more == NULL)
			return err_nomem(e);
		t->batch = more;
		t->cap_batches = cap;
	}
	t->batch[t->n_batches++] = *batch;
	t->events += batch->n;
	t->r->events += batch->n;
	return 0;
}

static int
read_report(struct rounds *t, struct err *e)
{
	struct torture_report report;
	const ssize_t n = read(t->reports, &report, sizeof(report));

	if (n != (ssize_t)sizeof(report)) {
		t->ended = true;
		return 0;
	}
	if (report.event == TORTURE_FAILED)
		snprintf(t->failure, sizeof(t->failure), "%.255s", report.text);
	t->refused += report.event == TORTURE_REFUSED;
	t->stored += report.event == TORTURE_STORED;
	return report.event == TORTURE_STORED ? note_batch(t, &report.batch, e) : 0;
}

/*
 * Reads reports for that long, until the process has ended or the test is stopped; with `first`,
 * only until the first report of stored events. Returns 1 when the time is over, else 0 or -1.
 */
static int
listen_for(struct rounds *t, int64_t ms, bool first, struct err *e)
{
	const int64_t end = clock_mono(&clock_system) + ms;
	struct pollfd fds[2] = { { .fd = t->reports, .events = POLLIN },
		{ .fd = t->plan->stop_fd, .events = POLLIN } };

	while (!t->ended && (!first || t->stored == 0)) {
		const int64_t left = end - clock_mono(&clock_system);

		if (left <= 0)
			return 1;
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return err_sys(e, "cannot wait for a process");
		if (fds[1].revents != 0)
			return 0;
		if (fds[0].revents != 0 && read_report(t, e) != 0)
			return -1;
	}
	return 0;
}

/*
 * Kills the process, unless it has ended, and reads the reports that it had written. Returns -1
 * when it ended in a way that no test asked for.
 */
static int
finish(struct rounds *t, struct err *e)
{
	int status, rc = 0;

	kill(t->pid, SIGKILL);
	while (!t->ended && rc == 0)
		rc = read_report(t, e);
	close(t->reports);
	while (waitpid(t->pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot wait for the end of a process");
	if (rc != 0)
		return -1;
	if (t->failure[0] != '\0')
		return err_set(e, ERR_SYSTEM, "the test cannot go on: %.400s", t->failure);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		return err_set(e, ERR_SYSTEM, "the process that stores events ended by signal %d",
		    WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYSTEM,
		    "the process that stores events could not be set up: check the limits of this "
		    "shell (ulimit -a)");
	return 0;
}

/* ---- checking -------------------------------------------------------------------------------- */

struct comparison {
	const struct rounds *t;
	size_t at;     /* the batches before it are behind */
	int64_t there; /* acknowledged events that were found */
};

static void
compare_event(void *arg, const struct audit_event *event)
{
	struct comparison *c = arg;
	const struct torture_batch *batch = c->t->batch;
	char id[64];

	while (c->at < c->t->n_batches
	       && batch[c->at].first_event_id + batch[c->at].n <= event->event_id)
		c->at++;
	/* Batches overlap when events were lost and their ids given again. */
	for (size_t i = c->at; i < c->t->n_batches && batch[i].first_event_id <= event->event_id;
	     i++) {
		const int64_t place = event->event_id - batch[i].first_event_id;

		if (place >= batch[i].n)
			continue;
		snprintf(id, sizeof(id), TORTURE_MESSAGE_ID, batch[i].life,
		    batch[i].first_number + (uint32_t)place);
		if (slice_equals(event->message_id, slice_from(id)))
			c->there++;
	}
}

static int
by_event_id(const void *a, const void *b)
{
	const struct torture_batch *x = a, *y = b;

	return (x->first_event_id > y->first_event_id) - (x->first_event_id < y->first_event_id);
}

static int
walk_events(struct comparison *c, struct err *e)
{
	struct audit_page page = { .from = 0 };
	struct outbox_filter all;
	struct outbox_audit *audit;
	int rc;

	if (outbox_audit_open(c->t->plan->database, &audit, e) != 0)
		return -1;
	outbox_filter_init(&all);
	do {
		page.rows = AUDIT_PAGE_MAX;
		rc = outbox_audit_list(audit, &all, &page, compare_event, c, e);
	} while (rc == 0 && page.rows > 0);
	outbox_filter_free(&all);
	outbox_audit_close(audit);
	return rc;
}

/* Counts the acknowledged events that are not there. */
static int
compare_events(struct rounds *t, struct err *e)
{
	struct comparison c = { .t = t };
	int rc;

	qsort(t->batch, t->n_batches, sizeof(*t->batch), by_event_id);
	rc = walk_events(&c, e);
	t->r->lost += t->events - c.there;
	return rc;
}

static void
note_finding(void *arg, const struct verify_finding *finding)
{
	struct torture_results *r = arg;

	if (r->finding[0] == '\0')
		snprintf(r->finding, sizeof(r->finding), "%s: %s", finding->check, finding->what);
}

static int
check(struct rounds *t, struct err *e)
{
	/* Not offline: the log of a killed process ends in a frame that is half written. */
	const struct verify_options options = { .each = note_finding, .arg = t->r };
	int64_t findings, events;

	if (t->n_batches == 0)
		return 0; /* there need not be a file */
	t->r->checks++;
	if (outbox_verify(t->plan->database, &options, &findings, &events, e) != 0)
		return err_wrap(e, "cannot check the database");
	t->r->findings += findings;
	if (compare_events(t, e) != 0 && t->r->findings == 0)
		return err_wrap(e, "cannot read the events back");
	return 0;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* Ends the process; an error of the caller, rc, comes first. */
static int
end(struct rounds *t, int rc, struct err *e)
{
	if (rc >= 0)
		return finish(t, e);
	finish(t, NULL);
	return -1;
}

/* Kills a process: early, while it opens the outbox, or after it has stored something. */
static int
kill_round(struct rounds *t, bool early, struct err *e)
{
	const int64_t moment = (int64_t)rand_below(&t->rand, early ? EARLY_MS : LATE_MS);
	int rc = 0;

	if (start_life(t, TORTURE_NO_LIMIT, e) != 0)
		return -1;
	if (!early)
		rc = listen_for(t, PATIENCE_MS, true, e);
	if (rc == 1)
		rc = err_set(e, ERR_IO,
		    "nothing could be stored for %d seconds: look at the kernel's log",
		    PATIENCE_MS / 1000);
	if (rc == 0)
		rc = listen_for(t, moment, false, e);
	t->r->kills++;
	return end(t, rc, e);
}

/* Lets a process run into a limit. Then one without a limit must be able to store. */
static int
limit_round(struct rounds *t, enum torture_limit limit, int64_t *count, struct err *e)
{
	int rc;

	if (start_life(t, limit, e) != 0)
		return -1;
	rc = listen_for(t, LIMIT_MS, false, e);
	if (end(t, rc, e) != 0)
		return -1;
	*count += t->refused > 0;
	return kill_round(t, false, e);
}

void
torture_remove_files(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0); /* fails for . and .. */
	closedir(dir);
}

/* Begins a new file when the present one is large. */
static void
replace_file(struct rounds *t)
{
	char directory[4096];
	char *slash;

	if (t->events < FILE_EVENTS)
		return;
	snprintf(directory, sizeof(directory), "%s", t->plan->database);
	slash = strrchr(directory, '/');
	if (slash != NULL)
		*slash = '\0';
	torture_remove_files(directory);
	t->n_batches = 0;
	t->events = 0;
}

static int
run_round(struct rounds *t, int64_t round, struct err *e)
{
	switch (round % ROUNDS) {
	case 1:
		return limit_round(t, TORTURE_FILE_SIZE, &t->r->full, e);
	case 2:
		return limit_round(t, TORTURE_DESCRIPTORS, &t->r->descriptors, e);
	case 3:
		return kill_round(t, true, e);
	default:
		return kill_round(t, false, e);
	}
}

int
torture_rounds(const struct torture_plan *plan, struct torture_results *ret, struct err *e)
{
	struct rounds t = { .plan = plan, .r = ret };
	int rc = rand_seed_system(&t.rand, e);

	for (int64_t round = 0;
	     rc == 0 && ret->lost == 0 && ret->findings == 0 && !torture_is_stopped(plan->stop_fd)
	     && (round < ROUNDS_MIN || clock_mono(&clock_system) < plan->until);
	     round++) {
		/* Not after the check: the files of a loss are evidence. */
		replace_file(&t);
		rc = run_round(&t, round, e);
		if (rc == 0)
			rc = check(&t, e);
		plan->progress(plan->arg, ret);
	}
	free(t.batch);
	return rc;
}
