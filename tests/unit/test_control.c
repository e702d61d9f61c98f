/* control: the socket between the command line and the daemon, with a made-up writer behind it. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client.h"
#include "control/control.h"
#include "outbox/operate.h"

#define SLICES 3

/* ---- the writer: a thread that answers as the test wants ------------------------------------- */

static struct {
	pthread_t thread;
	struct mailbox box;
	int slices;        /* operations seen, slice by slice */
	int fail_at_slice; /* 0: never */
	bool refuse;       /* outbox_send says no */
	enum outbox_health health;
	char seen[512];  /* what the last operation was asked */
	char event[512]; /* the body of the last put */
	int64_t site_id;
	size_t n_duplicates;
} writer;

int
outbox_send(struct outbox *o, struct outbox_msg *msg)
{
	(void)o;
	return writer.refuse ? -1 : mailbox_push_always(&writer.box, &msg->mail);
}

enum outbox_health
outbox_health(const struct outbox *o)
{
	(void)o;
	return writer.health;
}

void
outbox_health_text(struct outbox *o, char *ret_text, size_t size)
{
	(void)o;
	snprintf(ret_text, size, "%s", writer.health == OUTBOX_OK ? "" : "the disk is full");
}

void
outbox_counters(const struct outbox *o, struct outbox_counters *ret_counters)
{
	(void)o;
	*ret_counters = (struct outbox_counters){ .stored = 7, .attempts = 3 };
}

static void
write_operation(struct outbox_operation *op)
{
	struct buf filter;

	writer.slices++;
	if (writer.slices == writer.fail_at_slice) {
		op->msg.rc = err_set(&op->msg.err, ERR_FULL, "the disk is full");
		op->n_events += 999; /* rolled back: nobody may believe it */
		return;
	}
	buf_init(&filter, FILTER_MAX_JSON);
	outbox_filter_to_json(op->filter, &filter);
	snprintf(writer.seen, sizeof(writer.seen), "%s %s %s %s", op->actor,
	    operate_verb_name(op->verb), filter.p, op->note == NULL ? "-" : op->note);
	buf_free(&filter);
	op->operation_id = 17;
	op->n_events += 500;
	op->more = writer.slices < SLICES;
}

static void
write_put(struct outbox_put *put)
{
	snprintf(writer.event, sizeof(writer.event), "%.*s", (int)put->events[0].body.n,
	    put->events[0].body.p);
	writer.site_id = put->site_id;
	put->n_duplicates = writer.n_duplicates;
	put->n_stored = put->n_events - writer.n_duplicates;
	put->first_event_id = put->n_stored > 0 ? 41 : 0;
}

static void *
write_all(void *arg)
{
	bool closed = false;

	(void)arg;
	while (!closed) {
		struct mail *mail = mailbox_wait(&writer.box, -1, &closed), *next;

		for (; mail != NULL; mail = next) {
			struct outbox_msg *msg = (struct outbox_msg *)mail;

			next = mail->next;
			if (msg->type == OUTBOX_OPERATE)
				write_operation((struct outbox_operation *)msg);
			else
				write_put((struct outbox_put *)msg);
			msg->done(msg, msg->done_arg);
		}
	}
	return NULL;
}

/* ---- the daemon: an event loop in a thread ----------------------------------------------------
 */

static char folder[64], path[96];
static struct event_base *base;
static struct control *control;
static pthread_t loop;
static int quit[2];

static int64_t
fixed_time(void *arg)
{
	(void)arg;
	return 1785587696789;
}

static const struct clock fixed_clock = { fixed_time, fixed_time, NULL };

static void
on_quit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	control_stop(control);
	event_base_loopbreak(base);
}

static void *
run_loop(void *arg)
{
	event_base_dispatch(base);
	return arg;
}

