/*
 * config/config: where values come from. Files of secrets, the choice of the file, and what is
 * checked or warned of in them.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/config/config_rig.h"

static void
secrets_come_from_private_files(void **state)
{
	char text[512];
	struct config *c;
	const char *path;

	(void)state;
	path = config_rig_write("secret", "  top-secret \n\n", 0600);
	snprintf(text, sizeof(text),
	    "site main { site_uuid=u publishable_key=p secret_key_file = \"%s\" }", path);
	c = config_rig_load(text);
	assert_string_equal(c->sites[0].secret_key, "top-secret");
	config_free(c);
	config_rig_write("secret", "s", 0640);
	config_rig_refuses(text, "can be read by others (mode 0640): chmod 600 /tmp/");
	config_rig_write("secret", "s", 0602);
	config_rig_refuses(text, "can be read by others");
	/* systemd protects its own directory */
	setenv("CREDENTIALS_DIRECTORY", config_rig_folder, 1);
	config_rig_accepts(text);
	setenv("CREDENTIALS_DIRECTORY", "/tmp/bentospool", 1);
	config_rig_refuses(text, "can be read by others");
	unsetenv("CREDENTIALS_DIRECTORY");
	config_rig_write("secret", " \n", 0600);
	config_rig_refuses(text, "must hold one secret on one line");
	config_rig_write("secret", "a\nb\n", 0600);
	config_rig_refuses(text, "must hold one secret on one line");
	unlink(config_rig_write("secret", "", 0600));
	config_rig_refuses(text, "site \"main\": secret_key_file: cannot open");
	snprintf(text, sizeof(text), "site main {" CONFIG_RIG_KEYS "secret_key_file = \"%s\" }",
	    config_rig_folder);
	config_rig_refuses(text, "secret_key and secret_key_file are both set");
}

