/* http/listen: addresses, and the sockets made for them. */
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/listen.h"

static void
addresses_say_what_they_mean(void **state)
{
	static const struct {
		const char *text;
		int family;
		bool local;
	} good[] = {
		{ "127.0.0.1:7300", AF_INET, true },
		{ "127.255.0.9:0", AF_INET, true },
		{ "128.0.0.1:0", AF_INET, false },
		{ "0.0.0.0:7300", AF_INET, false },
		{ "[::1]:0", AF_INET6, true },
		{ "[::]:65535", AF_INET6, false },
		{ "[fe80::1]:80", AF_INET6, false },
		{ "[::ffff:127.0.0.1]:80", AF_INET6, false },
		{ "unix:/run/x.sock", AF_UNIX, true },
	};
	struct listen_address a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (listen_parse(good[i].text, &a, NULL) != 0)
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(a.sockaddr.ss_family, good[i].family);
		if (a.local != good[i].local)
			fail_msg("local or not: %s", good[i].text);
	}
}

static void
doubtful_addresses_are_refused(void **state)
{
	static const char *const bad[] = { "", "7300", ":7300", "localhost:7300", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:99999999999", "127.0.0.1:-1",
		"127.0.0.1:+1", "127.0.0.1:80x", "127.0.0.1:http", "127.1:80", "::1:80", "[::1]",
		"[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "[fe80::1%lo]:80",
		"unix:", "unix:relative", "http://127.0.0.1:80",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct listen_address a;
		struct err e;

		if (listen_parse(bad[i], &a, &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, bad[i]));
	}
}

