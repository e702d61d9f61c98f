/*
 * Each request of the control socket with the Nth allocation or call of libevent failing.
 *
 * refutes: a request is answered wrongly or never, or half of it is done, when its thread lacks
 * memory
 *
 * takes: 3 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "control/control.h"
#include "event/json/json.h"
#include "event/json/json_memory.h"
#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "unit/outbox/outbox_rig.h"

#define PATIENCE_MS 30000

/* ---- the requests -------------------------------------------------------------------------------
 */

struct request {
	const char *name;
	const char *line;
	const char *done; /* SQL: 1 when it was carried out */
	const char
	    *open; /* SQL: 1 when nothing of it was; NULL: it changes nothing, or has steps */
};

#define STATUS_OF(id, status) "SELECT status = '" status "' FROM outbox WHERE message_id = '" id "'"
#define OPERATE(verb, status)                                                                      \
	"{\"do\":\"operate\",\"verb\":\"" verb "\",\"filter\":{\"status\":[\"" status              \
	"\"]},\"note\":\"why\"}\n"
#define IMPORTED                                                                                   \
	"{\\\"site\\\":\\\"main\\\",\\\"message_id\\\":\\\"new-a\\\",\\\"kind\\\":\\\"track\\\","  \
	"\\\"name\\\":\\\"n\\\",\\\"received_at\\\":\\\"1970-01-01T00:00:05.000Z\\\","             \
	"\\\"occurred_at\\\":\\\"1970-01-01T00:00:04.000Z\\\",\\\"status\\\":\\\"failed\\\","      \
	"\\\"reason\\\":\\\"too_old\\\",\\\"body\\\":{}}"

static const struct request requests[] = {
	{ "ping", "{\"do\":\"ping\"}\n", "SELECT 1", NULL },
	{ "reload", "{\"do\":\"reload\"}\n", "SELECT 1", NULL },
	{ "requeue", OPERATE("requeue", "failed"), STATUS_OF("old-2", "pending"),
	    STATUS_OF("old-2", "failed") },
	{ "hold", OPERATE("hold", "pending"), STATUS_OF("old-5", "held"),
	    STATUS_OF("old-5", "pending") },
	{ "release", OPERATE("release", "held"), STATUS_OF("old-3", "pending"),
	    STATUS_OF("old-3", "held") },
	{ "discard", OPERATE("discard", "held"), STATUS_OF("old-3", "discarded"),
	    STATUS_OF("old-3", "held") },
	{ "expire", OPERATE("expire", "pending"), STATUS_OF("old-5", "failed"),
	    STATUS_OF("old-5", "pending") },
	{ "pause", "{\"do\":\"site_control\",\"verb\":\"pause\",\"note\":\"why\"}\n",
	    "SELECT pause_by IS NOT NULL FROM site", "SELECT pause_by IS NULL FROM site" },
	{ "resume", "{\"do\":\"site_control\",\"verb\":\"resume\",\"site\":\"main\"}\n",
	    "SELECT pause_by IS NULL FROM site", NULL },
	{ "flush", "{\"do\":\"site_control\",\"verb\":\"flush\"}\n", "SELECT 1", NULL },
	{ "erase", "{\"do\":\"erase\",\"email\":\"ann@example.com\",\"dry_run\":false}\n",
	    "SELECT count(*) = 0 FROM event WHERE email = 'ann@example.com'", NULL },
	{ "erase, only counted",
	    "{\"do\":\"erase\",\"email\":\"ann@example.com\",\"dry_run\":true}\n",
	    "SELECT count(*) > 0 FROM event WHERE email = 'ann@example.com'",
	    "SELECT count(*) > 0 FROM event WHERE email = 'ann@example.com'" },
	{ "purge", "{\"do\":\"purge\",\"dry_run\":false}\n", "SELECT count(*) = 6 FROM event",
	    NULL },
	{ "purge, only counted", "{\"do\":\"purge\",\"dry_run\":true}\n",
	    "SELECT count(*) = 8 FROM event", "SELECT count(*) = 8 FROM event" },
	{ "put",
	    "{\"do\":\"put\",\"site\":\"main\",\"event\":\"{\\\"type\\\":\\\"track\\\","
	    "\\\"event\\\":\\\"A\\\",\\\"messageId\\\":\\\"new-a\\\",\\\"userId\\\":\\\"u\\\"}\"}"
	    "\n",
	    "SELECT count(*) = 1 FROM event WHERE message_id = 'new-a'",
	    "SELECT count(*) = 0 FROM event WHERE message_id = 'new-a'" },
	{ "import",
	    "{\"do\":\"import\",\"verb\":\"import\",\"from\":\"file\",\"operation_id\":0,"
	    "\"dry_run\":false,\"lines\":[\"" IMPORTED "\"]}\n",
	    "SELECT count(*) = 1 FROM event WHERE message_id = 'new-a'",
	    "SELECT count(*) = 0 FROM event WHERE message_id = 'new-a'" },
	{ "nonsense", "{\"do\":\"dance\"}\n", NULL, NULL },
};

