/*
 * A simulated year in minutes: the real outbox, dispatcher, clocks and jobs with a clock of their
 * own, on a machine that is off every weekend. Traffic follows the day; Bento has outages and lost
 * answers; events wait for addresses, some in vain; retention removes what is old; every month a
 * person is erased. A model knows what must have arrived, and the file, the WAL, memory and
 * descriptors stay within bounds.
 *
 * refutes: in a long life something is lost or stays for ever, or the file, the WAL, memory or
 * descriptors grow takes: 5 minutes runs: 52
 */
#include "lib/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/rand.h"
#include "config/config.h"
#include "daemon/clocks.h"
#include "daemon/jobs/identities.h"
#include "daemon/jobs/retention.h"
#include "dispatch/dispatcher_private.h"
#include "event/segment/segment.h"
#include "faults/faults.h"
#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/operate/erase.h"
#include "unit/dispatch/fake_composer.h"
#include "unit/dispatch/fake_transport.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define TICK (10 * MINUTE)
#define START INT64_C(1796000000000)
#define EVENTS_MAX 600000
#define KEPT_DAYS 30
#define WAIT_DAYS 7
#define PEOPLE 500
#define WAL_MAX (INT64_C(16) << 20)
#define WARM_WEEKS 9 /* until as much is removed as comes in */

/* What must become of an event: FATE_WAITS: no address ever comes for it. */
enum fate { FATE_ARRIVES, FATE_WAITS };

struct world {
	struct clock clock;
	atomic_int_least64_t wall, mono;
	uint64_t boot;
	struct rand chance;
	struct tempdir dir;
	struct outbox *outbox;
	int64_t site;
	struct clocks *clocks;
	struct retention *retention;
	struct identities *identities;
	struct dispatcher *d;
	struct fake_transport *net;
	size_t answered; /* requests of this process that were answered */
	int64_t outage_ends;
	/* the model */
	long n_events;
	unsigned char fate[EVENTS_MAX];
	unsigned char copies[EVENTS_MAX]; /* at Bento */
	long twice, may_be_twice;
	/* bounds, in the first week after the warm-up */
	int64_t file_bytes, memory_pages, descriptors;
};

static struct config_retention retention_settings = { .delivered_rows = KEPT_DAYS,
	.invalid_rows = KEPT_DAYS,
	.discarded_rows = KEPT_DAYS,
	.archive = (char[]){ "" } };
static char no_upstream[] = "";
static struct config_site site_settings = {
	.upstream = no_upstream, .identity_wait = WAIT_DAYS * DAY, .identity_max = 1000000
};
static struct config config = { .sites = &site_settings, .n_sites = 1 };

/* ---- the clock ------------------------------------------------------------------------------ */

static int64_t
wall_ms(void *arg)
{
	return atomic_load(&((struct world *)arg)->wall);
}

static int64_t
mono_ms(void *arg)
{
	return atomic_load(&((struct world *)arg)->mono);
}

static void
advance(struct world *w, int64_t ms)
{
	atomic_fetch_add(&w->wall, ms);
	atomic_fetch_add(&w->mono, ms);
}

/* ---- messages ------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_done;

static void
note_done(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&mutex);
	is_done = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static void
call(struct world *w, struct outbox_msg *msg, enum outbox_msg_type type)
{
	msg->type = type;
	msg->done = note_done;
	is_done = false;
	assert_int_equal(outbox_send(w->outbox, msg), 0);
	pthread_mutex_lock(&mutex);
	while (!is_done)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	if (msg->rc != 0)
		fail_msg("%s", msg->err.text);
}

/* ---- the process ---------------------------------------------------------------------------- */

static void
start_dispatcher(struct world *w)
{
	const struct dispatch_site_options site = {
		.site_id = w->site,
		.name = "main",
		.api_url = "http://bento.invalid/api/v1/",
		.site_uuid = "u",
		.publishable_key = "pub",
		.secret_key = "sec",
		.batch_events = 100,
		.batch_bytes = 100000,
		.concurrency = 2,
		.timeout_ms = 30000,
		.retry_first_ms = 5000,
		.retry_max_ms = HOUR,
		.max_age_ms = 20 * DAY,
	};
	struct dispatcher_options o = {
		.transport = NULL,
		.composer = &fake_composer,
		.clock = clocks_clock(w->clocks),
		.seed = rand_u64(&w->chance),
		.history = clocks_history(w->clocks),
		.sites = &site,
		.n_sites = 1,
		.stop_deadline_ms = 10000,
	};
	struct err e;

	w->net = fake_transport_new();
	w->answered = 0;
	o.transport = &w->net->ops;
	if (outbox_port_open(w->dir.file, w->outbox, &o.outbox, &e) != 0
	    || dispatcher_new(&o, &w->d, &e) != 0)
		fail_msg("%s", e.text);
}

