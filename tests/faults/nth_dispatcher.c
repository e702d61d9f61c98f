/*
 * The dispatcher, from reading due events to recording their delivery, with the Nth allocation or
 * call of SQLite or libcurl failing: the real outbox, composer and transport, and a small Bento.
 *
 * refutes: without memory an event is lost, stays for ever, or goes out twice without being counted
 *
 * takes: 10 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "dispatch/dispatcher.h"
#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "unit/outbox/outbox_rig.h"

#define PATIENCE_MS 60000
#define DUE 4 /* of the template's events: old-5 to old-8 */

/* ---- a Bento, which allocates nothing -----------------------------------------------------------
 */

static struct {
	int fd;
	pthread_t thread;
	char url[64];
	atomic_int arrived[DUE]; /* how often each event came */
	atomic_int requests;
} bento;

static char body[65536];

/* Returns the bytes of a whole request, 0 at the end of the connection. */
static size_t
read_request(int fd)
{
	size_t n = 0;

	for (;;) {
		ssize_t more = recv(fd, body + n, sizeof(body) - 1 - n, 0);
		const char *end, *length;

		if (more <= 0)
			return 0;
		n += (size_t)more;
		body[n] = '\0';
		end = strstr(body, "\r\n\r\n");
		length = strcasestr(body, "content-length: ");
		if (end != NULL && length != NULL
		    && n >= (size_t)(end + 4 - body) + strtoul(length + 16, NULL, 10))
			return n;
	}
}

static unsigned
count_events(void)
{
	unsigned n = 0;
	char key[16];

	for (int i = 0; i < DUE; i++) {
		snprintf(key, sizeof(key), "\"old-%d\"", 5 + i);
		if (strstr(body, key) == NULL)
			continue;
		atomic_fetch_add(&bento.arrived[i], 1);
		n++;
	}
	return n;
}

static void
serve(int fd)
{
	char answer[256], text[64];

	while (read_request(fd) > 0) {
		atomic_fetch_add(&bento.requests, 1);
		snprintf(text, sizeof(text), "{\"results\":%u,\"failed\":0}", count_events());
		snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		    strlen(text), text);
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
			return;
	}
}

static void *
run_bento(void *arg)
{
	int fd;

	while ((fd = accept(bento.fd, NULL, NULL)) >= 0) {
		serve(fd);
		close(fd);
	}
	return arg;
}

static void
start_bento(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(in);

	bento.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bento.fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(bento.fd, 8), 0);
	assert_int_equal(getsockname(bento.fd, (struct sockaddr *)&in, &size), 0);
	snprintf(bento.url, sizeof(bento.url), "http://127.0.0.1:%d", ntohs(in.sin_port));
	for (int i = 0; i < DUE; i++)
		atomic_store(&bento.arrived[i], 0);
	atomic_store(&bento.requests, 0);
	assert_int_equal(pthread_create(&bento.thread, NULL, run_bento, NULL), 0);
}

static void
stop_bento(void)
{
	shutdown(bento.fd, SHUT_RDWR);
	pthread_join(bento.thread, NULL);
	close(bento.fd);
}

/* ---- the dispatcher -----------------------------------------------------------------------------
 */

static struct dispatcher *dispatcher;

static int
start_dispatcher(void)
{
	struct dispatch_site_options site = {
		.site_id = rig_site,
		.name = "main",
		.api_url = bento.url,
		.site_uuid = "uuid",
		.publishable_key = "pub",
		.secret_key = "sec",
		.batch_events = 3,
		.batch_bytes = 100000,
		.concurrency = 1,
		.timeout_ms = 5000,
		.retry_first_ms = 1,
		.retry_max_ms = 2,
		.mapping = { .unique_key = true },
		.policy = { .maybe_delivered = MAYBE_HOLD },
	};
	struct dispatcher_options o = {
		.composer = &composer_mapping,
		.clock = &nth_clock, /* each wait is cut short by dispatcher_wake */
		.seed = 1,
		.sites = &site,
		.n_sites = 1,
		.stop_deadline_ms = 5000 * NTH_FASTER,
	};
	struct err e = { 0 };
	int rc = -1;

	dispatcher = NULL;
	if (transport_curl_new("bentospool/test", &o.transport, &e) == 0
	    && outbox_port_open(rig_dir.file, rig_outbox, &o.outbox, &e) == 0)
		rc = dispatcher_new(&o, &dispatcher, &e);
	if (rc == 0 && dispatcher_start(dispatcher, &e) != 0) {
		dispatcher_free(dispatcher);
		dispatcher = NULL;
		rc = -1;
	} else if (rc != 0) {
		if (o.outbox != NULL)
			o.outbox->free(o.outbox);
		if (o.transport != NULL)
			o.transport->free(o.transport);
	}
	if (rc != 0)
		assert_true(e.text[0] != '\0');
	return rc;
}