/* ---- the daemon's part --------------------------------------------------------------------------
 */

static const struct request *request_now;
static struct event_base *base;
static struct control *control;
static char socket_path[PATH_MAX + 32];

static int
admit(void *arg, int64_t site_id, struct segment_request *r, struct err *e)
{
	(void)arg;
	(void)site_id;
	r->received_at = clock_wall(&clock_system);
	r->max_depth = JSON_MAX_DEPTH;
	return segment_parse(r, e);
}

static cJSON *
reload(void *arg, struct err *e)
{
	cJSON *changed = cJSON_CreateArray();

	(void)arg;
	if (changed == NULL || !cJSON_AddItemToArray(changed, cJSON_CreateString("timeout"))) {
		cJSON_Delete(changed);
		err_nomem(e);
		return NULL;
	}
	return changed;
}

static void
find_limits(void *arg, struct purge_limits *ret_limits, const char **ret_archive)
{
	(void)arg;
	for (int i = 0; i < STATUS_COUNT; i++)
		ret_limits->payload_before[i] = ret_limits->rows_before[i] = PURGE_NEVER;
	ret_limits->rows_before[STATUS_DELIVERED] = ret_limits->rows_before[STATUS_FAILED] =
	    INT64_MAX;
	*ret_archive = "";
}

static void
ignore_site_control(void *arg, int64_t site_id, enum site_control_verb verb)
{
	(void)arg;
	(void)site_id;
	(void)verb;
}

static void
prepare(void)
{
	const struct control_site site = { "main", rig_site };
	struct control_options o = { .path = socket_path,
		.version = "1",
		.clock = &clock_system,
		.admit = admit,
		.on_reload = reload,
		.limits = find_limits,
		.on_site_control = ignore_site_control,
		.sites = &site,
		.n_sites = 1 };
	struct err e;

	nth_begin_with_template();
	snprintf(socket_path, sizeof(socket_path), "%s/sock", rig_dir.path);
	o.outbox = rig_outbox;
	base = event_base_new();
	assert_non_null(base);
	if (control_new(&o, base, &control, &e) != 0)
		fail_msg("%s", e.text);
}

/* ---- a client, which allocates nothing ----------------------------------------------------------
 */

enum reply { REPLY_NONE, REPLY_OK, REPLY_REFUSED, REPLY_CLOSED };

static char got[65536];
static size_t n_got;