static void
credentials_of_systemd_are_found_inside_and_outside_its_unit(void **state)
{
	static const char text[] = "site main { site_uuid=u\n publishable_key=p\n"
				   "secret_key_file = \"${CREDENTIALS_DIRECTORY}/secret\" }";
	struct config *c;

	(void)state;
	config_rig_write("secret", "handed-over", 0440);
	setenv("CREDENTIALS_DIRECTORY", config_rig_folder, 1);
	c = config_rig_load(text);
	assert_string_equal(c->sites[0].secret_key, "handed-over");
	config_free(c);
	unlink(config_rig_write("secret", "", 0440));
	config_rig_refuses(text, "/secret cannot be checked here: systemd hands this credential "
				 "over only while the service runs");
	unsetenv("CREDENTIALS_DIRECTORY");
	config_rig_refuses(text, "secret_key_file: /run/credentials/bentospool.service/secret "
				 "cannot be checked here: ");
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	config_rig_refuses(text, "secret_key_file: /run/credentials/bentospool.service/secret "
				 "cannot be checked here: ");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
write_keys_come_one_a_line(void **state)
{
	char text[512];
	struct config *c;
	const char *path;

	(void)state;
	path = config_rig_write(
	    "keys", "# shop\nfirst\n\n  two words \t\r\n#third\na#b # till\n", 0600);
	snprintf(text, sizeof(text),
	    "site main {" CONFIG_RIG_KEYS "write_keys = {inline} write_keys_file = \"%s\" }", path);
	c = config_rig_load(text);
	assert_int_equal(c->sites[0].write_keys.n, 4);
	assert_string_equal(c->sites[0].write_keys.item[0], "inline");
	assert_string_equal(c->sites[0].write_keys.item[1], "first");
	assert_string_equal(c->sites[0].write_keys.item[2], "two words");
	assert_string_equal(c->sites[0].write_keys.item[3], "a#b");
	config_free(c);
	config_rig_write("keys", "# none\n", 0600);
	config_rig_refuses(text, "holds no key");
	config_rig_write("keys", "first\n", 0644);
	config_rig_refuses(text, "chmod 600");
}

static void
a_readable_file_with_a_secret_is_warned_of(void **state)
{
	struct config_request r = { .file = config_rig_conf };
	struct config *c;

	(void)state;
	config_rig_write("conf", "site main {" CONFIG_RIG_KEYS "}", 0644);
	assert_int_equal(config_load(&r, &c, NULL), 0);
	assert_non_null(strstr(c->warning, "chmod 600"));
	config_free(c);
}

static void
the_file_is_chosen_in_order(void **state)
{
	struct config_request r = { .reading = true };
	struct config *c;
	struct err e;

	(void)state;
	setenv(
	    "BENTOSPOOL_CONFIG", config_rig_write("conf", "database = /by-variable.db", 0600), 1);
	assert_int_equal(config_load(&r, &c, &e), 0);
	assert_string_equal(c->database, "/by-variable.db");
	assert_string_equal(c->file, config_rig_conf);
	config_free(c);
	/* with a database named, a file is not looked for */
	r.database = "/named.db";
	config_rig_write("conf", "nonsense", 0600);
	assert_int_equal(config_load(&r, &c, &e), 0);
	assert_string_equal(c->database, "/named.db");
	assert_string_equal(c->file, "");
	config_free(c);
	r.file = "/nonexistent/x.conf";
	assert_int_equal(config_load(&r, &c, &e), -1);
	assert_non_null(strstr(e.text, "configuration: cannot open /nonexistent/x.conf"));
}

static void
reading_verbs_need_only_the_database(void **state)
{
	struct config_request r = { .file = config_rig_conf, .reading = true };
	struct config *c;
	struct err e = { 0 };

	(void)state;
	setenv("BENTO_API_URL", "nonsense", 1);
	config_rig_write("conf",
	    "database = /a.db site a { secret_key_file = /nonexistent unique_key = no } site b {}",
	    0600);
	if (config_load(&r, &c, &e) != 0)
		fail_msg("%s", e.text);
	assert_string_equal(c->database, "/a.db");
	assert_int_equal(c->n_sites, 2);
	assert_false(c->sites[0].unique_key);
	config_free(c);
}

static void
copied_keys_are_checked(void **state)
{
	char text[512];

	(void)state;
	config_rig_refuses(
	    "site main { site_uuid=\"your site's UUID\" publishable_key=p secret_key=s }",
	    "%:1: site_uuid = \"your site's UUID\": is still a placeholder: copy it from Bento");
	config_rig_refuses("site main { site_uuid=u publishable_key=YOUR_KEY secret_key=s }",
	    "%:1: publishable_key: is still a placeholder");
	config_rig_refuses("site main { site_uuid=u publishable_key=p secret_key=pk_1 }",
	    "%:1: secret_key: begins with pk_, as a publishable key does");
	config_rig_refuses("site main { site_uuid=sk_4 publishable_key=p secret_key=s }",
	    "%:1: site_uuid: begins with sk_, as a secret key does"); /* and is not shown */
	snprintf(text, sizeof(text),
	    "site main { site_uuid=u publishable_key=p secret_key_file=%s }",
	    config_rig_write("secret", "'hush'\n", 0600));
	config_rig_refuses(
	    text, "secret: secret_key: holds a quotation mark, which is not part of the key");
	setenv("BENTO_SECRET_KEY", "your-secret", 1);
	config_rig_refuses("site main {" CONFIG_RIG_KEYS "}",
	    "BENTO_SECRET_KEY: secret_key: is still a placeholder");
}

static void
the_write_key_of_the_documents_is_warned_of(void **state)
{
	static const char text[] =
	    "ingest { listen = {\"127.0.0.1:1\", \"%s:7300\"} } site main {" CONFIG_RIG_KEYS
	    "write_keys = {own, \"%s\"} }";
	static const struct {
		const char *address, *key;
		bool warned;
	} cases[] = { { "0.0.0.0", "a word of your choice", true },
		{ "127.0.0.2", "a word of your choice", false }, { "0.0.0.0", "a word", false } };
	struct config *c;
	char made[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(made, sizeof(made), text, cases[i].address, cases[i].key);
		c = config_rig_load(made);
		assert_string_equal(c->warning,
		    cases[i].warned
			? "site \"main\": the write key is that of the documents, and other "
			  "machines can reach 0.0.0.0:7300: choose another"
			: "");
		config_free(c);
	}
}

static void
one_value_in_two_places_is_refused(void **state)
{
	(void)state;
	config_rig_refuses("site main { site_uuid=u publishable_key=s secret_key=s }",
	    "%: site \"main\": publishable_key and secret_key are the same: copy each from Bento");
	config_rig_refuses("site main { site_uuid=s publishable_key=p secret_key=s }",
	    "site_uuid and secret_key are the same");
	config_rig_refuses("site main { site_uuid=p publishable_key=p secret_key=s }",
	    "site_uuid and publishable_key are the same");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(secrets_come_from_private_files),
		CONFIG_TEST(credentials_of_systemd_are_found_inside_and_outside_its_unit),
		CONFIG_TEST(write_keys_come_one_a_line),
		CONFIG_TEST(a_readable_file_with_a_secret_is_warned_of),
		CONFIG_TEST(the_file_is_chosen_in_order),
		CONFIG_TEST(reading_verbs_need_only_the_database),
		CONFIG_TEST(copied_keys_are_checked),
		CONFIG_TEST(the_write_key_of_the_documents_is_warned_of),
		CONFIG_TEST(one_value_in_two_places_is_refused),
	};

	return cmocka_run_group_tests_name("config_sources", tests, NULL, NULL);
}
