/* The end of a lease: what is left in the file. Two hosts are tried by tests/integration. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/lease.h"
#include "lib/tempdir.h"

#define LEASE_MS INT64_C(60000) /* no renewal during a test */

static struct tempdir dir;

static int
set_up(void **state)
{
	(void)state;
	tempdir_make(&dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

static struct lease *
take(void)
{
	struct lease *lease;
	struct err e;

	assert_int_equal(lease_take(dir.file, LEASE_MS, &lease, &e), 0);
	return lease;
}

static void
write_lease(const char *line)
{
	char path[PATH_MAX + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s.lease", dir.file);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(line, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
a_lease_is_given_up_at_the_end(void **state)
{
	struct lease *lease = take();
	char host[LEASE_HOST_SIZE];

	(void)state;
	assert_true(lease_holder(dir.file, host));
	assert_string_not_equal(host, "");
	lease_release(lease);
	assert_false(lease_holder(dir.file, host));
	assert_string_equal(host, "");
}

static void
a_lease_that_another_host_has_taken_is_left_alone(void **state)
{
	struct lease *lease = take();
	char host[LEASE_HOST_SIZE];

	(void)state;
	write_lease("other-host a-boot 7\n");
	lease_release(lease);
	assert_false(lease_holder(dir.file, host));
	assert_string_equal(host, "other-host");
}

static void
a_lease_that_cannot_be_read_may_be_of_another_host(void **state)
{
	char path[PATH_MAX + 32];
	struct err e;

	(void)state;
	assert_int_equal(lease_check(dir.file, LEASE_MS, &e), 0);
	snprintf(path, sizeof(path), "%s.lease", dir.file);
	assert_int_equal(mkdir(path, 0700), 0); /* opens, and cannot be read */
	assert_int_equal(lease_check(dir.file, LEASE_MS, &e), -1);
	assert_non_null(strstr(e.text, "cannot read "));
	assert_non_null(strstr(e.text, path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lease_is_given_up_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_lease_that_another_host_has_taken_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_lease_that_cannot_be_read_may_be_of_another_host, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