static int
connect_client(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, socket_path, strlen(socket_path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(send(fd, request_now->line, strlen(request_now->line), MSG_NOSIGNAL),
	    strlen(request_now->line));
	return fd;
}

/* The last line of an answer has "ok". */
static enum reply
read_reply(int fd)
{
	ssize_t n = recv(fd, got + n_got, sizeof(got) - 1 - n_got, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return REPLY_CLOSED;
	n_got += n > 0 ? (size_t)n : 0;
	got[n_got] = '\0';
	if (n_got == 0 || got[n_got - 1] != '\n')
		return REPLY_NONE;
	if (strstr(got, "\"ok\":true") != NULL)
		return REPLY_OK;
	return strstr(got, "\"ok\":false") != NULL ? REPLY_REFUSED : REPLY_NONE;
}

static enum reply
ask(void)
{
	int64_t end = clock_mono(&clock_system) + PATIENCE_MS;
	enum reply reply = REPLY_NONE;
	int fd = connect_client();

	n_got = 0;
	while (reply == REPLY_NONE) {
		if (clock_mono(&clock_system) > end)
			fail_msg("%s: no answer and no end", request_now->name);
		event_base_loop(base, EVLOOP_NONBLOCK);
		reply = read_reply(fd);
		if (reply == REPLY_NONE)
			poll(NULL, 0, 1);
	}
	close(fd);
	return reply;
}

static enum reply reply_now;

static int
ask_armed(void)
{
	nth_arm();
	reply_now = ask();
	nth_disarm();
	return reply_now == REPLY_OK ? 0 : -1;
}

/* ---- what must be so ----------------------------------------------------------------------------
 */

static bool
holds(const char *sql)
{
	return sql == NULL || rig_number(sql) == 1;
}

static void
check_reply(bool fired)
{
	const struct request *r = request_now;
	/* In this order: the writer may still be at it when the connection is closed. */
	bool is_open = holds(r->open), is_done = holds(r->done);

	if (reply_now == REPLY_OK && !is_done)
		fail_msg("%s: answered ok, and not done", r->name);
	/* What was committed before the lack is done, and the refusal says so. */
	if (reply_now == REPLY_REFUSED && r->open != NULL && !is_open
	    && strstr(got, "the request was carried out") == NULL)
		fail_msg("%s: done, and answered %s", r->name, got);
	if (reply_now == REPLY_CLOSED && !is_done && !is_open)
		fail_msg("%s: half is done", r->name);
	if (!fired && reply_now != (r->done != NULL ? REPLY_OK : REPLY_REFUSED))
		fail_msg("%s: without a failure, answered %s", r->name, got);
}

static void
check(int rc, bool fired)
{
	struct err e;

	(void)rc;
	check_reply(fired);
	if (request_now->done != NULL && reply_now != REPLY_OK) {
		if (ask() != REPLY_OK)
			fail_msg("%s: the next try is answered %s", request_now->name, got);
		if (!holds(request_now->done))
			fail_msg("%s: the next try does nothing", request_now->name);
	}
	control_stop(control);
	if (outbox_stop(rig_outbox, &e) != 0)
		fail_msg("%s", e.text);
	control_free(control);
	event_base_free(base);
	outbox_close(rig_outbox);
	rig_check();
}

static void
try_requests(const struct nth_fault *fault, int sample)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct nth_workload w = { requests[i].name, prepare, ask_armed, check };

		request_now = &requests[i];
		nth_try(&w, fault, sample);
	}
}

static void
every_request_survives_a_lack_of_memory(void **state)
{
	(void)state;
	try_requests(&(struct nth_fault){ "alloc", 1, 0, true }, 3);
	try_requests(&(struct nth_fault){ "alloc", 4, 0, true }, 2);
	try_requests(&(struct nth_fault){ "alloc", 1000, 0, true }, 1);
}

static void
every_request_survives_a_failing_event(void **state)
{
	(void)state;
	try_requests(&(struct nth_fault){ "event", 1, 0, true }, 2);
	try_requests(&(struct nth_fault){ "epoll_ctl", 1, 12, true }, 1);
	try_requests(&(struct nth_fault){ "accept4", 1, EMFILE, true }, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_survives_a_lack_of_memory),
		cmocka_unit_test(every_request_survives_a_failing_event),
	};

	(void)argc;
	nth_start(argv);
	json_memory_watch();
	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	return cmocka_run_group_tests_name(
	    "nth control", tests, nth_make_template, nth_remove_template);
}