static void
start(struct world *w)
{
	struct outbox_options o = {
		.path = w->dir.file, .max_waiting = 1000, .max_waiting_bytes = 16 << 20
	};
	struct err e;

	assert_int_equal(clocks_new(&w->clock, w->boot, &w->clocks, &e), 0);
	o.clock = clocks_clock(w->clocks);
	if (outbox_open(&o, &w->outbox, NULL, &e) != 0
	    || outbox_site(w->outbox, "main", &w->site, &e) != 0
	    || clocks_recall(w->clocks, w->outbox, &e) != 0
	    || retention_new(w->outbox, o.clock, clocks_history(w->clocks), &w->retention, &e) != 0
	    || identities_new(w->outbox, o.clock, clocks_history(w->clocks), &w->identities, &e)
		   != 0
	    || identities_start(w->identities, &config, &w->site, &e) != 0)
		fail_msg("%s", e.text);
	start_dispatcher(w);
	assert_int_equal(outbox_start(w->outbox, &e), 0);
	clocks_tick(w->clocks);
}

static void
stop(struct world *w)
{
	struct err e;

	if (outbox_stop(w->outbox, &e) != 0)
		fail_msg("%s", e.text);
	dispatcher_free(w->d);
	outbox_close(w->outbox);
	retention_free(w->retention);
	identities_free(w->identities);
	clocks_free(w->clocks);
}

/* ---- Bento ---------------------------------------------------------------------------------- */

static void
take(struct world *w, const char *body)
{
	for (const char *at = strstr(body, "\"n\":"); at != NULL; at = strstr(at, "\"n\":")) {
		long n = strtol(at += 4, NULL, 10);

		assert_true(n >= 0 && n < w->n_events);
		w->twice += w->copies[n] > 0;
		w->copies[n]++;
	}
}

static long
count(const char *body)
{
	long n = 0;

	while ((body = strstr(body, "\"n\":")) != NULL) {
		body += 4;
		n++;
	}
	return n;
}

/* Answers what is in flight. */
static void
answer(struct world *w)
{
	for (; w->answered < w->net->n_requests; w->answered++) {
		const char *body = w->net->requests[w->answered]->body;

		if (wall_ms(w) < w->outage_ends) {
			fake_transport_answer(w->net, w->answered, 503, "", -1);
		} else if (rand_below(&w->chance, 100) == 0) {
			w->may_be_twice += count(body);
			if (rand_below(&w->chance, 2) == 0)
				take(w, body);
			fake_transport_break(w->net, w->answered, PHASE_SENDING, "reset");
		} else {
			char text[64];

			snprintf(text, sizeof(text), "{\"results\":%ld,\"failed\":0}", count(body));
			take(w, body);
			fake_transport_answer(w->net, w->answered, 200, text, -1);
		}
	}
}

/* Waits until the writer has applied everything that it was sent. */
static void
wait_for_writer(struct world *w)
{
	struct outbox_unresolved nothing = { .n_sites = 0 };

	call(w, &nothing.msg, OUTBOX_UNRESOLVED);
}

/* Steps until nothing is left to do at this time. */
static void
settle(struct world *w)
{
	bool busy = true;

	while (busy) {
		int64_t wait = dispatcher_step(w->d);

		busy = wait == 0 || w->answered < w->net->n_requests;
		answer(w);
		/* the writer returns messages; the dispatcher waits for them */
		while (atomic_load(&w->d->ctx.owed) > 0) {
			wait_for_writer(w);
			dispatcher_step(w->d);
			busy = true;
		}
	}
}

/* ---- applications --------------------------------------------------------------------------- */

static void
put(struct world *w, enum event_kind kind, long user, bool address, enum fate fate)
{
	char id[24], body[48], user_id[24], email[40];
	struct segment_event event = {
		.kind = kind,
		.name = SLICE("Bought"),
		.status = address ? STATUS_PENDING : STATUS_INVALID,
		.occurred_at = wall_ms(w),
	};
	struct outbox_put p = {
		.site_id = w->site, .received_at = wall_ms(w), .events = &event, .n_events = 1
	};

	assert_true(w->n_events < EVENTS_MAX);
	snprintf(id, sizeof(id), "m-%ld", w->n_events);
	snprintf(body, sizeof(body), "{\"n\":%ld}", w->n_events);
	snprintf(user_id, sizeof(user_id), "u-%ld", user);
	snprintf(email, sizeof(email), "p%ld@example.com", user);
	event.message_id = slice_from(id);
	event.body = slice_from(body);
	event.user_id = slice_from(user_id);
	event.email = address ? slice_from(email) : SLICE_NONE;
	event.reason = address ? NULL : segment_no_email;
	w->fate[w->n_events++] = (unsigned char)fate;
	call(w, &p.msg, OUTBOX_PUT);
}

/* More by day than at night: 1 to 7 events in ten minutes. A user above PEOPLE is new: half of them
 * are identified by their third event, and half never. */