static int
new_control(struct event_base *in, struct control **ret, struct err *e)
{
	static const struct control_site sites[] = { { "main", 5 }, { "shop", 6 } };
	const struct control_options o = {
		.path = path,
		.version = "9.9",
		.outbox = (struct outbox *)&writer,
		.clock = &fixed_clock,
		.sites = sites,
		.n_sites = 2,
	};

	return control_new(&o, in, ret, e);
}

static struct event *quit_event;

static int
start(void **state)
{
	struct err e;

	(void)state;
	memset(&writer, 0, sizeof(writer));
	snprintf(folder, sizeof(folder), "/tmp/bentospool-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db.sock", folder);
	assert_int_equal(mailbox_init(&writer.box, 1, 1, NULL, NULL, NULL), 0);
	assert_int_equal(pthread_create(&writer.thread, NULL, write_all, NULL), 0);
	base = event_base_new();
	if (new_control(base, &control, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(pipe(quit), 0);
	quit_event = event_new(base, quit[0], EV_READ, on_quit, NULL);
	event_add(quit_event, NULL);
	assert_int_equal(pthread_create(&loop, NULL, run_loop, NULL), 0);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	assert_int_equal(write(quit[1], "q", 1), 1);
	pthread_join(loop, NULL);
	/* as the daemon does: the writer first, which may still give something back */
	mailbox_close(&writer.box);
	pthread_join(writer.thread, NULL);
	control_free(control);
	mailbox_free(&writer.box);
	event_free(quit_event);
	event_base_free(base);
	close(quit[0]);
	close(quit[1]);
	assert_int_equal(access(path, F_OK), -1);
	unlink(path);
	return rmdir(folder);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The answer, or NULL with e set. */
static cJSON *
ask(const char *request, struct err *e)
{
	struct control_client *client;
	cJSON *o = cJSON_Parse(request), *answer = NULL;

	assert_non_null(o);
	assert_int_equal(control_client_open(path, &client, e), 0);
	if (control_client_call(client, o, 10000, &answer, e) != 0)
		answer = NULL;
	cJSON_Delete(o);
	control_client_close(client);
	return answer;
}

static void
refuses(const char *request, const char *word)
{
	struct err e = { 0 };

	if (ask(request, &e) != NULL)
		fail_msg("taken: %s", request);
	if (strstr(e.text, word) == NULL)
		fail_msg("%s: says %s, not %s", request, e.text, word);
}

static double
number(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *
text(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static void
ping_tells_how_the_daemon_is(void **state)
{
	struct err e;
	cJSON *answer;

	(void)state;
	answer = ask("{\"do\":\"ping\"}", &e);
	assert_non_null(answer);
	assert_int_equal((int)number(answer, "pid"), getpid());
	assert_int_equal((int)number(answer, "stored"), 7);
	assert_string_equal(text(answer, "version"), "9.9");
	assert_string_equal(text(answer, "started_at"), "2026-08-01T12:34:56.789Z");
	assert_string_equal(text(answer, "health"), "ok");
	cJSON_Delete(answer);
	writer.health = OUTBOX_FAILED;
	answer = ask("{\"do\":\"ping\"}", &e);
	assert_string_equal(text(answer, "health"), "failed");
	assert_string_equal(text(answer, "health_text"), "the disk is full");
	cJSON_Delete(answer);
}

static void
operation_runs_until_there_is_no_more(void **state)
{
	const struct passwd *user = getpwuid(getuid());
	char want[256];
	struct err e;
	cJSON *answer;

	(void)state;
	answer =
	    ask("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"status\":[\"failed\"]},"
		"\"note\":\"why not\"}",
		&e);
	assert_non_null(answer);
	assert_int_equal((int)number(answer, "events"), 500 * SLICES);
	assert_int_equal((int)number(answer, "operation_id"), 17);
	assert_int_equal(writer.slices, SLICES);
	cJSON_Delete(answer);
	/* the kernel says who asks, not the client */
	snprintf(want, sizeof(want), "%s requeue {\"status\":[\"failed\"]} why not",
	    user == NULL ? "?" : user->pw_name);
	assert_string_equal(writer.seen, want);
}

static void
failed_slice_ends_the_operation(void **state)
{
	(void)state;
	writer.fail_at_slice = 2;
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}",
	    "stopped after 500 events: the disk is full");
	assert_int_equal(writer.slices, 2);
}

static void
operation_needs_a_filter_it_understands(void **state)
{
	(void)state;
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{}}", "needs a filter");
	refuses(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"limit\":5}}", "needs a filter");
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\"}", "must be an object");
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"colour\":1}}",
	    "no criterion is called colour");
	refuses("{\"do\":\"operate\",\"verb\":\"destroy\",\"filter\":{\"all\":true}}",
	    "does not know that verb");
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true},\"note\":1}",
	    "note must be a text");
	assert_int_equal(writer.slices, 0);
}

