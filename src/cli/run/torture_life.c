/*
 * The process that stores events. It keeps several batches with the writer, so that a transaction
 * holds more than one, and reports a batch when its message has come back. Reports are smaller than
 * PIPE_BUF: the pipe has all of a report or nothing, at whatever moment the process is killed.
 */
#include "cli/run/torture_life.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "base/rand.h"
#include "outbox/outbox.h"

#define SLOTS 8 /* batches with the writer */
#define BATCH_EVENTS 50
#define BODY_BYTES 1500
#define WAIT_MS 60000         /* after this time the wait is repeated */
#define GROWTH_MIN (64 << 10) /* bytes that the files may grow, with a limit */
#define GROWTH_RANGE (2 << 20)
#define DESCRIPTORS_MAX 64 /* more than the outbox needs */
#define BATCHES_OF_DESCRIPTORS 16

struct slot {
	struct outbox_put put; /* must be first: the mailbox has its link */
	struct segment_event event[BATCH_EVENTS];
	char id[BATCH_EVENTS][40];
	char body[BATCH_EVENTS][BODY_BYTES + 64];
	uint32_t first_number;
};

struct living {
	const struct torture_life *life;
	int reports;
	struct rand rand;
	struct outbox *outbox;
	struct mailbox box; /* messages that came back */
	int64_t site_id;
	uint32_t next_number;
	unsigned waiting; /* messages with the writer */
};

static struct slot slots[SLOTS];

/* ---- reports --------------------------------------------------------------------------------- */

static void
report(const struct living *l, const struct torture_report *r)
{
	if (write(l->reports, r, sizeof(*r)) != (ssize_t)sizeof(*r))
		_exit(1); /* nobody listens any longer */
}

static void
report_stored(const struct living *l, const struct slot *s)
{
	const struct torture_report r = {
		.event = TORTURE_STORED,
		.batch = { .first_event_id = s->put.first_event_id,
		    .life = l->life->number,
		    .first_number = s->first_number,
		    .n = (uint32_t)s->put.n_events },
	};

	report(l, &r);
}

static void
report_error(const struct living *l, const struct err *e)
{
	struct torture_report r = { .event = l->life->limit == TORTURE_NO_LIMIT ? TORTURE_FAILED
										: TORTURE_REFUSED };

	snprintf(r.text, sizeof(r.text), "%.255s", e->text);
	report(l, &r);
}

/* ---- storing --------------------------------------------------------------------------------- */

/* Called on the writer's thread. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	mailbox_push_always(arg, &msg->mail);
}

static void
make_event(struct living *l, struct slot *s, size_t i)
{
	const uint32_t number = l->next_number++;
	int id = snprintf(s->id[i], sizeof(s->id[i]), TORTURE_MESSAGE_ID, l->life->number, number);
	int body = snprintf(s->body[i], sizeof(s->body[i]),
	    "{\"event\":\"Torture\",\"properties\":{\"number\":%u,\"filler\":\"%0*d\"}}", number,
	    1 + (int)rand_below(&l->rand, BODY_BYTES), 0);

	s->event[i] = (struct segment_event){
		.body = { s->body[i], (size_t)body },
		.kind = KIND_TRACK,
		.name = SLICE("Torture"),
		.message_id = { s->id[i], (size_t)id },
		.email = SLICE("torture@example.com"),
		.occurred_at = clock_wall(&clock_system),
		.status = STATUS_PENDING,
	};
}

static void
send_batch(struct living *l, struct slot *s)
{
	const size_t n = 1 + (size_t)rand_below(&l->rand, BATCH_EVENTS);

	s->first_number = l->next_number;
	for (size_t i = 0; i < n; i++)
		make_event(l, s, i);
	s->put = (struct outbox_put){
		.msg = { .type = OUTBOX_PUT, .done = give_back, .done_arg = &l->box },
		.site_id = l->site_id,
		.received_at = clock_wall(&clock_system),
		.events = s->event,
		.n_events = n,
	};
	if (outbox_send(l->outbox, &s->put.msg) == 0)
		l->waiting++;
}

static struct mail *
wait_for_mail(struct living *l)
{
	struct mail *mail;

	do
		mail = mailbox_wait(&l->box, WAIT_MS, NULL);
	while (mail == NULL);
	return mail;
}

/* Reports what came back. Returns whether everything was stored. */
static bool
take_back(struct living *l, struct mail *mail, bool more)
{
	bool stored = true;
	struct mail *next;

	for (; mail != NULL; mail = next) {
		struct slot *s = (struct slot *)mail;

		next = mail->next;
		l->waiting--;
		mailbox_release(&l->box, 1, mail->cost);
		if (s->put.msg.rc == 0)
			report_stored(l, s);
		else
			report_error(l, &s->put.msg.err);
		stored &= s->put.msg.rc == 0;
		if (more && stored)
			send_batch(l, s);
	}
	return stored;
}

