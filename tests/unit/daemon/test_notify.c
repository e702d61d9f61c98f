/* What systemd is told, read from a socket in its place. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "lib/tempdir.h"

static struct tempdir dir;
static int manager;

static int
set_up(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	tempdir_make(&dir);
	assert_true(snprintf(un.sun_path, sizeof(un.sun_path), "%s/notify", dir.path)
		    < (int)sizeof(un.sun_path));
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_true(manager >= 0);
	assert_int_equal(bind(manager, (const struct sockaddr *)&un, sizeof(un)), 0);
	setenv("NOTIFY_SOCKET", un.sun_path, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	close(manager);
	tempdir_remove(&dir);
	return 0;
}

static void
expect(const char *state)
{
	char got[128] = "";

	assert_true(recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(got, state);
}

static void
each_state_is_one_datagram(void **state)
{
	(void)state;
	notify_more_time(300);
	expect("EXTEND_TIMEOUT_USEC=300000000");
	notify_ready();
	expect("READY=1");
	notify_stopping();
	expect("STOPPING=1");
}

static void
without_a_manager_nothing_is_sent(void **state)
{
	char got[8];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
	assert_true(recv(manager, got, sizeof(got), MSG_DONTWAIT) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_state_is_one_datagram, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_a_manager_nothing_is_sent, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
