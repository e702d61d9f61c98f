/* config/config: what a configuration may contain; each error names its place and the remedy. */
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static char folder[64];
static char conf[96];

static const char *const variables[] = { "BENTOSPOOL_CONFIG", "BENTOSPOOL_DATABASE",
	"BENTOSPOOL_LISTEN", "BENTOSPOOL_WRITE_KEYS", "BENTO_SITE_UUID", "BENTO_PUBLISHABLE_KEY",
	"BENTO_SECRET_KEY", "BENTO_API_URL", "CREDENTIALS_DIRECTORY" };

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/bentospool-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof(conf), "%s/conf", folder);
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = { "conf", "secret", "keys" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	return rmdir(folder);
}

static const char *
write_file(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

#define KEYS "site_uuid=u\n publishable_key=p\n secret_key=s\n"

static struct config *
load(const char *text)
{
	struct config_request r = { .file = conf };
	struct config *c = NULL;
	struct err e = { 0 };

	write_file("conf", text, 0600);
	if (config_load(&r, &c, &e) != 0)
		fail_msg("%s\n%s", text, e.text);
	return c;
}

static void
accepts(const char *text)
{
	config_free(load(text));
}

/* The message must contain each of the words; "%" in a word stands for the file's name. */
static void
refuses(const char *text, const char *word)
{
	struct config_request r = { .file = conf };
	struct config *c = NULL;
	struct err e = { 0 };
	char want[256];

	write_file("conf", text, 0600);
	if (word[0] == '%')
		snprintf(want, sizeof(want), "%s%s", conf, word + 1);
	else
		snprintf(want, sizeof(want), "%s", word);
	if (config_load(&r, &c, &e) == 0)
		fail_msg("taken:\n%s", text);
	if (strstr(e.text, want) == NULL)
		fail_msg("%s\nsays: %s\nnot: %s", text, e.text, want);
}

static void
config_has_the_documented_defaults(void **state)
{
	struct config *c;

	(void)state;
	c = load("site \"main\" {\n" KEYS "}\n");
	assert_string_equal(c->database, "/var/lib/bentospool/spool.db");
	assert_string_equal(c->control, "/var/lib/bentospool/spool.db.sock");
	assert_int_equal(c->min_free, 67108864);
	assert_int_equal(c->ingest.listen.n, 1);
	assert_string_equal(c->ingest.listen.item[0], "127.0.0.1:7300");
	assert_int_equal(c->ingest.max_body, 4194304);
	assert_int_equal(c->n_sites, 1);
	assert_string_equal(c->sites[0].name, "main");
	assert_string_equal(c->sites[0].secret_key, "s");
	assert_int_equal(c->sites[0].write_keys.n, 0);
	assert_string_equal(c->sites[0].api_url, "https://app.bentonow.com/api/v1");
	assert_int_equal(c->sites[0].batch_events, 100);
	assert_int_equal(c->sites[0].batch_bytes, 1000000);
	assert_int_equal(c->sites[0].requests_per_minute, 60);
	assert_int_equal(c->sites[0].concurrency, 1);
	assert_int_equal(c->sites[0].timeout, 30000);
	assert_int_equal(c->sites[0].retry_first, 5000);
	assert_int_equal(c->sites[0].retry_max, 3600000);
	assert_true(c->sites[0].unique_key);
	assert_true(c->sites[0].send_date);
	assert_string_equal(c->warning, "");
	config_free(c);
}

static void
config_takes_what_the_file_says(void **state)
{
	struct config *c;

	(void)state;
	c = load("# a comment\n"
		 "database = \"/srv/a.db\"\ncontrol = '/run/a.sock' // another\n"
		 "stop_deadline = 2.5\n"
		 "ingest { listen = {\"127.0.0.1:0\", \"unix:/run/x\"} max_headers = 9 }\n"
		 "site main {\n" KEYS " write_keys = {\"k1\", \"k2\"}\n retry_first = 0.25\n"
		 " unique_key = false\n /* of\n two lines */ batch_events = 7 }\n"
		 "site other {" KEYS " write_keys = \"k3\" allow_origins = {} }\n");
	assert_string_equal(c->database, "/srv/a.db");
	assert_string_equal(c->control, "/run/a.sock");
	assert_int_equal(c->stop_deadline, 2500);
	assert_int_equal(c->ingest.listen.n, 2);
	assert_string_equal(c->ingest.listen.item[1], "unix:/run/x");
	assert_int_equal(c->ingest.max_headers, 9);
	assert_int_equal(c->n_sites, 2);
	assert_int_equal(c->sites[0].write_keys.n, 2);
	assert_string_equal(c->sites[0].write_keys.item[1], "k2");
	assert_int_equal(c->sites[0].retry_first, 250);
	assert_false(c->sites[0].unique_key);
	assert_int_equal(c->sites[0].batch_events, 7);
	assert_string_equal(c->sites[1].write_keys.item[0], "k3");
	assert_int_equal(c->sites[1].batch_events, 100);
	config_free(c);
}

static void
errors_name_file_line_and_what_is_allowed(void **state)
{
	(void)state;
	refuses("databse = \"x\"\n", "%:1: no setting is called databse here; there are database");
	refuses("\n\nsite main {\n\n batch_event = 5\n}", "%:5: no setting is called batch_event");
	refuses("site main { listen = {} }",
	    "%:1: listen belongs to the section ingest, not to a section site");
	refuses("\nserver { }", "%:2: no setting is called server");
	refuses("site main {\n batch_events = 5\n batch_events = 6\n}",
	    "%:3: batch_events is given twice, first in line 2");
	refuses("site main {\n write_keys = {}\n write_keys = {\"a\"}\n}",
	    "%:3: write_keys is given twice");
	refuses("database = a\nsite main {}\ndatabase = b\n", "%:3: database is given twice");
	refuses(
	    "ingest {}\ningest {}\n", "%:2: the section ingest is given twice, first in line 1");
	refuses("site a {" KEYS "}\nsite a {" KEYS "}\n", "%:5: the site \"a\" is given twice");
	refuses("site main {\n batch_events = many\n}",
	    "%:2: batch_events must be a whole number from 1 to 1000, not \"many\"");
	refuses("site main {\n batch_events = {1, 2}\n}",
	    "%:2: batch_events must be a whole number from 1 to 1000, not a list");
	refuses("site main {\n\n unique_key = 7\n}",
	    "%:3: unique_key must be true or false, not \"7\"");
	refuses("site main {\n timeout = 5s\n}",
	    "%:2: timeout must be a number of seconds from 0.1 to 600, not \"5s\"");
	refuses("ingest {\n listen = {\"127.0.0.1:1\",\n\n\"nowhere\"}\n}",
	    "%:4: listen = \"nowhere\": must be ADDRESS:PORT");
	refuses("site main {\n write_keys = {\"\"}\n}", "%:2: write_keys: must not be empty");
	refuses("site main {\n site_uuid = \"a\\nb\"\n}",
	    "%:2: site_uuid must not hold control characters");
	refuses("site main {\n batch_events\n}", "%:2: batch_events must be followed by =");
	refuses("site main {\n batch_events = 5\n", "%:1: the section site has no } at its end");
	refuses("database = \"x\n", "%:1: a string begins with \" and has no \" at its end");
	refuses("site {" KEYS "}", "%:1: a site needs a name: site \"main\"");
	refuses("site \"a b\" {" KEYS "}", "a site's name must be");
	refuses("}", "%:1: a } without a section");
}

static void
limits_fit_together(void **state)
{
	(void)state;
	refuses("ingest { max_body = 5000 max_buffered = 80535 } site main {" KEYS "}",
	    "max_buffered must be at least three times max_body and 64 KiB (80536)");
	refuses("site a {" KEYS "write_keys={k} webhook_secret=s } site b {" KEYS
		"write_keys={l} webhook_secret=s }",
	    "have the same webhook_secret");
	accepts("ingest { max_body = 5000 max_buffered = 80536 } site main {" KEYS "}");
	refuses("site main {" KEYS "retry_first = 9 retry_max = 8.999 }",
	    "retry_max must be at least retry_first");
	accepts("site main {" KEYS "retry_first = 9 retry_max = 9 }");
	refuses("ingest { listen = {} } site main {" KEYS "}", "listen must name an address");
	refuses(
	    "control = \"/run/"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaa\" site main {" KEYS "}",
	    "is longer than 107 bytes: set control");
	refuses("database = \"\" site main {" KEYS "}", "database: must not be empty");
}

static void
a_site_needs_its_keys(void **state)
{
	(void)state;
	refuses("database = x\n", "%: no site: add a section");
	refuses("site main { publishable_key=p secret_key=s }",
	    "%: site \"main\": site_uuid is missing");
	refuses("site main { site_uuid=u secret_key=s }", "publishable_key is missing");
	refuses("site main { site_uuid=u publishable_key=p }",
	    "secret_key is missing: name a file that holds it with secret_key_file");
	refuses("site main {" KEYS "ca_file = /nonexistent/ca.pem }",
	    "cannot read ca_file /nonexistent/ca.pem: No such file");
}

static void
copied_keys_are_checked(void **state)
{
	char text[512];

	(void)state;
	refuses("site main { site_uuid=\"your site's UUID\" publishable_key=p secret_key=s }",
	    "%:1: site_uuid = \"your site's UUID\": is still a placeholder: copy it from Bento");
	refuses("site main { site_uuid=u publishable_key=YOUR_KEY secret_key=s }",
	    "%:1: publishable_key: is still a placeholder");
	refuses("site main { site_uuid=u publishable_key=p secret_key=pk_1 }",
	    "%:1: secret_key: is the publishable_key: swap the two");
	snprintf(text, sizeof(text),
	    "site main { site_uuid=u publishable_key=p secret_key_file=%s }",
	    write_file("secret", "'hush'\n", 0600));
	refuses(text, "secret: secret_key: holds a quotation mark, which is not part of the key");
	setenv("BENTO_SECRET_KEY", "your-secret", 1);
	refuses("site main {" KEYS "}", "BENTO_SECRET_KEY: secret_key: is still a placeholder");
}

static void
what_may_be_a_mistake_is_warned_of(void **state)
{
	struct config *c;

	(void)state;
	setenv("BENTO_SECRETKEY", "hush", 1);
	setenv("BENTOSPOOL_SITE", "main", 1); /* an alarm's */
	c = load("site main {" KEYS "api_url = \"https://bento.example\" write_keys = {a} }\n"
		 "site other {" KEYS "api_url = \"https://bento.example/v1\" write_keys = {b} }");
	unsetenv("BENTO_SECRETKEY");
	unsetenv("BENTOSPOOL_SITE");
	assert_string_equal(c->warning,
	    "the environment variable BENTO_SECRETKEY means nothing to bentospool: check its "
	    "spelling, bentospool.conf(5) has the names; site \"main\": api_url has no path: "
	    "Bento's "
	    "ends in /api/v1");
	config_free(c);
	c = load("site main {" KEYS "}");
	assert_string_equal(c->warning, "");
	config_free(c);
}

static void
others_may_post_with_a_key_only(void **state)
{
	(void)state;
	refuses("ingest { listen = {\"127.0.0.1:1\", \"0.0.0.0:2\"} } site main {" KEYS "}",
	    "listens on 0.0.0.0:2, which other machines can reach, so site \"main\" needs "
	    "write_keys");
	refuses("ingest { listen = {\"[::]:2\"} } site main {" KEYS "}", "needs write_keys");
	refuses("ingest { listen = {\"192.168.1.5:2\"} } site main {" KEYS "}", "needs write_keys");
	accepts(
	    "ingest { listen = {\"127.0.0.1:1\", \"[::1]:0\", \"unix:/run/x\", \"127.9.9.9:1\"} }"
	    "site main {" KEYS "}");
	accepts("ingest { listen = {\"0.0.0.0:2\"} } site main {" KEYS "write_keys = {k} }");
	refuses("site a {" KEYS "write_keys = {k} } site b {" KEYS "}",
	    "with several sites each needs its own write_keys: site \"b\" has none");
	refuses("site a {" KEYS "write_keys = {k} } site b {" KEYS "write_keys = {x, k} }",
	    "sites \"a\" and \"b\" have a write key in common");
}

static void
secrets_come_from_private_files(void **state)
{
	char text[512];
	struct config *c;
	const char *path;

	(void)state;
	path = write_file("secret", "  top-secret \n\n", 0600);
	snprintf(text, sizeof(text),
	    "site main { site_uuid=u publishable_key=p secret_key_file = \"%s\" }", path);
	c = load(text);
	assert_string_equal(c->sites[0].secret_key, "top-secret");
	config_free(c);
	write_file("secret", "s", 0640);
	refuses(text, "can be read by others (mode 0640): chmod 600 /tmp/");
	write_file("secret", "s", 0602);
	refuses(text, "can be read by others");
	/* systemd protects its own directory */
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	accepts(text);
	setenv("CREDENTIALS_DIRECTORY", "/tmp/bentospool", 1);
	refuses(text, "can be read by others");
	unsetenv("CREDENTIALS_DIRECTORY");
	write_file("secret", " \n", 0600);
	refuses(text, "must hold one secret on one line");
	write_file("secret", "a\nb\n", 0600);
	refuses(text, "must hold one secret on one line");
	unlink(write_file("secret", "", 0600));
	refuses(text, "site \"main\": secret_key_file: cannot open");
	snprintf(text, sizeof(text), "site main {" KEYS "secret_key_file = \"%s\" }", folder);
	refuses(text, "secret_key and secret_key_file are both set");
}

static void
write_keys_come_one_a_line(void **state)
{
	char text[512];
	struct config *c;
	const char *path;

	(void)state;
	path = write_file("keys", "# shop\nfirst\n\n  second \r\n#third\n", 0600);
	snprintf(text, sizeof(text),
	    "site main {" KEYS "write_keys = {inline} write_keys_file = \"%s\" }", path);
	c = load(text);
	assert_int_equal(c->sites[0].write_keys.n, 3);
	assert_string_equal(c->sites[0].write_keys.item[0], "inline");
	assert_string_equal(c->sites[0].write_keys.item[1], "first");
	assert_string_equal(c->sites[0].write_keys.item[2], "second");
	config_free(c);
	write_file("keys", "# none\n", 0600);
	refuses(text, "holds no key");
	write_file("keys", "first\n", 0644);
	refuses(text, "chmod 600");
}

static void
a_readable_file_with_a_secret_is_warned_of(void **state)
{
	struct config_request r = { .file = conf };
	struct config *c;

	(void)state;
	write_file("conf", "site main {" KEYS "}", 0644);
	assert_int_equal(config_load(&r, &c, NULL), 0);
	assert_non_null(strstr(c->warning, "chmod 600"));
	config_free(c);
}

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
	c = load(
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
	refuses(
	    "site main {" KEYS "}", "environment: BENTOSPOOL_LISTEN: listen = \"here\": must be");
	unsetenv("BENTOSPOOL_LISTEN");
	refuses("site a {" KEYS "} site b {" KEYS "}", "BENTOSPOOL_WRITE_KEYS: is set, but");
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

static void
the_file_is_chosen_in_order(void **state)
{
	struct config_request r = { .reading = true };
	struct config *c;
	struct err e;

	(void)state;
	setenv("BENTOSPOOL_CONFIG", write_file("conf", "database = /by-variable.db", 0600), 1);
	assert_int_equal(config_load(&r, &c, &e), 0);
	assert_string_equal(c->database, "/by-variable.db");
	assert_string_equal(c->file, conf);
	config_free(c);
	/* with a database named, a file is not looked for */
	r.database = "/named.db";
	write_file("conf", "nonsense", 0600);
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
	struct config_request r = { .file = conf, .reading = true };
	struct config *c;
	struct err e = { 0 };

	(void)state;
	setenv("BENTO_API_URL", "nonsense", 1);
	write_file("conf",
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
what_is_printed_masks_secrets_and_can_be_read_again(void **state)
{
	struct config *c, *again;
	struct buf text;

	(void)state;
	c = load(
	    "database = \"/a \\\"b\\\\.db\" ingest { idle_timeout = 1.5 } site main { site_uuid=u "
	    "publishable_key=hush1 secret_key=hush2 write_keys = {hush3, hush4} timeout = 7 }");
	buf_init(&text, 65536);
	config_print(c, &text);
	assert_false(text.failed);
	assert_null(strstr(text.p, "hush"));
	assert_non_null(strstr(text.p, "secret_key           = \"********\"\n"));
	assert_non_null(strstr(text.p, "batch_events         = 100  # default\n"));
	assert_non_null(strstr(text.p, "timeout              = 7\n"));
	again = load(text.p);
	assert_string_equal(again->database, "/a \"b\\.db");
	assert_int_equal(again->ingest.idle_timeout, 1500);
	assert_int_equal(again->sites[0].write_keys.n, 2);
	config_free(again);
	config_free(c);
	buf_free(&text);
}

int
main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(config_has_the_documented_defaults),
		IN_FOLDER(config_takes_what_the_file_says),
		IN_FOLDER(errors_name_file_line_and_what_is_allowed),
		IN_FOLDER(limits_fit_together),
		IN_FOLDER(a_site_needs_its_keys),
		IN_FOLDER(copied_keys_are_checked),
		IN_FOLDER(what_may_be_a_mistake_is_warned_of),
		IN_FOLDER(others_may_post_with_a_key_only),
		IN_FOLDER(secrets_come_from_private_files),
		IN_FOLDER(write_keys_come_one_a_line),
		IN_FOLDER(a_readable_file_with_a_secret_is_warned_of),
		IN_FOLDER(the_environment_overrides_the_file),
		IN_FOLDER(the_environment_is_enough),
		IN_FOLDER(the_file_is_chosen_in_order),
		IN_FOLDER(reading_verbs_need_only_the_database),
		IN_FOLDER(what_is_printed_masks_secrets_and_can_be_read_again),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