static void
arrivals(struct world *w)
{
	int64_t hour = wall_ms(w) / HOUR % 24;
	int64_t n = 1 + (hour > 6 && hour < 22 ? (int64_t)rand_below(&w->chance, 7) : 0);

	while (n-- > 0)
		put(w, KIND_TRACK, (long)rand_below(&w->chance, PEOPLE), true, FATE_ARRIVES);
	if (rand_below(&w->chance, 6) == 0) {
		long user = PEOPLE + w->n_events;
		bool known = rand_below(&w->chance, 2) == 0;

		put(w, KIND_TRACK, user, false, known ? FATE_ARRIVES : FATE_WAITS);
		put(w, KIND_TRACK, user, false, known ? FATE_ARRIVES : FATE_WAITS);
		if (known)
			put(w, KIND_IDENTIFY, user, true, FATE_ARRIVES);
	}
	if (wall_ms(w) > w->outage_ends && rand_below(&w->chance, 700) == 0)
		w->outage_ends = wall_ms(w) + (int64_t)rand_below(&w->chance, 36 * HOUR);
}

static void
erase(struct world *w)
{
	char email[40];
	struct outbox_erase e = { .email = email, .actor = "test" };

	snprintf(email, sizeof(email), "p%d@example.com", (int)rand_below(&w->chance, PEOPLE));
	do {
		call(w, &e.msg, OUTBOX_ERASE);
	} while (e.more);
	dispatcher_look_again(w->d);
	/* nothing of a known address is pending in good weather */
	assert_int_equal(e.n_discarded, 0);
}

/* ---- bounds --------------------------------------------------------------------------------- */

static int64_t
number(struct world *w, const char *sql)
{
	struct db db;
	struct err e;
	int64_t n = -1;

	if (db_open(&db, w->dir.file, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s", e.text);
	db_close(&db, NULL);
	return n;
}

static int64_t
size_of(const char *path, const char *suffix)
{
	char name[512];
	struct stat s;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &s) == 0 ? (int64_t)s.st_size : 0;
}

static void
check_bounds(struct world *w, long week)
{
	int64_t file = size_of(w->dir.file, ""), pages = faults_memory(),
		open = faults_descriptors();
	int64_t oldest = number(w, "SELECT min(received_at) FROM event");

	assert_true(size_of(w->dir.file, "-wal") <= WAL_MAX);
	/* It waited, and was kept; of each, a weekend may not have counted yet. */
	assert_true(wall_ms(w) - oldest < (KEPT_DAYS + WAIT_DAYS + 6) * DAY);
	if (week == WARM_WEEKS) {
		w->file_bytes = file;
		w->memory_pages = pages;
		w->descriptors = open;
	}
	if (week <= WARM_WEEKS)
		return;
	assert_true(file < w->file_bytes * 3 / 2);
	assert_true(pages < w->memory_pages * 3 / 2);
	assert_int_equal(open, w->descriptors);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void
tick(struct world *w, bool traffic)
{
	advance(w, TICK);
	clocks_tick(w->clocks);
	if (traffic)
		arrivals(w);
	retention_tick(w->retention, &retention_settings);
	identities_tick(w->identities, &config, &w->site);
	wait_for_writer(w);
	settle(w);
}

/* The machine is off for two days and a half. */
static void
weekend(struct world *w)
{
	stop(w);
	atomic_fetch_add(&w->wall, 5 * DAY / 2);
	atomic_store(&w->mono, MINUTE);
	w->boot++;
	start(w);
}

static void
live(struct world *w, long week)
{
	for (int64_t end = wall_ms(w) + 9 * DAY / 2; wall_ms(w) < end;)
		tick(w, true);
	weekend(w);
	if (week % 4 == 3) {
		w->outage_ends = 0;
		for (int i = 0; i < 12; i++)
			tick(w, false);
		erase(w);
	}
	check_bounds(w, week);
}

/* Good weather, until nothing can be pending any more. */
static void
end(struct world *w)
{
	for (int i = 0; i < (WAIT_DAYS + 10) * 24 * 6; i++) {
		w->outage_ends = 0;
		tick(w, false);
	}
	assert_int_equal(number(w, "SELECT count(*) FROM state WHERE status = 'pending'"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM state WHERE status = 'failed'"), 0);
}

static void
a_year_passes(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	long weeks = faults_runs(2), lost = 0;

	(void)state;
	assert_non_null(w);
	tempdir_make(&w->dir);
	w->clock = (struct clock){ .wall_ms = wall_ms, .mono_ms = mono_ms, .arg = w };
	atomic_store(&w->wall, START);
	atomic_store(&w->mono, HOUR);
	w->boot = 1;
	rand_seed(&w->chance, faults_seed());
	start(w);
	for (long week = 0; week < weeks; week++)
		live(w, week);
	end(w);
	for (long n = 0; n < w->n_events; n++) {
		lost += w->fate[n] == FATE_ARRIVES && w->copies[n] == 0;
		assert_true(w->fate[n] != FATE_WAITS || w->copies[n] == 0);
	}
	assert_true(w->twice <= w->may_be_twice);
	printf("# result: points=%ld lost=%ld seen=%ld counted=%ld\n", w->n_events, lost, w->twice,
	    w->may_be_twice);
	assert_int_equal(lost, 0);
	stop(w);
	tempdir_remove(&w->dir);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year_passes),
	};

	return cmocka_run_group_tests_name("long_life", tests, NULL, NULL);
}
