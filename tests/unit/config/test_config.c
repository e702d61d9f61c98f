/* config/config: what a configuration may contain; each error names its place and the remedy. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/config/config_rig.h"

static void
config_has_the_documented_defaults(void **state)
{
	struct config *c;

	(void)state;
	c = config_rig_load("site \"main\" {\n" CONFIG_RIG_KEYS "}\n");
	assert_string_equal(c->database, SPOOL_LOCALSTATEDIR "/lib/bentospool/spool.db");
	assert_string_equal(c->control, SPOOL_LOCALSTATEDIR "/lib/bentospool/spool.db.sock");
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
	c = config_rig_load(
	    "# a comment\n"
	    "database = \"/srv/a.db\"\ncontrol = '/run/a.sock' // another\n"
	    "stop_deadline = 2.5\n"
	    "ingest { listen = {\"127.0.0.1:0\", \"unix:/run/x\"} max_headers = 9 }\n"
	    "site main {\n" CONFIG_RIG_KEYS " write_keys = {\"k1\", \"k2\"}\n retry_first = 0.25\n"
	    " unique_key = false\n /* of\n two lines */ batch_events = 7 }\n"
	    "site other {" CONFIG_RIG_KEYS " write_keys = \"k3\" allow_origins = {} }\n");
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
	config_rig_refuses(
	    "databse = \"x\"\n", "%:1: no setting is called databse: did you mean database?");
	config_rig_refuses("\n\nsite main {\n\n batch_event = 5\n}",
	    "%:5: no setting is called batch_event: did you mean batch_events?");
	config_rig_refuses("site main { listen = {} }",
	    "%:1: listen belongs to the section ingest, not to a section site");
	config_rig_refuses(
	    "\nserver { }", "%:2: no section is called server: there are ingest, admin, retention");
	config_rig_refuses("site main {\n batch_events = 5\n batch_events = 6\n}",
	    "%:3: batch_events is given twice, first in line 2");
	config_rig_refuses("site main {\n write_keys = {}\n write_keys = {\"a\"}\n}",
	    "%:3: write_keys is given twice");
	config_rig_refuses(
	    "database = a\nsite main {}\ndatabase = b\n", "%:3: database is given twice");
	config_rig_refuses(
	    "ingest {}\ningest {}\n", "%:2: the section ingest is given twice, first in line 1");
	config_rig_refuses("site a {" CONFIG_RIG_KEYS "}\nsite a {" CONFIG_RIG_KEYS "}\n",
	    "%:5: the site \"a\" is given twice");
	config_rig_refuses("site main {\n batch_events = many\n}",
	    "%:2: batch_events must be a whole number from 1 to 1000, not \"many\"");
	config_rig_refuses("site main {\n batch_events = {1, 2}\n}",
	    "%:2: batch_events must be a whole number from 1 to 1000, not a list");
	config_rig_refuses("site main {\n\n unique_key = 7\n}",
	    "%:3: unique_key must be true or false, not \"7\"");
	config_rig_refuses("site main {\n timeout = 5s\n}",
	    "%:2: timeout must be a number of seconds from 0.1 to 600, not \"5s\"");
	config_rig_refuses("ingest {\n listen = {\"127.0.0.1:1\",\n\n\"nowhere\"}\n}",
	    "%:4: listen = \"nowhere\": must be ADDRESS:PORT");
	config_rig_refuses(
	    "site main {\n write_keys = {\"\"}\n}", "%:2: write_keys: must not be empty");
	config_rig_refuses("site main {\n site_uuid = \"a\\nb\"\n}",
	    "%:2: site_uuid must not hold control characters");
	config_rig_refuses(
	    "site main {\n batch_events\n}", "%:2: batch_events must be followed by =");
	config_rig_refuses(
	    "site main {\n batch_events = 5\n", "%:1: the section site has no } at its end");
	config_rig_refuses(
	    "database = \"x\n", "%:1: a string begins with \" and has no \" at its end");
	config_rig_refuses("site {" CONFIG_RIG_KEYS "}", "%:1: a site needs a name: site \"main\"");
	config_rig_refuses("site \"a b\" {" CONFIG_RIG_KEYS "}", "a site's name must be");
	config_rig_refuses("}", "%:1: a } without a section");
}

