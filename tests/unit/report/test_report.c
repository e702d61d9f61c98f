/*
 * cli/report/ages, complaints, forecast and tally, and term/when: the arithmetic of the reading
 * verbs.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "outbox/read/audit_walk.h"
#include "report/ages.h"
#include "report/complaints.h"
#include "report/forecast.h"
#include "report/needs.h"
#include "report/tally.h"
#include "term/table.h"
#include "term/when.h"

#define MINUTE INT64_C(60000)

static void
ages_double_from_bucket_to_bucket(void **state)
{
	static const struct {
		int64_t age;
		int bucket;
	} table[] = { { -MINUTE, 0 }, { 0, 0 }, { 5 * MINUTE - 1, 0 }, { 5 * MINUTE, 1 },
		{ 10 * MINUTE - 1, 1 }, { 10 * MINUTE, 2 }, { 639 * MINUTE, 7 },
		{ 640 * MINUTE, 8 }, { 1280 * MINUTE - 1, 8 }, { 1280 * MINUTE, 9 },
		{ INT64_MAX, 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (ages_bucket(table[i].age) != table[i].bucket)
			fail_msg(
			    "%lld ms is in %d", (long long)table[i].age, ages_bucket(table[i].age));
	assert_int_equal(ages_bound(0), 5);
	assert_int_equal(ages_bound(8), 1280);
	assert_int_equal(ages_bound(AGES_BUCKETS - 1), 0);
}

static void
numbers_are_short(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} table[] = { { 0, "0" }, { 9999, "9999" }, { 10000, "10k" }, { 9999999, "9999k" },
		{ 10000000, "10M" }, { INT64_MAX, "9223P" } };
	char text[8];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		ages_number(table[i].n, text);
		assert_string_equal(text, table[i].text);
	}
}

static void
what_differs_from_event_to_event_is_folded(void **state)
{
	static const struct {
		const char *said;
		const char *folded;
	} table[] = { { "", "" }, { "HTTP 422: no email", "HTTP 422: no email" },
		{ "<ann@example.com> is invalid.", "<(address)> is invalid." },
		{ "ann.b+c@example.com.", "(address)." },
		{ "request req_81234567 at 2026-08-01T12:34:56Z failed", "request # at # failed" },
		{ "2 of 9999 are bad", "2 of 9999 are bad" }, { "id 12345.", "id #." } };
	struct buf folded;

	(void)state;
	buf_init(&folded, 1000);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		buf_clear(&folded);
		complaint_fold(slice_from(table[i].said), &folded);
		assert_string_equal(buf_slice(&folded).p, table[i].folded);
	}
	buf_free(&folded);
}

static int64_t
weight_of(const void *value)
{
	return *(const int *)value;
}

static void
tally_counts_by_key_up_to_its_maximum(void **state)
{
	struct tally *t = tally_new(3, sizeof(int));

	(void)state;
	assert_non_null(t);
	for (int i = 0; i < 12; i++) {
		char key[8];
		int *n;

		snprintf(key, sizeof(key), "k%d", i % 4);
		n = tally_at(t, slice_from(key));
		*n += i % 4 + 1;
	}
	assert_int_equal(tally_count(t), 3);
	assert_int_equal(*(int *)tally_rest(t), 12);
	tally_sort(t, weight_of);
	assert_true(SLICE_IS(tally_key(t, 0), "k2"));
	assert_int_equal(*(int *)tally_value(t, 0), 9);
	assert_true(SLICE_IS(tally_key(t, 2), "k0"));
	/* keys are found again after sorting */
	assert_ptr_equal(tally_at(t, SLICE("k0")), tally_value(t, 2));
	assert_ptr_equal(tally_at(t, SLICE_NONE), tally_rest(t));
	tally_free(t);
}

static void
lines_are_wrapped_between_words(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 1000);
	table_append_wrapped(
	    &text, SLICE("Bento said \033no and  a-very-long-word-indeed Zoë"), 2, 14);
	assert_string_equal(text.p, "  Bento said\n  ?no and\n  a-very-long-word-indeed\n  Zoë\n");
	buf_clear(&text);
	table_append_wrapped(&text, SLICE(""), 2, 14);
	assert_int_equal(text.n, 0);
	table_append_wrapped_behind(&text, SLICE("some words"), 2, 2, 12);
	assert_string_equal(text.p, "some words\n");
	buf_clear(&text);
	table_append_wrapped_behind(&text, SLICE("some words"), 2, 2, 11);
	assert_string_equal(text.p, "some\n  words\n");
	buf_clear(&text);
	table_append_wrapped_behind(&text, SLICE("some words"), 5, 2, 11);
	assert_string_equal(text.p, " some\n  words\n");
	buf_free(&text);
}

static void
times_are_local_unless_asked(void **state)
{
	char time[WHEN_TIME_SIZE];

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	when_time(1785587696789, time);
	assert_string_equal(time, "2026-08-01 14:34:56");
	assert_string_equal(when_zone(), "CET/CEST");
	when_use_utc(true);
	when_time(1785587696789, time);
	assert_string_equal(time, "2026-08-01 12:34:56");
	assert_string_equal(when_zone(), "UTC");
	when_use_utc(false);
	setenv("TZ", "<+03>-3", 1);
	tzset();
	assert_string_equal(when_zone(), "+03");
}

