/*
 * config/environment: each setting has a variable, which overrides the file and stands in for it; a
 * variable that is none of these is named, with the one that is meant.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/environment.h"
#include "unit/config/config_rig.h"

static void
the_environment_overrides_the_file(void **state)
{
	struct config *c;

	(void)state;
	setenv("BENTOSPOOL_DATABASE", "/env.db", 1);
	setenv("BENTOSPOOL_LISTEN", "127.0.0.1:5, [::1]:6", 1);
	setenv("BENTOSPOOL_WRITE_KEYS", "a, b,,c", 1);
	setenv("BENTO_SECRET_KEY", "from-env", 1);
	setenv("BENTO_API_URL", "http://127.0.0.1:9/api/v1", 1);
	c = config_rig_load(
	    "database = /file.db site main { site_uuid=u publishable_key=p"
	    " secret_key_file = /nonexistent write_keys = {x} write_keys_file = /nonexistent }");
	assert_string_equal(c->database, "/env.db");
	assert_string_equal(c->control, "/env.db.sock");
	assert_int_equal(c->ingest.listen.n, 2);
	assert_string_equal(c->ingest.listen.item[1], "[::1]:6");
	assert_int_equal(c->sites[0].write_keys.n, 3);
	assert_string_equal(c->sites[0].write_keys.item[2], "c");
	assert_string_equal(c->sites[0].secret_key, "from-env");
	assert_string_equal(c->sites[0].api_url, "http://127.0.0.1:9/api/v1");
	config_free(c);
	setenv("BENTOSPOOL_LISTEN", "here", 1);
	config_rig_refuses("site main {" CONFIG_RIG_KEYS "}",
	    "environment: BENTOSPOOL_LISTEN: listen = \"here\": must be");
	unsetenv("BENTOSPOOL_LISTEN");
	config_rig_refuses("site a {" CONFIG_RIG_KEYS "} site b {" CONFIG_RIG_KEYS "}",
	    "environment: BENTO_SECRET_KEY: is set, but");
}

static void
the_environment_is_enough(void **state)
{
	struct config_request r = { .database = "/other.db" };
	struct config *c;
	struct err e;

	(void)state;
	setenv("BENTO_SITE_UUID", "u", 1);
	setenv("BENTO_PUBLISHABLE_KEY", "p", 1);
	setenv("BENTO_SECRET_KEY", "s", 1);
	/* an empty one counts as unset */
	setenv("BENTO_API_URL", "", 1);
	setenv("BENTOSPOOL_DATABASE", "/env.db", 1);
	assert_int_equal(config_load(&r, &c, &e), 0);
	assert_int_equal(c->n_sites, 1);
	assert_string_equal(c->sites[0].name, "main");
	assert_string_equal(c->sites[0].site_uuid, "u");
	assert_string_equal(c->database, "/other.db");
	assert_string_equal(c->control, "/other.db.sock");
	config_free(c);
}

/* Sets the variable of the setting; the text is a value that is not the default. */
static void
set(const struct setting *s, const char *text)
{
	char name[ENVIRONMENT_NAME_SIZE];

	environment_name(s, name);
	assert_int_equal(setenv(name, text, 1), 0);
}

static void
set_by_name(enum setting_section section, const char *name, const char *text)
{
	const struct setting *s = setting_find(section, name);

	assert_non_null(s);
	set(s, text);
}

/* Whether any value in the range is allowed. A heartbeat needs an upstream. */
static bool
is_plain(const struct setting *s)
{
	return s->type != SETTING_TEXT && s->type != SETTING_LIST
	       && strcmp(s->name, "heartbeat") != 0;
}

/* Sets the variables of all numbers, durations and switches to what is not their default, and
 * returns how many. */
static int
set_plain_values(void)
{
	char text[32];
	int n = 0;

	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (!is_plain(s))
			continue;
		if (s->type == SETTING_SWITCH)
			set(s, "no");
		else {
			int64_t unit = s->type == SETTING_SECONDS ? 1000 : 1;

			snprintf(text, sizeof(text), "%lld", (long long)(s->max / unit));
			set(s, text);
		}
		n++;
	}
	/* the two must fit together */
	set_by_name(SECTION_INGEST, "max_body", "1048576");
	return n;
}

static void
each_setting_has_a_variable(void **state)
{
	struct config_request r = { .starting = true };
	struct config *c;
	struct err e = { 0 };
	int n = set_plain_values();

	(void)state;
	set_by_name(SECTION_SITE, "site_uuid", "u");
	set_by_name(SECTION_SITE, "publishable_key", "p");
	set_by_name(SECTION_SITE, "secret_key", "s");
	set_by_name(SECTION_SITE, "page", "Viewed {name} Page");
	set_by_name(SECTION_SITE, "identify", "subscribers");
	set_by_name(SECTION_TOP, "log_format", "json");
	set_by_name(SECTION_RETENTION, "archive", "/archive");
	if (config_load(&r, &c, &e) != 0)
		fail_msg("%s", e.text);
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (is_plain(s))
			n -= !setting_is_default(s, setting_base(c, s->section));
	assert_int_equal(n, 0);
	assert_string_equal(c->sites[0].page, "Viewed {name} Page");
	assert_string_equal(c->sites[0].identify, "subscribers");
	assert_string_equal(c->log_format, "json");
	assert_string_equal(c->retention.archive, "/archive");
	assert_string_equal(c->warning, "");
	config_free(c);
}

