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
	notify_alive();
	expect("WATCHDOG=1");
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

static int64_t
watchdog_us(const char *us, const char *pid)
{
	int64_t found;

	setenv("WATCHDOG_USEC", us, 1);
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	found = notify_watchdog_us();
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return found;
}

static void
the_watchdog_is_on_when_systemd_waits_for_this_process(void **state)
{
	char own[24], other[24];

	(void)state;
	snprintf(own, sizeof(own), "%d", (int)getpid());
	snprintf(other, sizeof(other), "%d", (int)getppid());
	assert_int_equal(notify_watchdog_us(), 0);
	assert_int_equal(watchdog_us("300000000", NULL), 300000000);
	assert_int_equal(watchdog_us("300000000", own), 300000000);
	assert_int_equal(watchdog_us("300000000", other), 0);
	assert_int_equal(watchdog_us("300000000", "own"), 0);
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(watchdog_us("300000000", NULL), 0);
}

static void
a_time_that_cannot_be_meant_turns_the_watchdog_off(void **state)
{
	static const char *const wrong[] = { "", "0", "-1", "12s", " 12", "2592000000001",
		"99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(watchdog_us(wrong[i], NULL), 0);
	assert_int_equal(watchdog_us("2592000000000", NULL), NOTIFY_WATCHDOG_MAX);
	assert_int_equal(watchdog_us("1", NULL), 2000);
	assert_int_equal(watchdog_us("2000", NULL), 2000);
	assert_int_equal(watchdog_us("2001", NULL), 2001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_state_is_one_datagram, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_a_manager_nothing_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_watchdog_is_on_when_systemd_waits_for_this_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_time_that_cannot_be_meant_turns_the_watchdog_off, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