static void
put_stores_an_event_as_it_is(void **state)
{
	struct err e;
	cJSON *answer;

	(void)state;
	answer = ask("{\"do\":\"put\",\"site\":\"shop\",\"event\":\"{\\\"type\\\":\\\"track\\\", "
		     "\\\"event\\\":\\\"A\\\",\\\"n\\\":1.10}\"}",
	    &e);
	if (answer == NULL)
		fail_msg("%s", e.text);
	assert_int_equal((int)number(answer, "event_id"), 41);
	assert_int_equal((int)number(answer, "stored"), 1);
	assert_string_equal(writer.event, "{\"type\":\"track\", \"event\":\"A\",\"n\":1.10}");
	assert_int_equal(writer.site_id, 6);
	cJSON_Delete(answer);
	writer.n_duplicates = 1;
	answer = ask("{\"do\":\"put\",\"site\":\"main\",\"event\":\"{\\\"event\\\":1}\"}", &e);
	assert_int_equal((int)number(answer, "duplicates"), 1);
	assert_int_equal((int)number(answer, "event_id"), 0);
	cJSON_Delete(answer);
}

static void
put_refuses_what_is_no_event(void **state)
{
	(void)state;
	refuses("{\"do\":\"put\",\"event\":\"{}\"}", "say which with --site");
	refuses("{\"do\":\"put\",\"site\":\"x\",\"event\":\"{}\"}", "no site \"x\"");
	refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":{}}", "must be a text");
	refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":\"[1\"}", "");
	assert_string_equal(writer.event, "");
}

static void
busy_outbox_is_an_answer(void **state)
{
	(void)state;
	writer.refuse = true;
	refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}", "try again");
	refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":\"{}\"}", "try again");
}

static void
nonsense_is_an_answer(void **state)
{
	(void)state;
	refuses("[]", "a request is one line of JSON");
	refuses("{\"do\":1}", "a request is one line of JSON");
	refuses("{\"do\":\"dance\"}", "does not know \"dance\"");
}

/* ---- the socket itself ----------------------------------------------------------------------- */