/* Stores batches; 0: until the outbox refuses one. */
static void
store(struct living *l, unsigned batches)
{
	unsigned back = 0;
	bool more = true;

	for (size_t i = 0; i < SLOTS; i++)
		send_batch(l, &slots[i]);
	while (l->waiting > 0) {
		more &= batches == 0 || ++back < batches;
		more &= take_back(l, wait_for_mail(l), more);
	}
}

/* ---- the outbox ------------------------------------------------------------------------------ */

static int
open_outbox(struct living *l, struct err *e)
{
	const struct outbox_options options = {
		.path = l->life->path,
		.max_waiting = 2 * SLOTS,
		.max_waiting_bytes = SIZE_MAX,
		.clock = &clock_system,
	};

	if (outbox_open(&options, &l->outbox, NULL, e) != 0)
		return -1;
	if (outbox_site(l->outbox, "torture", &l->site_id, e) == 0
	    && outbox_identities(l->outbox, NULL, 0, e) == 0 && outbox_start(l->outbox, e) == 0)
		return 0;
	outbox_close(l->outbox);
	return -1;
}

/* The outbox may be out of order, because of a limit: whether the end succeeds is of no interest.
 */
static void
close_outbox(struct living *l)
{
	outbox_stop(l->outbox, NULL);
	outbox_close(l->outbox);
}

static void
live(struct living *l)
{
	struct err e;

	if (open_outbox(l, &e) != 0) {
		report_error(l, &e);
		return;
	}
	store(l, 0);
	close_outbox(l);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* The hard limit stays, so that a limit can be raised again. */
static void
set_limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		_exit(1);
	limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
	if (setrlimit(resource, &limit) != 0)
		_exit(1);
}

static uint64_t
size_of(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void
live_without_space(struct living *l)
{
	const uint64_t database = size_of(l->life->path, ""), wal = size_of(l->life->path, "-wal");

	set_limit(RLIMIT_FSIZE,
	    (database > wal ? database : wal) + GROWTH_MIN + rand_below(&l->rand, GROWTH_RANGE));
	live(l);
}

/* Opens the outbox with one descriptor more each time, until there are enough. */
static void
live_with_few_descriptors(struct living *l)
{
	const int lowest = dup(l->reports);
	struct err e;

	close(lowest);
	for (int more = 0; more < DESCRIPTORS_MAX; more++) {
		set_limit(RLIMIT_NOFILE, (rlim_t)lowest + (rlim_t)more);
		if (open_outbox(l, &e) == 0) {
			store(l, BATCHES_OF_DESCRIPTORS);
			close_outbox(l);
			return;
		}
		report_error(l, &e);
	}
}

/* ---- the process ----------------------------------------------------------------------------- */

/* Signals to the whole process group are for the parent. The log of the outbox would mix with the
 * verdict. */
static void
prepare(pid_t parent)
{
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || null < 0)
		_exit(1);
	dup2(null, STDERR_FILENO);
	close(null);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
run(const struct torture_life *life, int reports, pid_t parent)
{
	struct living l = { .life = life, .reports = reports };

	prepare(parent);
	rand_seed(&l.rand, life->chance);
	if (mailbox_init(&l.box, SLOTS, SIZE_MAX, NULL, NULL, NULL) != 0)
		_exit(1);
	if (life->limit == TORTURE_FILE_SIZE)
		live_without_space(&l);
	else if (life->limit == TORTURE_DESCRIPTORS)
		live_with_few_descriptors(&l);
	else
		live(&l);
	_exit(0);
}

int
torture_life_start(const struct torture_life *life, pid_t *ret_pid, int *ret_reports, struct err *e)
{
	const pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(e, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run(life, ends[1], parent);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_sys(e, "cannot start a process");
	}
	*ret_pid = pid;
	*ret_reports = ends[0];
	return 0;
}
