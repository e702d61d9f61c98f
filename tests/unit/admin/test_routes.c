/* admin/routes and admin/accept: paths, hosts, and the choice of a format. */
#include "lib/unit.h"

#include "admin/metrics/accept.h"
#include "admin/routes.h"

static void
paths_are_found_as_they_are_written(void **state)
{
	(void)state;
	assert_non_null(admin_route_find(SLICE("/metrics")));
	assert_non_null(admin_route_find(SLICE("/healthz")));
	assert_non_null(admin_route_find(SLICE("/readyz")));
	assert_null(admin_route_find(SLICE("/metrics/")));
	assert_null(admin_route_find(SLICE("/Metrics")));
	assert_non_null(admin_route_find(SLICE("/")));
	assert_non_null(admin_route_find(SLICE("/api/overview")));
	assert_null(admin_route_find(SLICE("//")));
	assert_null(admin_route_find(SLICE("/index.html")));
	assert_null(admin_route_find(SLICE("")));
}

static void
a_path_is_read_only(void **state)
{
	const struct route *r = admin_route_find(SLICE("/metrics"));

	(void)state;
	assert_true(admin_route_allows(r, HTTP_GET));
	assert_true(admin_route_allows(r, HTTP_HEAD));
	assert_false(admin_route_allows(r, HTTP_POST));
	assert_false(admin_route_allows(r, HTTP_OPTIONS));
	assert_false(admin_route_allows(r, HTTP_OTHER));
	assert_string_equal(admin_route_allowed(r), "GET, HEAD");
}

static void
only_this_machine_is_a_host(void **state)
{
	static const struct {
		const char *host;
		bool local;
	} cases[] = {
		{ "127.0.0.1", true },
		{ "127.0.0.1:7390", true },
		{ "127.1.2.3:1", true },
		{ "localhost", true },
		{ "localhost:7390", true },
		{ "[::1]", true },
		{ "[::1]:7390", true },
		{ "", false },
		{ ":7390", false },
		{ "localhost.example:7390", false },
		{ "127.0.0.1.example", false },
		{ "example", false },
		{ "10.0.0.1:7390", false },
		{ "[::2]:7390", false },
		{ "0.0.0.0", false },
		/* as long as the longest name that is looked at, and a byte longer */
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "[::1].example.com", false },
		{ "[::1]9", false },
		{ "localhost:", true },
		{ "localhost:9x", false },
		{ "localhost:x@example.com", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (admin_host_is_local(slice_from(cases[i].host)) != cases[i].local)
			fail_msg("%s: expected %d", cases[i].host, cases[i].local);
}

#define OPEN "application/openmetrics-text"

static void
the_accept_header_chooses_the_format(void **state)
{
	static const struct {
		const char *accept;
		bool openmetrics;
	} cases[] = {
		{ "", false },
		{ "*/*", false },
		{ "text/plain", false },
		{ OPEN, true },
		{ OPEN ";version=1.0.0", true },
		{ "Application/OpenMetrics-Text; Version=1.0.0", true },
		{ OPEN ";version=0.0.1", false },
		{ OPEN ";version=1.0.0;q=0", false },
		{ OPEN ";version=1.0.0;q=0.001", true },
		{ OPEN ";q=0.5, text/plain;q=0.5", true },
		{ OPEN ";q=0.4, text/plain;q=0.5", false },
		{ "text/plain;q=0.5," OPEN ";q=0.75", true },
		{ OPEN ";q=2, text/plain", true },
		{ OPEN ";q=x, text/plain", false },
		{ OPEN ";q=0.00001, text/plain;q=0", false },
		/* what Prometheus sends */
		{ OPEN ";version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
		       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		    true },
		{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited," OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6,"
		  "text/plain;version=0.0.4;q=0.4,*/*;q=0.2",
		    true },
		{ ",;,=,;;q", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (accept_prefers_openmetrics(slice_from(cases[i].accept)) != cases[i].openmetrics)
			fail_msg("%s: expected %d", cases[i].accept, cases[i].openmetrics);
	assert_false(accept_prefers_openmetrics(SLICE_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_found_as_they_are_written),
		cmocka_unit_test(a_path_is_read_only),
		cmocka_unit_test(only_this_machine_is_a_host),
		cmocka_unit_test(the_accept_header_chooses_the_format),
	};

	return cmocka_run_group_tests_name("admin routes", tests, NULL, NULL);
}
