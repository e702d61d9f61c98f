/* report/mend: the verb, the filter and the command for a group of failures. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "outbox/operate/operate.h"
#include "outbox/read/audit_walk.h"
#include "report/mend.h"
#include "report/reasons.h"
#include "report/tally.h"
#include "unit/outbox/handmade.h"

static struct complaint
complaint(const char *status, const char *reason, int http_status, const char *error)
{
	struct complaint c = { .events = 1, .http_status = http_status };

	snprintf(c.site, sizeof(c.site), "main");
	snprintf(c.status, sizeof(c.status), "%s", status);
	snprintf(c.reason, sizeof(c.reason), "%s", reason);
	snprintf(c.error, sizeof(c.error), "%s", error);
	return c;
}

static void
assert_command(const struct complaint *c, const char *want)
{
	struct buf text;

	buf_init(&text, 4096);
	mend_command(c, ' ', &text);
	assert_false(text.failed);
	assert_string_equal(buf_slice(&text).p, want);
	buf_free(&text);
}

static void
commands_can_be_pasted(void **state)
{
	struct complaint c = complaint("failed", "refused", 422, "email is refused");

	(void)state;
	assert_string_equal(mend_of(&c).verb, "requeue");
	assert_command(&c,
	    "bentospool requeue --site main --status failed --reason refused --http-status 422"
	    " --error 'email is refused'");
	c = complaint("held", "operator", 0, "");
	assert_command(&c, "bentospool release --site main --status held --reason operator");
	c = complaint("invalid", "no_email", 0, "");
	assert_command(&c, "bentospool discard --site main --status invalid --reason no_email");
	c = complaint("pending", "", 503, "busy");
	assert_null(mend_of(&c).verb);
	assert_command(&c, "");
	c = complaint("failed", "refused", 400, "it's (address)\x1b[2J \xc2\x9b #, *really*?");
	snprintf(c.site, sizeof(c.site), "a b");
	assert_command(&c,
	    "bentospool requeue --site 'a b' --status failed --reason refused --http-status 400"
	    " --error 'it'\\''s *?[[]2J ? *, [*]really[*][?]'");
}

static void
words_are_quoted_for_a_shell(void **state)
{
	static const char *const cases[][2] = {
		{ "plain-1.2_x/y:z@a%+=,", "plain-1.2_x/y:z@a%+=," },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "$(x)`y`\\\"", "'$(x)`y`\\\"'" },
		{ "'", "''\\'''" },
		{ "\xc3\xa9", "'\xc3\xa9'" },
	};
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&text);
		mend_quote(slice_from(cases[i][0]), &text);
		assert_string_equal(buf_slice(&text).p, cases[i][1]);
	}
	buf_free(&text);
}

/* A verb that is proposed can change such events, whatever the reason. */
static void
verbs_fit_the_status(void **state)
{
	(void)state;
	for (int i = 0; i < STATUS_COUNT; i++)
		for (const struct reason *r = reasons; r->name != NULL; r++) {
			struct complaint c =
			    complaint(status_name((enum event_status)i), r->name, 0, "");
			struct mend mend = mend_of(&c);
			struct outbox_filter f;
			enum operate_verb verb;
			struct err e;

			assert_true(strlen(mend.why) > 10);
			if (mend.verb == NULL)
				continue;
			assert_int_equal(operate_verb_parse(slice_from(mend.verb), &verb), 0);
			outbox_filter_init(&f);
			assert_int_equal(mend_filter(&c, &f, &e), 0);
			assert_int_equal(operate_statuses(verb, &f), 1u << i);
			outbox_filter_free(&f);
		}
}

/* The pattern has 1,024 bytes at most, and ends with a star when it does not have all. */
static void
long_errors_are_cut(void **state)
{
	struct complaint c = complaint("failed", "refused", 0, "");
	struct outbox_filter f;
	struct err e;

	(void)state;
	for (size_t n = 338; n <= 342; n++) {
		size_t length;

		memset(c.error, '*', n);
		c.error[n] = '\0';
		outbox_filter_init(&f);
		assert_int_equal(mend_filter(&c, &f, &e), 0);
		length = strlen(f.text[FILTER_ERROR]);
		/* Each star takes 3 bytes; 340 of them are 1,020. */
		assert_int_equal(length, n <= 340 ? 3 * n : 1021);
		assert_int_equal(f.text[FILTER_ERROR][length - 1], n <= 340 ? ']' : '*');
		outbox_filter_free(&f);
	}
	c.is_cut = true;
	snprintf(c.error, sizeof(c.error), "abc");
	outbox_filter_init(&f);
	assert_int_equal(mend_filter(&c, &f, &e), 0);
	assert_string_equal(f.text[FILTER_ERROR], "abc*");
	outbox_filter_free(&f);
}

/* ---- with an outbox -------------------------------------------------------------------------- */

static struct handmade box;
static struct outbox_audit *audit;