static void
a_socket_path_has_a_largest_length(void **state)
{
	char text[5 + 108 + 1] = "unix:/";
	struct listen_address a;

	(void)state;
	memset(text + 6, 'x', 108 - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(listen_parse(text, &a, NULL), -1);
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(listen_parse(text, &a, NULL), 0);
}

static int
connect_to(const char *text, const char *real)
{
	struct listen_address a;
	int fd, rc;

	assert_int_equal(
	    listen_parse(strncmp(text, "unix:", 5) == 0 ? text : real + 7, &a, NULL), 0);
	fd = socket(a.sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	rc = connect(fd, (struct sockaddr *)&a.sockaddr, a.size);
	close(fd);
	return rc;
}

static void
a_port_is_opened_and_its_number_told(void **state)
{
	static const char *const texts[] = { "127.0.0.1:0", "[::1]:0" };
	struct listener l;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		if (listener_open(texts[i], &l, &e) != 0) {
			if (i == 1 && strstr(e.text, "no such address") != NULL)
				continue; /* a machine without IPv6 */
			fail_msg("%s", e.text);
		}
		assert_int_equal(strncmp(l.address, "http://", 7), 0);
		assert_null(strstr(l.address, ":0"));
		assert_int_equal(connect_to(texts[i], l.address), 0);
		assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
		listener_close(&l);
		assert_int_equal(connect_to(texts[i], l.address), -1);
		listener_close(&l);
	}
}

static void
a_port_in_use_is_explained(void **state)
{
	struct listener first, second;
	struct err e;

	(void)state;
	assert_int_equal(listener_open("127.0.0.1:0", &first, NULL), 0);
	assert_int_equal(listener_open(first.address + 7, &second, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_non_null(strstr(e.text, "address already in use"));
	assert_non_null(strstr(e.text, first.address + 7));
	assert_non_null(strstr(e.text, "`listen`"));
	listener_close(&first);
	/* the address can be used again at once */
	assert_int_equal(listener_open(first.address + 7, &second, NULL), 0);
	listener_close(&second);
}

static void
a_port_is_free_again_while_old_connections_fade(void **state)
{
	struct listener l, again;
	struct listen_address a;
	int client, served;

	(void)state;
	assert_int_equal(listener_open("127.0.0.1:0", &l, NULL), 0);
	assert_int_equal(listen_parse(l.address + 7, &a, NULL), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&a.sockaddr, a.size), 0);
	served = accept(l.fd, NULL, NULL);
	assert_true(served >= 0);
	close(served); /* the side that closes first keeps the port for a while */
	close(client);
	listener_close(&l);
	assert_int_equal(listener_open(l.address + 7, &again, NULL), 0);
	listener_close(&again);
}

static void
an_ipv6_listener_leaves_the_ipv4_port_alone(void **state)
{
	struct listener six, four;
	char text[320];

	(void)state;
	if (listener_open("[::]:0", &six, NULL) != 0)
		skip(); /* a machine without IPv6 */
	snprintf(text, sizeof(text), "0.0.0.0:%s", six.address + strlen("http://[::]:"));
	assert_int_equal(listener_open(text, &four, NULL), 0);
	listener_close(&four);
	listener_close(&six);
}

static void
an_address_of_another_machine_is_explained(void **state)
{
	struct listener l;
	struct err e;

	(void)state;
	assert_int_equal(listener_open("192.0.2.1:7300", &l, &e), -1);
	assert_non_null(strstr(e.text, "192.0.2.1:7300"));
	assert_non_null(strstr(e.text, "no such address"));
}

/* ---- unix sockets ---------------------------------------------------------------------------- */

struct folder {
	char path[64];
	char socket[96]; /* as in the setting `listen` */
};

static int
make_folder(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "/tmp/bentospool-listen-XXXXXX");
	if (mkdtemp(f->path) == NULL)
		return -1;
	snprintf(f->socket, sizeof(f->socket), "unix:%s/s", f->path);
	*state = f;
	return 0;
}

static int
remove_folder(void **state)
{
	struct folder *f = *state;
	int rc;

	unlink(f->socket + 5);
	rc = rmdir(f->path);
	free(f);
	return rc;
}

static void
a_unix_socket_is_for_owner_and_group(void **state)
{
	const struct folder *f = *state;
	struct listener l;
	struct stat st;
	mode_t old = umask(0777);

	assert_int_equal(listener_open(f->socket, &l, NULL), 0);
	umask(0);
	assert_int_equal(stat(f->socket + 5, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_string_equal(l.address, f->socket);
	assert_int_equal(connect_to(f->socket, NULL), 0);
	listener_close(&l);
	assert_int_equal(stat(f->socket + 5, &st), -1);
	assert_int_equal(errno, ENOENT);
	umask(old);
}

static void
a_socket_that_nobody_serves_is_replaced(void **state)
{
	const struct folder *f = *state;
	struct listener first, second;

	assert_int_equal(listener_open(f->socket, &first, NULL), 0);
	close(first.fd); /* leaves the socket file behind, as a crash does */
	assert_int_equal(listener_open(f->socket, &second, NULL), 0);
	assert_int_equal(connect_to(f->socket, NULL), 0);
	listener_close(&second);
}

static void
a_socket_that_is_served_is_left_alone(void **state)
{
	const struct folder *f = *state;
	struct listener first, second;
	struct err e;

	assert_int_equal(listener_open(f->socket, &first, NULL), 0);
	assert_int_equal(listener_open(f->socket, &second, &e), -1);
	assert_non_null(strstr(e.text, "already in use"));
	assert_int_equal(connect_to(f->socket, NULL), 0);
	listener_close(&first);
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	const struct folder *f = *state;
	struct listener l;
	struct err e;
	int fd = open(f->socket + 5, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(listener_open(f->socket, &l, &e), -1);
	assert_non_null(strstr(e.text, "is not a socket"));
	assert_int_equal(access(f->socket + 5, F_OK), 0);
}

static void
only_the_own_file_is_removed_at_the_end(void **state)
{
	const struct folder *f = *state;
	struct listener first, second;

	assert_int_equal(listener_open(f->socket, &first, NULL), 0);
	assert_int_equal(unlink(f->socket + 5), 0);
	assert_int_equal(listener_open(f->socket, &second, NULL), 0);
	listener_close(&first);
	assert_int_equal(connect_to(f->socket, NULL), 0);
	listener_close(&second);
}

static void
a_missing_folder_is_told(void **state)
{
	struct listener l;
	struct err e;

	(void)state;
	assert_int_equal(listener_open("unix:/nonexistent/folder/s", &l, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_non_null(strstr(e.text, "unix:/nonexistent/folder/s"));
	assert_non_null(strstr(e.text, "No such file or directory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_say_what_they_mean),
		cmocka_unit_test(doubtful_addresses_are_refused),
		cmocka_unit_test(a_socket_path_has_a_largest_length),
		cmocka_unit_test(a_port_is_opened_and_its_number_told),
		cmocka_unit_test(a_port_in_use_is_explained),
		cmocka_unit_test(a_port_is_free_again_while_old_connections_fade),
		cmocka_unit_test(an_ipv6_listener_leaves_the_ipv4_port_alone),
		cmocka_unit_test(an_address_of_another_machine_is_explained),
		cmocka_unit_test_setup_teardown(
		    a_unix_socket_is_for_owner_and_group, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    a_socket_that_nobody_serves_is_replaced, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    a_socket_that_is_served_is_left_alone, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    a_file_that_is_no_socket_is_left_alone, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    only_the_own_file_is_removed_at_the_end, make_folder, remove_folder),
		cmocka_unit_test(a_missing_folder_is_told),
	};

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
