/*
 * The configuration, calls, the mapping and Bento's answers with the Nth allocation failing.
 *
 * refutes: without memory a configuration, call or answer is read as something else
 *
 * takes: 30 seconds
 *
 * runs: all
 */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "config/differences.h"
#include "dispatch/port/composer.h"
#include "event/bento/bento.h"
#include "event/json/json.h"
#include "event/json/json_memory.h"
#include "event/segment/segment.h"
#include "lib/failing/nth.h"
#include "unit/config/config_rig.h"

/* ---- the configuration
 * --------------------------------------------------------------------------- */

#define CONF                                                                                       \
	"database = \"/tmp/a b.db\"\n"                                                             \
	"alarm_command = {\"/bin/echo\", \"$HOME\"}\n"                                             \
	"ingest {\n listen = {\"127.0.0.1:0\", \"127.0.0.1:1\"}\n}\n"                              \
	"site \"main\" {\n "                                                                       \
	"site_uuid=u\n publishable_key=p\n write_keys = {\"a\", \"b\"}\n"                          \
	" secret_key_file = \"%s\"\n fields = {\"%s=tier\"}\n}\n"

static struct config *in_use;
static char *expected;

static void
print(const struct config *config, char **ret_text)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	config_print(config, &text);
	assert_false(text.failed);
	*ret_text = buf_steal(&text, NULL);
}

static int
load_armed(void)
{
	const struct config_request r = { .file = config_rig_conf };
	struct config *config;
	cJSON *changes = NULL;
	struct err e = { 0 };
	char *text;
	int rc;

	nth_arm();
	rc = config_load(&r, &config, &e);
	if (rc == 0) {
		changes = config_differences(in_use, config, &e);
		rc = changes == NULL ? -1 : 0;
		nth_disarm();
		if (rc == 0)
			assert_int_equal(cJSON_GetArraySize(changes), 1);
		print(config, &text);
		assert_string_equal(text, expected);
		cJSON_free(text);
		cJSON_Delete(changes);
		config_free(config);
	}
	nth_disarm();
	if (rc != 0)
		assert_int_equal(e.code, ERR_NOMEM);
	return rc;
}

static void
check_rc(int rc, bool fired)
{
	if (!fired)
		assert_int_equal(rc, 0);
}

static void
a_reload_is_all_or_nothing(void **state)
{
	const struct nth_workload w = { "reload", NULL, load_armed, check_rc };
	struct config *config;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), CONF, config_rig_write("secret", "s3cret\n", 0600), "plan");
	in_use = config_rig_load(text);
	snprintf(text, sizeof(text), CONF, config_rig_write("secret", "s3cret\n", 0600), "level");
	config = config_rig_load(text); /* what the file holds from now on */
	print(config, &expected);
	config_free(config);
	nth_try(&w, &(struct nth_fault){ "alloc", 1, 0, false }, 200);
	nth_try(&w, &(struct nth_fault){ "alloc", 3, 0, false }, 200);
	config_free(in_use);
	cJSON_free(expected);
}

/* ---- events
 * ---------------------------------------------------------------------------------------- */

static const char batch[] =
    "{\"context\":{\"ip\":\"192.0.2.1\"},\"sentAt\":\"2026-08-01T00:00:00Z\",\"batch\":["
    "{\"type\":\"track\",\"event\":\"A \\u00e9\",\"messageId\":\"m\\n1\",\"userId\":7},"
    "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"b\\u006fb@example.com\"}},"
    "{\"type\":\"track\",\"event\":\"B\",\"email\":\"ann@example.com\",\"properties\":7}]}";

static int
parse_armed(void)
{
	struct segment_request r;
	struct err e = { 0 };
	int rc;

	segment_request_init(&r);
	r.body = slice_from(batch);
	r.shape = SEGMENT_BATCH;
	r.max_depth = JSON_MAX_DEPTH;
	nth_arm();
	rc = segment_parse(&r, &e);
	nth_disarm();
	if (rc == 0) {
		assert_int_equal(r.n_events, 3);
		assert_true(slice_equals(r.events[0].name, SLICE("A \xc3\xa9")));
		assert_true(slice_equals(r.events[0].message_id, SLICE("m\n1")));
		assert_true(slice_equals(r.events[1].email, SLICE("bob@example.com")));
	} else {
		assert_int_equal(e.code, ERR_NOMEM);
		assert_string_equal(r.code, "out_of_memory");
	}
	segment_request_free(&r);
	return rc;
}

static int
compose_armed(void)
{
	static const struct mapping_options options = { .unique_key = true, .send_date = true };
	const struct outbox_event event = {
		.kind = KIND_TRACK,
		.name = SLICE("Order Completed"),
		.email = SLICE("ann@example.com"),
		.message_id = SLICE("m-1"),
		.body = SLICE("{\"properties\":{\"order_id\":\"7\",\"total\":31.10}}"),
	};
	static char whole[1024];
	struct composed composed;
	struct buf to;

	buf_init(&to, 100000);
	nth_arm();
	composed = composer_mapping.compose(&options, &event, &to);
	nth_disarm();
	if (composed.how == COMPOSED && whole[0] == '\0')
		snprintf(whole, sizeof(whole), "%s", to.p);
	if (composed.how == COMPOSED)
		assert_string_equal(to.p, whole);
	else
		assert_int_equal(composed.how, COMPOSED_NO_ROOM); /* never "it cannot be sent" */
	buf_free(&to);
	return composed.how == COMPOSED ? 0 : -1;
}

static int
reply_armed(void)
{
	struct bento_reply reply;
	int rc;

	nth_arm();
	rc = bento_reply_parse(SLICE("{\"results\":3,\"failed\":2,\"errors\":[\"no\"]}"), &reply);
	nth_disarm();
	if (rc == 0) {
		assert_int_equal(reply.shape, BENTO_REPLY_COUNTS);
		assert_int_equal(reply.failed, 2);
	}
	return rc;
}

static int
options_armed(void)
{
	struct mapping_options o;
	int rc;

	nth_arm();
	rc = mapping_parse(
	    SLICE("{\"unique_key\":true,\"send_date\":false,\"identify\":\"subscribers\"}"), &o);
	nth_disarm();
	if (rc == 0)
		assert_int_equal(o.identify, MAPPING_IDENTIFY_SUBSCRIBERS);
	return rc;
}

static void
what_is_read_is_right_or_an_error(void **state)
{
	static const struct nth_workload workloads[] = {
		{ "segment", NULL, parse_armed, check_rc },
		{ "compose", NULL, compose_armed, check_rc },
		{ "reply", NULL, reply_armed, check_rc },
		{ "options", NULL, options_armed, check_rc },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		nth_try(&workloads[i], &(struct nth_fault){ "alloc", 1, 0, false }, 1000);
		nth_try(&workloads[i], &(struct nth_fault){ "alloc", 1000, 0, false }, 1000);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(a_reload_is_all_or_nothing),
		cmocka_unit_test(what_is_read_is_right_or_an_error),
	};

	(void)argc;
	nth_start(argv);
	json_memory_watch();
	return cmocka_run_group_tests_name("nth pure", tests, NULL, NULL);
}
