/* ingest/routes: paths as clients write them, and answers_append_allowed for their preflights. */
#include "http/answers.h"
#include "ingest/routes.h"

#include "lib/unit.h"

static const struct {
	const char *path;
	const char *route; /* NULL: none */
} paths[] = {
	{ "/v1/batch", "/v1/batch" },
	{ "//v1/batch", "/v1/batch" },
	{ "/v1//batch", "/v1/batch" },
	{ "/v1/batch/", "/v1/batch" },
	{ "///v1///t///", "/v1/t" },
	{ "/v1/%62atch", "/v1/batch" },
	{ "/v1%2Fbatch", "/v1/batch" },
	{ "/batch", "/v1/batch" },
	{ "/b/", "/v1/b" },
	{ "/track", "/v1/track" },
	{ "//beacon/v1/batch", "/v1/batch" },
	{ "/api/s/track", "/v1/track" },
	{ "/api/s/s2s/identify", "/v1/identify" },
	{ "/api/v1//batch/events", "/api/v1/batch/events" },
	{ "//api/v1/batch/subscribers/", "/api/v1/batch/subscribers" },
	{ "/healthz/", "/healthz" },
	{ "/v1/healthz", NULL },
	{ "/v1/v1/batch", NULL },
	{ "/v1/./batch", NULL },
	{ "/x/../v1/batch", NULL },
	{ "/V1/Batch", NULL },
	{ "/v1/batches", NULL },
	{ "/v1/batch%00", NULL },
	{ "/v1/", NULL },
	{ "//", NULL },
	{ "", NULL },
};

static void
paths_lead_where_they_mean(void **state)
{
	char to[ROUTE_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const struct route *route = route_find(route_path(slice_from(paths[i].path), to));

		if (paths[i].route == NULL) {
			assert_null(route);
		} else {
			assert_non_null(route);
			assert_string_equal(route->path, paths[i].route);
		}
	}
}

static void
a_long_path_leads_nowhere(void **state)
{
	char path[4 * ROUTE_PATH_MAX], to[ROUTE_PATH_MAX];

	(void)state;
	for (size_t n = 1; n < sizeof(path); n++) {
		memset(path, 'x', n);
		path[0] = '/';
		assert_null(route_find(route_path((struct slice){ path, n }, to)));
	}
}

static void
errors_of_bento_paths_have_its_shape(void **state)
{
	char to[ROUTE_PATH_MAX];

	(void)state;
	assert_true(route_is_bento_api(route_path(SLICE("//api/v1/fetch/tags"), to)));
	assert_false(route_is_bento_api(route_path(SLICE("//api/v2/x"), to)));
}

static const struct {
	const char *requested;
	const char *allowed;
} headers[] = {
	{ "", "" },
	{ "baggage,content-type,sentry-trace", ", baggage, content-type, sentry-trace" },
	{ "Content-Type, X-Custom-Header ,", ", content-type, x-custom-header" },
	{ "content-type, bad name;x, <script>", ", content-type" },
	{ "a\r\nx-evil: 1", "" },
};

static void
a_preflight_allows_the_names_it_asks_for(void **state)
{
	struct buf to;

	(void)state;
	buf_init(&to, ANSWER_ALLOW_MAX + 1);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		buf_clear(&to);
		answers_append_allowed(&to, slice_from(headers[i].requested));
		assert_true(slice_equals(buf_slice(&to), slice_from(headers[i].allowed)));
	}
	buf_clear(&to);
	for (int i = 0; i < 500; i++)
		answers_append_allowed(&to, SLICE("x-trace-header-number"));
	assert_true(to.n <= ANSWER_ALLOW_MAX && !to.failed);
	buf_free(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_where_they_mean),
		cmocka_unit_test(a_long_path_leads_nowhere),
		cmocka_unit_test(errors_of_bento_paths_have_its_shape),
		cmocka_unit_test(a_preflight_allows_the_names_it_asks_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
