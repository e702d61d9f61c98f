/* control: who may connect to the socket, the maximum length of a line, and an existing socket. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/control_client.h"
#include "unit/control/control_rig.h"

static int
connect_raw(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", rig.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* Reads until the daemon hangs up, or until `until` was read. */
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
	read_until(fd, "upgrade\"}\n", answer, sizeof(answer));
	assert_string_equal(answer,
	    "{\"progress\":500}\n{\"progress\":1000}\n"
	    "{\"ok\":true,\"events\":1500,\"operation_id\":17}\n"
	    "{\"ok\":false,\"code\":\"input\",\"message\":\"the running daemon does not know the "
	    "request \\\"dance\\\": restart it after an upgrade\"}\n");
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
	/* the daemon still runs and answers the next connection */
	answer = control_rig_ask("{\"do\":\"ping\"}", &e);
	assert_non_null(answer);
	cJSON_Delete(answer);
}

static void
erasure_outlives_its_client(void **state)
{
	static const char line[] = "{\"do\":\"erase\",\"email\":\"ann@example.com\"}\n";
	int fd = connect_raw();
	struct err e;

	(void)state;
	assert_int_equal(send(fd, line, sizeof(line) - 1, 0), sizeof(line) - 1);
	close(fd);
	for (int i = 0; rig.steps < CONTROL_RIG_SLICES && i < 10000; i++) {
		cJSON *answer = control_rig_ask("{\"do\":\"ping\"}", &e);

		assert_non_null(answer);
		cJSON_Delete(answer);
	}
	assert_int_equal(rig.steps, CONTROL_RIG_SLICES);
}

/* A daemon that stops during the work: the error must say what was done. */
static void *
answer_half(void *arg)
{
	static const char half[] = "{\"progress\":500}\n{\"progress\":1000}\n";
	char request[256];
	int fd = accept(*(int *)arg, NULL, NULL);

	read_until(fd, "\n", request, sizeof(request));
	assert_int_equal(send(fd, half, sizeof(half) - 1, 0), sizeof(half) - 1);
	close(fd);
	return NULL;
}

static void
client_says_how_far_it_came(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	char kept[sizeof(rig.path)];
	struct err e = { 0 };
	pthread_t thread;

	(void)state;
	memcpy(kept, rig.path, sizeof(kept));
	snprintf(rig.path, sizeof(rig.path), "%s/half", rig.folder);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", rig.path);
	assert_int_equal(bind(listener, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer_half, &listener), 0);
	assert_null(control_rig_ask("{\"do\":\"operate\"}", &e));
	assert_string_equal(e.text,
	    "stopped after 1000 events or more, see bentospool operations: the daemon hung "
	    "up; its log may say why");
	pthread_join(thread, NULL);
	close(listener);
	unlink(rig.path);
	memcpy(rig.path, kept, sizeof(kept));
}

static void
socket_is_private_and_single(void **state)
{
	struct event_base *other = event_base_new();
	struct control *second;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(stat(rig.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(control_rig_new(other, &second, &e), -1);
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
	char kept[sizeof(rig.path)];
	struct err e;
	FILE *file;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	memcpy(kept, rig.path, sizeof(kept));
	snprintf(rig.path, sizeof(rig.path), "%s/dead", rig.folder);
	assert_int_equal(control_client_open(rig.path, &client, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", rig.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	assert_int_equal(control_client_open(rig.path, &client, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	if (control_rig_new(other, &second, &e) != 0)
		fail_msg("%s", e.text);
	control_free(second);
	file = fopen(rig.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(control_rig_new(other, &second, &e), -1);
	assert_non_null(strstr(e.text, "is not a socket"));
	assert_int_equal(unlink(rig.path), 0);
	event_base_free(other);
	memcpy(rig.path, kept, sizeof(kept));
}

int
main(void)
{
#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, control_rig_start, control_rig_stop)
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(requests_on_one_connection_are_answered_in_order),
		WITH_DAEMON(endless_line_is_cut_off),
		WITH_DAEMON(connections_are_bounded),
		WITH_DAEMON(client_that_leaves_stops_its_operation),
		WITH_DAEMON(erasure_outlives_its_client),
		WITH_DAEMON(client_says_how_far_it_came),
		WITH_DAEMON(socket_is_private_and_single),
		WITH_DAEMON(dead_socket_is_replaced_and_a_file_is_not),
	};

	/* The client may hang up during a write: the call must fail, not the process. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("control socket", tests, NULL, NULL);
}