static void
rates_are_a_minute(void **state)
{
	static const struct {
		double rate;
		const char *text;
	} table[] = { { 0, "0" }, { 0.01, "0.1" }, { 2.34, "2.3" }, { 480.9, "480" },
		{ 12345, "12k" } };
	char text[16];

	(void)state;
	assert_true(forecast_rate(30, 900000) == 2.0);
	assert_true(forecast_rate(30, 0) == 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		forecast_number(table[i].rate, text);
		assert_string_equal(text, table[i].text);
	}
}

static struct forecast
forecast_of(const struct audit_site *site, int64_t delivered, int64_t lately)
{
	struct config_site settings = {
		.name = (char[]){ "shop" }, .requests_per_minute = 2, .batch_events = 100
	};
	struct config config = { .sites = &settings, .n_sites = 1 };
	struct audit_rate rate = { .received = 3000,
		.received_ms = 900000,
		.delivered = delivered,
		.delivered_ms = 900000,
		.lately = lately };
	struct forecast f;

	forecast_site(site, &rate, &config, &f);
	return f;
}

static void
drain_follows_from_rate_and_pace(void **state)
{
	struct audit_site site = { .name = "shop", .awaiting = 50 };
	struct forecast f;

	(void)state;
	site.counts[STATUS_PENDING] = 1050;
	/* 100 a minute over the last 15 minutes, more than during the last minute */
	f = forecast_of(&site, 1500, 50);
	assert_int_equal(f.backlog, 1000);
	assert_int_equal(f.drain_ms, 600000);
	assert_null(f.because);
	/* the last minute was faster */
	assert_int_equal(forecast_of(&site, 1500, 125).drain_ms, 480000);
	/* faster than the settings allow: 200 a minute */
	assert_int_equal(forecast_of(&site, 1500, 5000).drain_ms, 300000);
	f = forecast_of(&site, 0, 0);
	assert_int_equal(f.drain_ms, -1);
	assert_string_equal(f.because, "nothing was delivered lately");
	site.mode = OUTBOX_SITE_BACKOFF;
	assert_string_equal(forecast_of(&site, 1500, 0).because, "the site is backing off");
	site.pause_at = 1;
	assert_string_equal(forecast_of(&site, 1500, 0).because, "the site is paused");
	site.counts[STATUS_PENDING] = 50;
	assert_int_equal(forecast_of(&site, 0, 0).drain_ms, 0);
	/* the pace of a site that is not in the configuration is unknown */
	snprintf(site.name, sizeof(site.name), "other");
	assert_true(forecast_of(&site, 0, 0).pace == 0);
}

static void
forecast_is_told_in_words(void **state)
{
	struct forecast f = { .in = 5, .out = 10, .backlog = 100 };
	struct buf text;

	(void)state;
	buf_init(&text, 1000);
	forecast_drain(&f, NULL);
	forecast_describe(&f, &text);
	assert_string_equal(text.p, "about 10 m");
	buf_clear(&text);
	f.in = 11; /* a burst of arrivals that is over */
	forecast_describe(&f, &text);
	assert_string_equal(text.p, "about 10 m");
	buf_clear(&text);
	f.in = 5;
	f.in_lately = 11;
	forecast_describe(&f, &text);
	assert_string_equal(text.p, "about 10 m");
	buf_clear(&text);
	f.in = 11;
	forecast_describe(&f, &text);
	assert_string_equal(text.p, "about 10 m, but more arrives than is delivered");
	buf_clear(&text);
	forecast_drain(&f, "the site is paused");
	forecast_describe(&f, &text);
	assert_string_equal(text.p, "not known: the site is paused");
	buf_free(&text);
}

/* ---- needs ----------------------------------------------------------------------------------- */

static void
need_of_troubled(int64_t failed, int64_t held, const char *text)
{
	const struct needs_limits limits = { .now = 90000000, .failed_since = 3600000 };
	struct needs needs = { .n = 0 };

	needs_of_troubled(
	    &needs, &(struct audit_troubled){ .failed = failed, .held = held }, &limits);
	assert_int_equal(needs.n, text != NULL);
	if (text != NULL)
		assert_string_equal(needs.need[0].text, text);
}

static void
only_what_there_is_needs_a_person(void **state)
{
	(void)state;
	need_of_troubled(0, 0, NULL);
	need_of_troubled(1, 0, "1 event failed within 1 d: bentospool errors");
	need_of_troubled(0, 1, "1 event is held within 1 d: bentospool list --status held");
	need_of_troubled(0, 2, "2 events are held within 1 d: bentospool list --status held");
	need_of_troubled(3, 1,
	    "3 events failed and 1 is held within 1 d: bentospool errors, bentospool list --status "
	    "held");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_double_from_bucket_to_bucket),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(what_differs_from_event_to_event_is_folded),
		cmocka_unit_test(tally_counts_by_key_up_to_its_maximum),
		cmocka_unit_test(lines_are_wrapped_between_words),
		cmocka_unit_test(times_are_local_unless_asked),
		cmocka_unit_test(rates_are_a_minute),
		cmocka_unit_test(drain_follows_from_rate_and_pace),
		cmocka_unit_test(forecast_is_told_in_words),
		cmocka_unit_test(only_what_there_is_needs_a_person),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