static int
connect_raw(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* Everything until the daemon hangs up, or `until` has come. */
static void
read_until(int fd, const char *until, char *to, size_t size)
{
	size_t n = 0;
	ssize_t got;

	to[0] = '\0';
	while (n + 1 < size && (until == NULL || strstr(to, until) == NULL)) {
		got = recv(fd, to + n, size - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		to[n] = '\0';
	}
}

static void
requests_on_one_connection_are_answered_in_order(void **state)
{
	static const char both[] =
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}\n"
	    "{\"do\":\"dance\"}\n";
	char answer[4096];
	int fd = connect_raw();

	(void)state;
	assert_int_equal(send(fd, both, sizeof(both) - 1, 0), sizeof(both) - 1);
	read_until(fd, "dance\\\"\"}\n", answer, sizeof(answer));
	assert_string_equal(answer, "{\"progress\":500}\n{\"progress\":1000}\n"
				    "{\"ok\":true,\"events\":1500,\"operation_id\":17}\n"
				    "{\"ok\":false,\"code\":\"input\",\"message\":\"this daemon "
				    "does not know \\\"dance\\\"\"}\n");
	close(fd);
}

static void
endless_line_is_cut_off(void **state)
{
	char *line = malloc(CONTROL_MAX_LINE), answer[1024];
	int fd = connect_raw();
	size_t sent = 0;

	(void)state;
	memset(line, 'x', CONTROL_MAX_LINE);
	while (sent < CONTROL_MAX_LINE) {
		ssize_t n = send(fd, line + sent, CONTROL_MAX_LINE - sent, MSG_NOSIGNAL);

		assert_true(n > 0);
		sent += (size_t)n;
	}
	read_until(fd, NULL, answer, sizeof(answer));
	assert_non_null(strstr(answer, "a request is at most"));
	close(fd);
	free(line);
}

static void
connections_are_bounded(void **state)
{
	int fds[CONTROL_MAX_CLIENTS];
	char answer[256];
	int one_more;

	(void)state;
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = connect_raw();
		assert_int_equal(send(fds[i], "[]\n", 3, 0), 3);
		read_until(fds[i], "\n", answer, sizeof(answer));
	}
	one_more = connect_raw();
	assert_int_equal(recv(one_more, answer, sizeof(answer), 0), 0);
	close(one_more);
	for (int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		close(fds[i]);
}

static void
client_that_leaves_stops_its_operation(void **state)
{
	static const char line[] =
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}\n";
	int fd = connect_raw();
	struct err e;
	cJSON *answer;

	(void)state;
	assert_int_equal(send(fd, line, sizeof(line) - 1, 0), sizeof(line) - 1);
	close(fd);
	/* the daemon lives and answers the next one */
	answer = ask("{\"do\":\"ping\"}", &e);
	assert_non_null(answer);
	cJSON_Delete(answer);
}

static void
socket_is_private_and_single(void **state)
{
	struct event_base *other = event_base_new();
	struct control *second;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(new_control(other, &second, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_non_null(strstr(e.text, "another process answers"));
	event_base_free(other);
}

static void
dead_socket_is_replaced_and_a_file_is_not(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct event_base *other = event_base_new();
	struct control *second = NULL;
	struct control_client *client;
	char kept[sizeof(path)];
	struct err e;
	FILE *file;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	memcpy(kept, path, sizeof(kept));
	snprintf(path, sizeof(path), "%s/dead", folder);
	assert_int_equal(control_client_open(path, &client, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	assert_int_equal(control_client_open(path, &client, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	if (new_control(other, &second, &e) != 0)
		fail_msg("%s", e.text);
	control_free(second);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(new_control(other, &second, &e), -1);
	assert_non_null(strstr(e.text, "is in the way and no socket"));
	assert_int_equal(unlink(path), 0);
	event_base_free(other);
	memcpy(path, kept, sizeof(kept));
}

int
main(void)
{
#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(ping_tells_how_the_daemon_is),
		WITH_DAEMON(operation_runs_until_there_is_no_more),
		WITH_DAEMON(failed_slice_ends_the_operation),
		WITH_DAEMON(operation_needs_a_filter_it_understands),
		WITH_DAEMON(put_stores_an_event_as_it_is),
		WITH_DAEMON(put_refuses_what_is_no_event),
		WITH_DAEMON(busy_outbox_is_an_answer),
		WITH_DAEMON(nonsense_is_an_answer),
		WITH_DAEMON(requests_on_one_connection_are_answered_in_order),
		WITH_DAEMON(endless_line_is_cut_off),
		WITH_DAEMON(connections_are_bounded),
		WITH_DAEMON(client_that_leaves_stops_its_operation),
		WITH_DAEMON(socket_is_private_and_single),
		WITH_DAEMON(dead_socket_is_replaced_and_a_file_is_not),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
