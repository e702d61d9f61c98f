/* control: the daemon's answers to the command line. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/control/control_rig.h"

static double
number(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *
text(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static void
ping_says_how_the_daemon_is(void **state)
{
	struct err e;
	cJSON *answer;

	(void)state;
	answer = control_rig_ask("{\"do\":\"ping\"}", &e);
	assert_non_null(answer);
	assert_int_equal((int)number(answer, "pid"), getpid());
	assert_int_equal((int)number(answer, "stored"), 7);
	assert_string_equal(text(answer, "version"), "9.9");
	assert_string_equal(text(answer, "started_at"), "2026-08-01T12:34:56.789Z");
	assert_string_equal(text(answer, "health"), "ok");
	cJSON_Delete(answer);
	rig.health = OUTBOX_FAILED;
	answer = control_rig_ask("{\"do\":\"ping\"}", &e);
	assert_string_equal(text(answer, "health"), "failed");
	assert_string_equal(text(answer, "health_text"), "the disk is full");
	cJSON_Delete(answer);
}

static void
operation_runs_until_there_is_no_more(void **state)
{
	const struct passwd *user = getpwuid(getuid());
	char want[256];
	struct err e;
	cJSON *answer;

	(void)state;
	answer = control_rig_ask(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"status\":[\"failed\"]},"
	    "\"note\":\"why not\"}",
	    &e);
	assert_non_null(answer);
	assert_int_equal((int)number(answer, "events"), 500 * CONTROL_RIG_SLICES);
	assert_int_equal((int)number(answer, "operation_id"), 17);
	assert_int_equal(rig.steps, CONTROL_RIG_SLICES);
	cJSON_Delete(answer);
	/* the kernel identifies the actor, not the client */
	snprintf(want, sizeof(want), "%s requeue {\"status\":[\"failed\"]} why not",
	    user == NULL ? "?" : user->pw_name);
	assert_string_equal(rig.seen, want);
}

static void
failed_slice_ends_the_operation(void **state)
{
	(void)state;
	rig.fail_at_slice = 2;
	control_rig_refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}",
	    "stopped after 500 events: the disk is full");
	assert_int_equal(rig.steps, 2);
}

static void
operation_needs_a_filter_it_understands(void **state)
{
	(void)state;
	control_rig_refuses(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{}}", "needs a filter");
	control_rig_refuses(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"limit\":5}}", "needs a filter");
	control_rig_refuses("{\"do\":\"operate\",\"verb\":\"requeue\"}", "must be an object");
	control_rig_refuses("{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"color\":1}}",
	    "no criterion is called color");
	control_rig_refuses("{\"do\":\"operate\",\"verb\":\"destroy\",\"filter\":{\"all\":true}}",
	    "does not know the verb \"destroy\"");
	control_rig_refuses(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true},\"note\":1}",
	    "note must be a string");
	assert_int_equal(rig.steps, 0);
}

static void
put_stores_an_event_as_it_is(void **state)
{
	struct err e;
	cJSON *answer;

	(void)state;
	answer = control_rig_ask(
	    "{\"do\":\"put\",\"site\":\"shop\",\"event\":\"{\\\"type\\\":\\\"track\\\", "
	    "\\\"event\\\":\\\"A\\\",\\\"n\\\":1.10}\"}",
	    &e);
	if (answer == NULL)
		fail_msg("%s", e.text);
	assert_int_equal((int)number(answer, "event_id"), 41);
	assert_int_equal((int)number(answer, "stored"), 1);
	assert_string_equal(rig.event, "{\"type\":\"track\", \"event\":\"A\",\"n\":1.10}");
	assert_int_equal(rig.site_id, 6);
	cJSON_Delete(answer);
	rig.n_duplicates = 1;
	answer = control_rig_ask(
	    "{\"do\":\"put\",\"site\":\"main\",\"event\":\"{\\\"event\\\":1}\"}", &e);
	assert_int_equal((int)number(answer, "duplicates"), 1);
	assert_int_equal((int)number(answer, "event_id"), 0);
	cJSON_Delete(answer);
}

static void
put_refuses_what_is_not_an_event(void **state)
{
	(void)state;
	control_rig_refuses("{\"do\":\"put\",\"event\":\"{}\"}", "choose one with --site");
	control_rig_refuses("{\"do\":\"put\",\"site\":\"x\",\"event\":\"{}\"}", "no site \"x\"");
	control_rig_refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":{}}", "must be a string");
	control_rig_refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":\"[1\"}", "");
	assert_string_equal(rig.event, "");
}

static void
busy_outbox_is_an_answer(void **state)
{
	(void)state;
	rig.refuse = true;
	control_rig_refuses(
	    "{\"do\":\"operate\",\"verb\":\"requeue\",\"filter\":{\"all\":true}}", "try again");
	control_rig_refuses("{\"do\":\"put\",\"site\":\"main\",\"event\":\"{}\"}", "try again");
}

static void
nonsense_is_an_answer(void **state)
{
	(void)state;
	control_rig_refuses("[]", "a request is one line of JSON");
	control_rig_refuses("{\"do\":1}", "a request is one line of JSON");
	control_rig_refuses("{\"do\":\"dance\"}", "does not know the request \"dance\"");
}

int
main(void)
{
#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, control_rig_start, control_rig_stop)
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(ping_says_how_the_daemon_is),
		WITH_DAEMON(operation_runs_until_there_is_no_more),
		WITH_DAEMON(failed_slice_ends_the_operation),
		WITH_DAEMON(operation_needs_a_filter_it_understands),
		WITH_DAEMON(put_stores_an_event_as_it_is),
		WITH_DAEMON(put_refuses_what_is_not_an_event),
		WITH_DAEMON(busy_outbox_is_an_answer),
		WITH_DAEMON(nonsense_is_an_answer),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
