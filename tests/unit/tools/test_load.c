/* The pure functions of the load generator: ids, prepared requests, the figures of the report. */
#include "lib/unit.h"

#include <string.h>

#include "load/payload.h"
#include "load/report.h"

static void
ordered_ids_ascend_and_say_version_7(void **state)
{
	struct load_ids_state s;
	char before[LOAD_ID_SIZE] = "", id[LOAD_ID_SIZE];

	(void)state;
	assert_int_equal(load_ids_init(&s, LOAD_IDS_ORDERED, NULL), 0);
	for (int i = 0; i < 5000; i++) {
		load_ids_next(&s, INT64_C(0x0123456789ab) + i / 100, id);
		assert_true(memcmp(before, id, sizeof(id)) < 0);
		memcpy(before, id, sizeof(id));
	}
	assert_memory_equal(id, "01234567-89dc-7", 15);
	assert_true(id[19] >= '8' && id[19] <= 'b');
}

static void
random_ids_differ_and_say_version_4(void **state)
{
	struct load_ids_state s;
	char one[LOAD_ID_SIZE], two[LOAD_ID_SIZE];

	(void)state;
	assert_int_equal(load_ids_init(&s, LOAD_IDS_RANDOM, NULL), 0);
	load_ids_next(&s, 0, one);
	load_ids_next(&s, 0, two);
	assert_memory_not_equal(one, two, 8);
	assert_true(one[14] == '4' && strchr("89ab", one[19]) != NULL);
}

static void
check_request(unsigned batch, unsigned n_events, size_t size)
{
	struct load_options o = { .host = "::1", .port = "80", .batch = batch, .size = size };
	struct load_ids_state ids;
	struct payload p;
	struct buf list;
	const char *body;
	char length[64];

	o.write_key = "key";
	buf_init(&list, 100000);
	assert_int_equal(load_ids_init(&ids, LOAD_IDS_RANDOM, NULL), 0);
	assert_int_equal(payload_build(&p, &o, n_events, NULL), 0);
	payload_stamp(&p, &ids, 0);
	payload_append_ids(&p, &list);
	body = strstr(p.request.p, "\r\n\r\n") + 4;
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n\r\n", strlen(body));
	assert_non_null(strstr(p.request.p, length));
	assert_non_null(strstr(p.request.p, "Host: [::1]:80\r\n"));
	assert_non_null(strstr(p.request.p, "Authorization: Basic a2V5Og==\r\n"));
	if (batch == 0)
		assert_int_equal(strlen(body), size);
	for (unsigned i = 0; i < n_events; i++) {
		char member[64];

		snprintf(member, sizeof(member), "\"messageId\":\"%.36s\"", list.p + i * 37);
		assert_non_null(strstr(body, member));
	}
	assert_int_equal(list.n, n_events * 37);
	payload_free(&p);
	buf_free(&list);
}

static void
requests_have_the_size_and_the_ids_that_are_told(void **state)
{
	(void)state;
	check_request(0, 1, LOAD_MIN_EVENT);
	check_request(0, 1, 1024);
	check_request(100, 100, 1024);
	check_request(100, 7, 2000);
}

static void
quantiles_are_true_to_a_64th(void **state)
{
	static struct report r;

	(void)state;
	r = (struct report){ 0 };
	assert_true(report_quantile(&r, 0.5) == 0);
	for (unsigned us = 1; us <= 100000; us++)
		report_answer(&r, us % 10 == 0 ? 503 : 200, 3, us);
	assert_int_equal(r.requests[503], 10000);
	assert_int_equal(r.acked_events, 270000);
	assert_true(report_quantile(&r, 0.5) >= 50 && report_quantile(&r, 0.5) <= 50.8);
	assert_true(report_quantile(&r, 0.99) >= 99 && report_quantile(&r, 0.99) <= 100);
	assert_true(report_quantile(&r, 1) == 100);
	report_answer(&r, 200, 1, UINT64_MAX);
	assert_int_equal(r.max_us, UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordered_ids_ascend_and_say_version_7),
		cmocka_unit_test(random_ids_differ_and_say_version_4),
		cmocka_unit_test(requests_have_the_size_and_the_ids_that_are_told),
		cmocka_unit_test(quantiles_are_true_to_a_64th),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
