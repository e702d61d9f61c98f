/* admin/exposition: both formats byte by byte, escaping, exact numbers. */
#include "lib/unit.h"

#include "admin/metrics/exposition.h"

static const struct metric counter = { "a_seconds_total", METRIC_COUNTER, "seconds", "Some help." };
static const struct metric gauge = { "b_bytes", METRIC_GAUGE, "bytes", "More help." };
static const struct metric info = { "c_info", METRIC_INFO, NULL, "Versions." };
static const struct metric histogram = { "d_seconds", METRIC_HISTOGRAM, "seconds", "Times." };

struct page {
	struct buf text;
	struct exposition x;
};

static void
open_page(struct page *p, bool openmetrics)
{
	buf_init(&p->text, 65536);
	p->x = (struct exposition){ .to = &p->text, .openmetrics = openmetrics };
}

static void
check_page(struct page *p, const char *expected)
{
	exposition_end(&p->x);
	assert_false(p->text.failed);
	assert_string_equal(p->text.p, expected);
	buf_free(&p->text);
}

static void
write_each_kind(struct page *p)
{
	const struct label version = { "version", "1" };

	exposition_begin(&p->x, &counter);
	exposition_micros(&p->x, NULL, 0, 1500000);
	exposition_single(&p->x, &gauge, UINT64_MAX);
	exposition_begin(&p->x, &info);
	exposition_count(&p->x, &version, 1, 1);
}

static void
the_text_format_has_names_as_they_are(void **state)
{
	struct page p;

	(void)state;
	open_page(&p, false);
	write_each_kind(&p);
	check_page(&p, "# HELP a_seconds_total Some help.\n"
		       "# TYPE a_seconds_total counter\n"
		       "a_seconds_total 1.5\n"
		       "# HELP b_bytes More help.\n"
		       "# TYPE b_bytes gauge\n"
		       "b_bytes 18446744073709551615\n"
		       "# HELP c_info Versions.\n"
		       "# TYPE c_info gauge\n"
		       "c_info{version=\"1\"} 1\n");
}

static void
openmetrics_names_families_and_units_and_ends_with_a_mark(void **state)
{
	struct page p;

	(void)state;
	open_page(&p, true);
	write_each_kind(&p);
	check_page(&p, "# HELP a_seconds Some help.\n"
		       "# TYPE a_seconds counter\n"
		       "# UNIT a_seconds seconds\n"
		       "a_seconds_total 1.5\n"
		       "# HELP b_bytes More help.\n"
		       "# TYPE b_bytes gauge\n"
		       "# UNIT b_bytes bytes\n"
		       "b_bytes 18446744073709551615\n"
		       "# HELP c Versions.\n"
		       "# TYPE c info\n"
		       "c_info{version=\"1\"} 1\n"
		       "# EOF\n");
}

static void
labels_are_escaped(void **state)
{
	const struct label labels[] = { { "x", "a\"b\\c\nd" }, { "y", "\xc3\xa4 }{,=" } };
	struct page p;

	(void)state;
	open_page(&p, false);
	exposition_begin(&p.x, &gauge);
	exposition_count(&p.x, labels, 2, 0);
	check_page(&p, "# HELP b_bytes More help.\n"
		       "# TYPE b_bytes gauge\n"
		       "b_bytes{x=\"a\\\"b\\\\c\\nd\",y=\"\xc3\xa4 }{,=\"} 0\n");
}

static void
seconds_are_exact(void **state)
{
	static const struct {
		int64_t micros;
		const char *text;
	} cases[] = {
		{ 0, "b_bytes 0\n" },
		{ 1, "b_bytes 0.000001\n" },
		{ 999999, "b_bytes 0.999999\n" },
		{ 1000000, "b_bytes 1\n" },
		{ 1000001, "b_bytes 1.000001\n" },
		{ 1796028340452000, "b_bytes 1796028340.452\n" },
		{ -1500000, "b_bytes -1.5\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct page p;

		open_page(&p, false);
		p.x.metric = &gauge;
		exposition_micros(&p.x, NULL, 0, cases[i].micros);
		check_page(&p, cases[i].text);
	}
}

static const struct histogram_bounds bounds = { 2, { 500, 2000000 } };

static void
write_histogram(struct page *p)
{
	struct histogram h = { .sum = 0 };
	struct histogram_view view;

	histogram_add(&h, &bounds, 500);
	histogram_add(&h, &bounds, 501);
	histogram_add(&h, &bounds, 2000001);
	histogram_read(&h, &bounds, &view);
	exposition_begin(&p->x, &histogram);
	exposition_histogram(&p->x, &view);
}

static void
a_histogram_has_cumulative_buckets(void **state)
{
	struct page p;

	(void)state;
	open_page(&p, false);
	write_histogram(&p);
	check_page(&p, "# HELP d_seconds Times.\n"
		       "# TYPE d_seconds histogram\n"
		       "d_seconds_bucket{le=\"0.0005\"} 1\n"
		       "d_seconds_bucket{le=\"2\"} 2\n"
		       "d_seconds_bucket{le=\"+Inf\"} 3\n"
		       "d_seconds_sum 2.001002\n"
		       "d_seconds_count 3\n");
	open_page(&p, true);
	write_histogram(&p);
	check_page(&p, "# HELP d_seconds Times.\n"
		       "# TYPE d_seconds histogram\n"
		       "# UNIT d_seconds seconds\n"
		       "d_seconds_bucket{le=\"0.0005\"} 1\n"
		       "d_seconds_bucket{le=\"2.0\"} 2\n"
		       "d_seconds_bucket{le=\"+Inf\"} 3\n"
		       "d_seconds_sum 2.001002\n"
		       "d_seconds_count 3\n"
		       "# EOF\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_format_has_names_as_they_are),
		cmocka_unit_test(openmetrics_names_families_and_units_and_ends_with_a_mark),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(seconds_are_exact),
		cmocka_unit_test(a_histogram_has_cumulative_buckets),
	};

	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