static void
prepare(void)
{
	nth_begin_with_template();
	start_bento();
}

static bool
have_all_arrived(void)
{
	for (int i = 0; i < DUE; i++)
		if (atomic_load(&bento.arrived[i]) == 0)
			return false;
	return true;
}

static int
deliver(void)
{
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	int rc;

	nth_arm();
	rc = start_dispatcher();
	while (rc == 0 && !have_all_arrived()) {
		if (clock_mono(&clock_system) > end)
			fail_msg("not all events arrive");
		dispatcher_wake(dispatcher);
		poll(NULL, 0, 1);
	}
	nth_disarm();
	return rc;
}

/* ---- what must be so ----------------------------------------------------------------------------
 */

static void
wait_until_settled(void)
{
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;

	while (rig_number(
		   "SELECT count(*) FROM outbox WHERE status = 'pending' AND message_id <> 'old-4'"
		   " AND message_id GLOB 'old-*'")
	       > 0) {
		if (clock_mono(&clock_system) > end)
			fail_msg("an event stays pending");
		dispatcher_wake(dispatcher);
		poll(NULL, 0, 1);
	}
}

/* Each event that came again is counted as one that Bento may have twice. */
static void
check_counts(void)
{
	char sql[160];

	for (int i = 0; i < DUE; i++) {
		int64_t counted;

		snprintf(sql, sizeof(sql),
		    "SELECT maybe_sent FROM outbox WHERE message_id = 'old-%d'", 5 + i);
		counted = rig_number(sql);
		if (atomic_load(&bento.arrived[i]) - 1 > counted)
			fail_msg("old-%d came %d times, and %d are counted", 5 + i,
			    atomic_load(&bento.arrived[i]), (int)counted);
	}
	assert_int_equal(
	    rig_number("SELECT count(*) FROM outbox WHERE status = 'delivered'"), DUE + 1);
	/* The template's own attempt was never sent. */
	assert_true(rig_number("SELECT count(*) FROM attempt") - 1 >= atomic_load(&bento.requests));
}

static void
check(int rc, bool fired)
{
	struct err e;

	if (!fired)
		assert_int_equal(rc, 0);
	if (rc != 0)
		assert_int_equal(start_dispatcher(), 0);
	wait_until_settled();
	if (!fired)
		assert_int_equal(rig_number("SELECT sum(maybe_sent) FROM outbox"), 0);
	dispatcher_stop(dispatcher);
	check_counts();
	if (outbox_stop(rig_outbox, &e) != 0)
		fail_msg("%s", e.text);
	dispatcher_free(dispatcher);
	outbox_close(rig_outbox);
	stop_bento();
	rig_check();
}

static void
try_delivery(const struct nth_fault *fault, int sample)
{
	const struct nth_workload w = { "delivery", prepare, deliver, check };

	nth_try(&w, fault, sample);
}

static void
a_delivery_survives_a_lack_of_memory(void **state)
{
	(void)state;
	try_delivery(&(struct nth_fault){ "alloc", 1, 0, false }, 10);
	try_delivery(&(struct nth_fault){ "alloc", 4, 0, false }, 5);
}

static void
a_delivery_survives_a_failing_call(void **state)
{
	(void)state;
	try_delivery(&(struct nth_fault){ "sqlite", 1, 7, false }, 12); /* SQLITE_NOMEM */
	try_delivery(&(struct nth_fault){ "sqlite", 1, 5, false }, 4);  /* SQLITE_BUSY */
	try_delivery(&(struct nth_fault){ "curl", 1, 0, false }, 8);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivery_survives_a_lack_of_memory),
		cmocka_unit_test(a_delivery_survives_a_failing_call),
	};

	(void)argc;
	nth_start(argv);
	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	return cmocka_run_group_tests_name(
	    "nth dispatcher", tests, nth_make_template, nth_remove_template);
}
