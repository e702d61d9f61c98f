/* The end of a lease: what is left in the file. Two hosts are tried by tests/integration. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lease_is_given_up_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_lease_that_another_host_has_taken_is_left_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