static void
limits_fit_together(void **state)
{
	(void)state;
	config_rig_refuses(
	    "ingest { max_body = 5000 max_buffered = 80535 } site main {" CONFIG_RIG_KEYS "}",
	    "max_buffered must be at least three times max_body and 64 KiB (80536)");
	config_rig_refuses("site a {" CONFIG_RIG_KEYS
			   "write_keys={k} webhook_secret=s } site b {" CONFIG_RIG_KEYS
			   "write_keys={l} webhook_secret=s }",
	    "have the same webhook_secret");
	config_rig_accepts(
	    "ingest { max_body = 5000 max_buffered = 80536 } site main {" CONFIG_RIG_KEYS "}");
	config_rig_refuses("site main {" CONFIG_RIG_KEYS "retry_first = 9 retry_max = 8.999 }",
	    "retry_max must be at least retry_first");
	config_rig_accepts("site main {" CONFIG_RIG_KEYS "retry_first = 9 retry_max = 9 }");
	config_rig_refuses("ingest { listen = {} } site main {" CONFIG_RIG_KEYS "}",
	    "listen must name an address");
	config_rig_refuses(
	    "control = \"/run/"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaa\" site main {" CONFIG_RIG_KEYS "}",
	    "is longer than 107 bytes: set control");
	config_rig_refuses(
	    "database = \"\" site main {" CONFIG_RIG_KEYS "}", "database: must not be empty");
}

static void
a_site_needs_its_keys(void **state)
{
	(void)state;
	config_rig_refuses("database = x\n", "%: no site: add a section");
	config_rig_refuses("site main { publishable_key=p secret_key=s }",
	    "%: site \"main\": site_uuid is missing: copy it from Bento: Settings, API Keys");
	config_rig_refuses("site main { site_uuid=u secret_key=s }",
	    "publishable_key is missing: copy it from Bento: Settings, API Keys");
	config_rig_refuses("site main { site_uuid=u publishable_key=p }",
	    "secret_key is missing: copy it from Bento: Settings, API Keys, into a file, and name "
	    "that "
	    "with secret_key_file");
	config_rig_refuses("site main {" CONFIG_RIG_KEYS "ca_file = /nonexistent/ca.pem }",
	    "cannot read ca_file /nonexistent/ca.pem: No such file");
}

static void
others_may_post_with_a_key_only(void **state)
{
	(void)state;
	config_rig_refuses(
	    "ingest { listen = {\"127.0.0.1:1\", \"0.0.0.0:2\"} } site main {" CONFIG_RIG_KEYS "}",
	    "listens on 0.0.0.0:2, which other machines can reach, so site \"main\" needs "
	    "write_keys");
	config_rig_refuses(
	    "ingest { listen = {\"[::]:2\"} } site main {" CONFIG_RIG_KEYS "}", "needs write_keys");
	config_rig_refuses("ingest { listen = {\"192.168.1.5:2\"} } site main {" CONFIG_RIG_KEYS
			   "}",
	    "needs write_keys");
	config_rig_accepts(
	    "ingest { listen = {\"127.0.0.1:1\", \"[::1]:0\", \"unix:/run/x\", \"127.9.9.9:1\"} }"
	    "site main {" CONFIG_RIG_KEYS "}");
	config_rig_accepts(
	    "ingest { listen = {\"0.0.0.0:2\"} } site main {" CONFIG_RIG_KEYS "write_keys = {k} }");
	config_rig_refuses("site a {" CONFIG_RIG_KEYS "write_keys = {k} } site b {" CONFIG_RIG_KEYS
			   "}",
	    "with several sites each needs its own write_keys: site \"b\" has none");
	config_rig_refuses("site a {" CONFIG_RIG_KEYS "write_keys = {k} } site b {" CONFIG_RIG_KEYS
			   "write_keys = {x, k} }",
	    "sites \"a\" and \"b\" have a write key in common");
}