static void
fail_with(int64_t id, const char *error)
{
	char sql[1600];

	handmade_event(&box, id, "A", "a@b.cc", STATUS_FAILED, "refused");
	snprintf(sql, sizeof(sql),
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,"
	    " bytes, first_event_id, last_event_id, http_status, outcome, error) VALUES"
	    " (%lld, 1, 1, 1, 1, 1, 1, %lld, %lld, 422, 'refused', '%s');"
	    "UPDATE delivery SET last_attempt_id = %lld WHERE event_id = %lld",
	    (long long)id, (long long)id, (long long)id, error, (long long)id, (long long)id);
	handmade_sql(&box, sql);
}

/* The filter of each group selects the events of the group, and no other. */
static void
filters_select_their_groups(void **state)
{
	char text[400];
	struct outbox_filter all;
	struct tally *tally;
	struct err e;

	(void)state;
	handmade_create(&box);
	fail_with(1, "ann@b.cc is refused");
	fail_with(2, "bob@b.cc is refused");
	fail_with(3, "ann@b.cc is too long");
	fail_with(4, "order 123456 [x]* is known");
	fail_with(5, "order 999999 [x]* is known");
	fail_with(6, "order x is known");
	memset(text, 'y', sizeof(text));
	text[256] = '\0';
	fail_with(7, text);
	text[256] = 'y';
	text[399] = '\0';
	fail_with(8, text);
	assert_int_equal(outbox_audit_open(box.path, &audit, &e), 0);
	outbox_filter_init(&all);
	assert_int_equal(complaints_collect(audit, &all, &tally, &e), 0);
	/* 256 bytes are compared, so the last two are one group. */
	assert_int_equal(tally_count(tally), 5);
	for (size_t i = 0; i < tally_count(tally); i++) {
		const struct complaint *c = tally_value(tally, i);
		struct outbox_filter f;
		int64_t n;

		outbox_filter_init(&f);
		assert_int_equal(mend_filter(c, &f, &e), 0);
		assert_int_equal(outbox_audit_count(audit, &f, &n, &e), 0);
		assert_int_equal(n, c->events);
		outbox_filter_free(&f);
	}
	tally_free(tally);
	outbox_audit_close(audit);
	handmade_remove(&box);
}

static void
mends_are_json(void **state)
{
	struct complaint c = complaint("failed", "refused", 422, "no");
	cJSON *o = mend_json(&c);
	char *text = cJSON_PrintUnformatted(o);

	(void)state;
	assert_string_equal(text,
	    "{\"why\":\"correct what the error names, then send them again\",\"verb\":\"requeue\","
	    "\"filter\":{\"reason\":\"refused\",\"error\":\"no\",\"site\":\"main\","
	    "\"status\":[\"failed\"],\"http-status\":422},\"command\":\"bentospool requeue --site "
	    "main --status failed --reason refused --http-status 422 --error no\"}");
	cJSON_free(text);
	cJSON_Delete(o);
	c = complaint("pending", "", 0, "");
	o = mend_json(&c);
	text = cJSON_PrintUnformatted(o);
	assert_string_equal(text,
	    "{\"why\":\"no action is needed: they are tried again automatically\",\"verb\":null,"
	    "\"filter\":null,\"command\":null}");
	cJSON_free(text);
	cJSON_Delete(o);
}

/* Answers that pause a site need a person; other events that wait do not. */
static void
pending_events_of_a_paused_site_need_a_person(void **state)
{
	static const int paused[] = { 301, 401, 402, 403, 404, 407, 410, 418, 499 };
	static const int others[] = { 0, 200, 299, 400, 408, 413, 422, 425, 429, 500, 503, 600 };
	struct complaint c;

	(void)state;
	for (size_t i = 0; i < sizeof(paused) / sizeof(*paused); i++) {
		c = complaint("pending", "", paused[i], "no");
		assert_non_null(strstr(mend_of(&c).why,
		    "; then bentospool reload after a change here, bentospool flush after one at "
		    "Bento"));
		assert_int_equal(strstr(mend_of(&c).why, "a new secret") != NULL, paused[i] == 401);
		assert_null(mend_of(&c).verb);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		c = complaint("pending", "", others[i], "no");
		assert_string_equal(
		    mend_of(&c).why, "no action is needed: they are tried again automatically");
	}
	c = complaint("failed", "refused", 401, "no");
	assert_string_equal(mend_of(&c).verb, "requeue");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_can_be_pasted),
		cmocka_unit_test(words_are_quoted_for_a_shell),
		cmocka_unit_test(verbs_fit_the_status),
		cmocka_unit_test(long_errors_are_cut),
		cmocka_unit_test(filters_select_their_groups),
		cmocka_unit_test(mends_are_json),
		cmocka_unit_test(pending_events_of_a_paused_site_need_a_person),
	};

	return cmocka_run_group_tests_name("mend", tests, NULL, NULL);
}
