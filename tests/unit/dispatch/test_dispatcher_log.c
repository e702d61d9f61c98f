/* The dispatcher's log with `serve --verbose`: it shows the work, and no key or body. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "unit/dispatch/dispatch_rig.h"

#define LOG_MAX 8192

static int real_stderr;
static FILE *captured;

static void
start(struct rig *r, enum log_level level)
{
	rig_init(r);
	rig_start(r);
	log_setup(level, LOG_FORMAT_TEXT);
	captured = tmpfile();
	assert_non_null(captured);
	real_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
}

/* Ends the capture. Returns the log, valid until the next call. */
static const char *
end(struct rig *r)
{
	static char text[LOG_MAX];
	size_t n;

	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	close(real_stderr);
	rewind(captured);
	n = fread(text, 1, sizeof(text) - 1, captured);
	text[n] = '\0';
	fclose(captured);
	rig_free(r);
	return text;
}

static void
assert_logged(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("\"%s\" is not in:\n%s", line, text);
}

static void
an_attempt_is_logged_at_its_beginning_and_end(void **state)
{
	const char *text;
	struct rig r;

	(void)state;
	start(&r, LOG_LEVEL_DEBUG);
	rig_add(&r, 2);
	rig_settle(&r);
	fake_clock_advance(&r.time, 25);
	rig_answer(&r, 200, "{\"results\":2,\"failed\":0}");
	text = end(&r);
	assert_logged(text, "debug site main: attempt 1 begins: 2 events, 28 bytes\n");
	assert_logged(text, "debug site main: attempt 1 ends: delivered, HTTP 200, 25 ms\n");
	assert_null(strstr(text, "\"n\""));
	assert_null(strstr(text, "results"));
	assert_null(strstr(text, "sec"));
}

static void
each_change_of_the_breaker_is_logged(void **state)
{
	const char *text;
	struct rig r;

	(void)state;
	start(&r, LOG_LEVEL_DEBUG);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_answer(&r, 503, "");
	rig_pass(&r, 5000);
	rig_answer(&r, 200, "{}");
	text = end(&r);
	assert_logged(text, "debug site main: breaker open, was closed\n");
	assert_logged(text, "warn  site main: HTTP 503 from Bento");
	assert_logged(text, "; backing off, next attempt in ");
	assert_logged(text, "debug site main: breaker half-open, was open\n");
	assert_logged(text, ": 1 event, 20 bytes, a probe\n");
	assert_logged(text, "debug site main: breaker closed, was half-open\n");
	assert_logged(text, "info  site main: delivers again\n");
}

static void
a_reload_is_logged_when_it_is_used(void **state)
{
	const char *text;
	struct err e;
	struct rig r;

	(void)state;
	start(&r, LOG_LEVEL_DEBUG);
	r.site.secret_key = "sec-2";
	assert_int_equal(dispatcher_reload_sites(r.dispatcher, &r.site, 1, &e), 0);
	rig_settle(&r);
	text = end(&r);
	assert_logged(text, "debug site main: uses the new settings\n");
	assert_null(strstr(text, "sec-2"));
}

static void
without_verbose_a_delivery_is_silent(void **state)
{
	struct rig r;

	(void)state;
	start(&r, LOG_LEVEL_INFO);
	rig_add(&r, 1);
	rig_settle(&r);
	rig_answer(&r, 200, "{}");
	assert_string_equal(end(&r), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attempt_is_logged_at_its_beginning_and_end),
		cmocka_unit_test(each_change_of_the_breaker_is_logged),
		cmocka_unit_test(a_reload_is_logged_when_it_is_used),
		cmocka_unit_test(without_verbose_a_delivery_is_silent),
	};

	/* Lines with a time, not with the journal's prefix. */
	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests_name("dispatcher log", tests, NULL, NULL);
}