static void
two_listeners_need_two_addresses(void **state)
{
	static const struct {
		const char *ingest, *admin, *words; /* NULL: accepted */
	} cases[] = {
		{ "127.0.0.1:1", "127.0.0.1:1",
		    "%: admin: listen: 127.0.0.1:1 is already taken by ingest: listen "
		    "(127.0.0.1:1)" },
		{ "0.0.0.0:1", "127.0.0.1:1",
		    "127.0.0.1:1 is already taken by ingest: listen (0.0.0.0:1)" },
		{ "127.0.0.1:1", "tls:0.0.0.0:01",
		    "tls:0.0.0.0:01 is already taken by ingest: listen (127.0.0.1:1)" },
		{ "[::1]:1", "[0:0::1]:1",
		    "[0:0::1]:1 is already taken by ingest: listen ([::1]:1)" },
		{ "[::]:1", "[::1]:1", "[::1]:1 is already taken by ingest: listen ([::]:1)" },
		{ "unix:/a", "unix:/a", "unix:/a is already taken by ingest: listen (unix:/a)" },
		{ "127.0.0.1:1\", \"127.0.0.1:1", "127.0.0.1:2",
		    "%: ingest: listen: 127.0.0.1:1 is already taken by ingest: listen "
		    "(127.0.0.1:1)" },
		{ "127.0.0.1:1", "127.0.0.1:2\", \"127.0.0.1:2",
		    "%: admin: listen: 127.0.0.1:2 is already taken by admin: listen "
		    "(127.0.0.1:2)" },
		{ "127.0.0.1:1", "127.0.0.1:2", NULL },
		{ "127.0.0.1:0", "127.0.0.1:0", NULL },
		{ "127.0.0.1:1", "127.0.0.2:1", NULL },
		{ "0.0.0.0:1", "[::1]:1", NULL }, /* sockets for IPv6 are for IPv6 only */
		{ "unix:/a", "unix:/b", NULL },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
		    "ingest { listen = {\"%s\"} } admin { listen = {\"%s\"} }"
		    "site main {" CONFIG_RIG_KEYS "write_keys = {k} }",
		    cases[i].ingest, cases[i].admin);
		if (cases[i].words == NULL)
			config_rig_accepts(text);
		else
			config_rig_refuses(text, cases[i].words);
	}
}

/* Puts a key in the place of the mask behind the name. */
static void
unmask(char *text, const char *name, char key)
{
	char *mask = strstr(strstr(text, name), "********");

	assert_non_null(mask);
	memset(mask, key, strlen("********"));
}

static void
what_is_printed_masks_secrets_and_can_be_read_again(void **state)
{
	struct config *c, *again;
	struct buf text;

	(void)state;
	c = config_rig_load(
	    "database = \"/a \\\"b\\\\.db\" ingest { idle_timeout = 1.5 } site main { site_uuid=u "
	    "publishable_key=hush1 secret_key=hush2 write_keys = {hush3, hush4} timeout = 7 }");
	buf_init(&text, 65536);
	config_print(c, &text);
	assert_false(text.failed);
	assert_null(strstr(text.p, "hush"));
	assert_non_null(strstr(text.p, "secret_key           = \"********\"\n"));
	assert_non_null(strstr(text.p, "batch_events         = 100  # default\n"));
	assert_non_null(strstr(text.p, "timeout              = 7\n"));
	/* with its masks it is refused; with the keys it is as before */
	config_rig_refuses(text.p, "publishable_key: is still a placeholder");
	unmask(text.p, "publishable_key ", 'p');
	unmask(text.p, "secret_key ", 's');
	again = config_rig_load(text.p);
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
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(config_has_the_documented_defaults),
		CONFIG_TEST(config_takes_what_the_file_says),
		CONFIG_TEST(errors_name_file_line_and_what_is_allowed),
		CONFIG_TEST(limits_fit_together),
		CONFIG_TEST(a_site_needs_its_keys),
		CONFIG_TEST(others_may_post_with_a_key_only),
		CONFIG_TEST(two_listeners_need_two_addresses),
		CONFIG_TEST(what_is_printed_masks_secrets_and_can_be_read_again),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