static void
names_are_clear_and_different(void **state)
{
	static const struct {
		enum setting_section section;
		const char *setting, *name;
	} some[] = {
		{ SECTION_TOP, "min_free", "BENTOSPOOL_MIN_FREE" },
		{ SECTION_INGEST, "max_body", "BENTOSPOOL_MAX_BODY" },
		{ SECTION_RETENTION, "held_rows", "BENTOSPOOL_RETENTION_HELD_ROWS" },
		{ SECTION_SITE, "rules", "BENTOSPOOL_RULES" },
		{ SECTION_SITE, "secret_key_file", "BENTO_SECRET_KEY_FILE" },
		{ SECTION_SITE, "webhook_secret", "BENTOSPOOL_WEBHOOK_SECRET" },
	};
	char name[ENVIRONMENT_NAME_SIZE], other[ENVIRONMENT_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		environment_name(setting_find(some[i].section, some[i].setting), name);
		assert_string_equal(name, some[i].name);
	}
	for (const struct setting *s = settings; s->name != NULL; s++) {
		environment_name(s, name);
		assert_true(strlen(name) < ENVIRONMENT_NAME_SIZE - 1);
		for (const struct setting *t = s + 1; t->name != NULL; t++) {
			environment_name(t, other);
			assert_string_not_equal(name, other);
		}
	}
}

static void
lists_are_separated_by_commas_or_lines(void **state)
{
	struct config *c;

	(void)state;
	setenv("BENTOSPOOL_WRITE_KEYS", " a word of your choice ,b,, ", 1);
	setenv("BENTOSPOOL_RULES", "Test, * => drop\n Order => rename Sale\r\n\n", 1);
	c = config_rig_load("site main {" CONFIG_RIG_KEYS "}");
	assert_int_equal(c->sites[0].write_keys.n, 2);
	assert_string_equal(c->sites[0].write_keys.item[0], "a word of your choice");
	assert_string_equal(c->sites[0].write_keys.item[1], "b");
	assert_int_equal(c->sites[0].rules.n, 2);
	assert_string_equal(c->sites[0].rules.item[0], "Test, * => drop");
	assert_string_equal(c->sites[0].rules.item[1], "Order => rename Sale");
	config_free(c);
}

static void
a_secret_and_its_file_replace_each_other(void **state)
{
	struct config *c;

	(void)state;
	setenv("BENTO_SECRET_KEY_FILE", config_rig_write("secret", "from-file\n", 0600), 1);
	c = config_rig_load("site main {" CONFIG_RIG_KEYS "}");
	assert_string_equal(c->sites[0].secret_key, "from-file");
	config_free(c);
	setenv("BENTO_SECRET_KEY", "hush", 1);
	config_rig_refuses("site main {" CONFIG_RIG_KEYS "}",
	    "secret_key and secret_key_file are both set: keep one");
}

/* Loads a good configuration and compares its warning. */
static void
warns(const char *variable, const char *warning)
{
	struct config *c;

	assert_int_equal(setenv(variable, "hush", 1), 0);
	c = config_rig_load("site main {" CONFIG_RIG_KEYS "}");
	unsetenv(variable);
	assert_string_equal(c->warning, warning);
	config_free(c);
}

static void
misspelled_variables_are_named(void **state)
{
	(void)state;
	warns("BENTO_SECRETKEY",
	    "the environment variable BENTO_SECRETKEY means nothing to bentospool: did you mean "
	    "BENTO_SECRET_KEY?");
	warns("BENTOSPOOL_SECRET_KEY",
	    "the environment variable BENTOSPOOL_SECRET_KEY means nothing to bentospool: did you "
	    "mean BENTO_SECRET_KEY?");
	warns("BENTO_WRITE_KEY",
	    "the environment variable BENTO_WRITE_KEY means nothing to bentospool: did you mean "
	    "BENTOSPOOL_WRITE_KEYS?");
	warns("BENTOSPOOL_HOME", "the environment variable BENTOSPOOL_HOME means nothing to "
				 "bentospool: unset it, or see "
				 "bentospool.conf(5) for the names");
	warns("BENTOSPOOL_SITE", ""); /* an alarm's */
	setenv("BENTO_SECRETKEY", "hush", 1);
	config_rig_refuses("site main { site_uuid=u publishable_key=p }",
	    "(or set BENTO_SECRET_KEY); the environment variable BENTO_SECRETKEY means nothing to "
	    "bentospool: did you mean BENTO_SECRET_KEY?");
	unsetenv("BENTO_SECRETKEY");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(the_environment_overrides_the_file),
		CONFIG_TEST(the_environment_is_enough),
		CONFIG_TEST(each_setting_has_a_variable),
		CONFIG_TEST(names_are_clear_and_different),
		CONFIG_TEST(lists_are_separated_by_commas_or_lines),
		CONFIG_TEST(a_secret_and_its_file_replace_each_other),
		CONFIG_TEST(misspelled_variables_are_named),
	};

	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
