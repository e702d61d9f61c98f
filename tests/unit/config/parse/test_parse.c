/* config/parse and config/lex: every form of the language, and every message of the parser. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/lex.h"
#include "config/parse/parse.h"

#define LONG_SIZE (LEX_TEXT_MAX + 32)

static const char *
variable(void *arg, const char *name)
{
	(void)arg;
	if (strcmp(name, "SET") == 0)
		return "a value";
	return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

/* Returns NULL when the text is refused. */
static struct config *
parse_as(const char *text, bool reading, struct err *e)
{
	const struct config_source source = {
		.file = "f", .text = text, .variable = variable, .reading = reading
	};
	struct config *c = config_new(e);

	assert_non_null(c);
	if (config_parse(c, &source, e) == 0)
		return c;
	config_free(c);
	return NULL;
}

static struct config *
parse(const char *text)
{
	struct err e = { 0 };
	struct config *c = parse_as(text, false, &e);

	if (c == NULL)
		fail_msg("%s\n%s", text, e.text);
	return c;
}

static void
refuses(const char *text, const char *words)
{
	struct err e = { 0 };
	struct config *c = parse_as(text, false, &e);

	if (c != NULL)
		fail_msg("taken:\n%s", text);
	assert_int_equal(e.code, ERR_INPUT);
	if (strncmp(e.text, words, strlen(words)) != 0)
		fail_msg("%s\nsays: %s\nnot: %s", text, e.text, words);
}

/* Returns the text of the setting archive, which accepts any text. */
static void
reads(const char *value, const char *want)
{
	struct config *c;
	char text[256];

	snprintf(text, sizeof(text), "retention { archive = %s }", value);
	c = parse(text);
	assert_string_equal(c->retention.archive, want);
	config_free(c);
}

static void
texts_are_bare_or_in_quotes(void **state)
{
	(void)state;
	reads("bare", "bare");
	reads("/a/b.c-d_e:f*g@h%i[j]", "/a/b.c-d_e:f*g@h%i[j]");
	reads("https://a//b", "https://a//b");
	reads("a$b", "a$b");
	reads("\"two words, and # = { } ( ) + //\"", "two words, and # = { } ( ) + //");
	reads("'two \"words\"'", "two \"words\"");
	reads("\"it's\"", "it's");
	reads("\"a \\\" b \\\\ c \\q\"", "a \" b \\ c q");
	reads("\"\\x41\\x4a\\102\\60\\xg\"", "AJB0xg");
	reads("'a \\' b \\\\ c \\q \\x41 ${SET}'", "a ' b \\ c \\q \\x41 ${SET}");
	reads("\"on\\\ne\"", "one");
	reads("'on\\\ne'", "one");
	reads("\n\n\"behind lines\"", "behind lines");
	reads("\n bare\n", "bare");
	reads("/* c */ bare # d\n", "bare");
	reads("\"\xe2\x80\x9c\xc3\xa4\xe2\x80\x9d\"", "\xe2\x80\x9c\xc3\xa4\xe2\x80\x9d");
}

static void
variables_stand_for_their_values(void **state)
{
	struct err e = { 0 };
	struct config *c;

	(void)state;
	reads("${SET}", "a value");
	reads("\"<${SET}>${EMPTY}\"", "<a value>");
	reads("${UNSET:-a default}", "a default");
	reads("\"${UNSET:-}${SET:-x}\"", "a value");
	reads("\"\\${SET}$\"", "${SET}$");
	refuses("\ndatabase = ${UNSET}", "f:2: the environment variable UNSET is not set: set it");
	refuses("site a { secret_key = \"${UNSET}\" }", "f:1: the environment variable UNSET is");
	refuses("database = ${}", "f:1: ${ must be followed by the name");
	refuses("database = ${1A}", "f:1: ${ must be followed by the name");
	refuses("database = \"${A B}\"", "f:1: ${ must be followed by the name");
	refuses("database = \"${SET\"\n}", "f:1: ${ must be followed by the name");
	/* A verb that only reads the database needs no secret, and no variable that holds one. */
	c = parse_as("site a { secret_key = ${UNSET} }", true, &e);
	assert_non_null(c);
	config_free(c);
	assert_null(parse_as("site a {} database = ${UNSET}", true, &e));
}

static void
lists_stand_in_braces(void **state)
{
	struct config *c;

	(void)state;
	c = parse("ingest { listen = {\"127.0.0.1:1\", [::1]:2,\n# 3\nunix:/a,} }\n"
		  "alarm_command += {/bin/true}\nalarm_command += one\n"
		  "site a { write_keys = single allow_origins = {} }");
	assert_int_equal(c->ingest.listen.n, 3);
	assert_string_equal(c->ingest.listen.item[1], "[::1]:2");
	assert_int_equal(c->alarm_command.n, 2);
	assert_string_equal(c->alarm_command.item[1], "one");
	assert_int_equal(c->sites[0].write_keys.n, 1);
	config_free(c);
	refuses("alarm_command = {a}\nalarm_command = {b}", "f:2: alarm_command is given twice, ");
	refuses("ingest { listen = [\"127.0.0.1:1\"] }",
	    "f:1: listen: write a list in braces: {\"...\", \"...\"}, not in [...]");
	refuses("ingest { listen = [127.0.0.1:1] }", "f:1: listen: write a list in braces");
	refuses("database = [\"x\"]", "f:1: database: brackets are not used");
	refuses("min_free += 5", "f:1: min_free is not a list: write = in place of +=");
	refuses("min_free = {5}", "f:1: min_free must be a whole number from 0 to");
	refuses("alarm_command = {a\n b}", "f:2: alarm_command: put a comma between two strings");
	refuses("alarm_command = {,}", "f:1: alarm_command: expected a string in quotes");
	refuses("alarm_command = {a = b}", "f:1: alarm_command: expected a string in quotes");
	refuses("alarm_command = {{a}}", "f:1: alarm_command: expected a string in quotes");
	refuses("\nalarm_command = {a\n", "f:2: alarm_command: the list has no } at its end");
	refuses("\nalarm_command = {a,\n", "f:2: alarm_command: the list has no } at its end");
}

static void
a_quote_without_its_partner_is_found_on_its_line(void **state)
{
	(void)state;
	refuses("database = x\ncontrol = \"/run/x\nmin_free = 5\n",
	    "f:2: a string begins with \" and has no \" at its end: close it on the same line");
	refuses(
	    "control = '/run/x", "f:1: a string begins with ' and has no ' at its end: close it");
	refuses("control = \"/run/x\\", "f:1: a string begins with \"");
	refuses("control = \"/run/x\xe2\x80\x9d\n",
	    "f:1: a string begins with \" and has no \" at its end, but a curly quote");
	refuses("control = \xe2\x80\x9c/run/x\xe2\x80\x9d\n",
	    "f:1: a curly quote or a no-break space: type a straight quote");
	refuses("control\xc2\xa0= x", "f:1: a curly quote or a no-break space");
	refuses("control = x\n/* a\n", "f:2: a comment begins with /* and has no */ at its end");
	refuses("\xef\xbb\xbf"
		"database = x",
	    "f:1: the file begins with a byte order mark");
}

static void
escapes_make_bytes_only(void **state)
{
	(void)state;
	refuses("database = \"\\8\"", "f:1: a backslash before a number must have one to three");
	refuses("database = \"\\1234\"", "f:1: a backslash before a number must have one to three");
	refuses("database = \"\\400\"", "f:1: an octal number must be from \\1 to \\377");
	refuses("database = \"\\0\"", "f:1: an octal number must be from \\1 to \\377");
	refuses("database = \"\\x0\"", "f:1: a hexadecimal number must be from \\x01 to \\xff");
	refuses("database = \"\\n\"", "f:1: database must not hold control characters");
}

static void
names_stand_where_they_belong(void **state)
{
	(void)state;
	refuses("databse = x", "f:1: no setting is called databse: did you mean database?");
	refuses("cheese = x", "f:1: no setting is called cheese here; there are database, control");
	refuses("ingest { lisen = x }", "f:1: no setting is called lisen: did you mean listen?");
	refuses(
	    "batch_events = 5", "f:1: batch_events belongs to a section site, not to the top of");
	refuses("ingest { database = x }", "f:1: database belongs to the top of the file, not to");
	refuses("retention { site_uuid = x }", "f:1: site_uuid belongs to a section site");
	refuses("Data.base = x", "f:1: expected the name of a setting");
	refuses("Database = x", "f:1: the name of this setting is written database");
	refuses("minFree = x", "f:1: the name of this setting is written min_free");
	refuses("site a {\n secret_key = s\n writeKeys = {a} }",
	    "f:3: the name of this setting is written write_keys");
	refuses("site a {\n secret_key = s\n WRITE-KEYS = {a} }",
	    "f:3: the name of this setting is written write_keys");
	refuses("site a {\n secret_key = s\n write_keys: {a} }",
	    "f:3: write write_keys = VALUE, with = in place of the colon");
	refuses(
	    "site a {\n secret_key = s hush: }", "f:2: no setting has the name that stands here");
	refuses(
	    "server { }", "f:1: no section is called server: there are ingest, admin, retention");
	refuses("\"databse\" = x", "f:1: expected the name of a setting");
	refuses("site a {\n secret_key = s\n databse = hush }",
	    "f:3: no setting has the name that stands here; it is not shown, because it may "
	    "belong to the secret_key of line 2: put that value in quotes");
	refuses("site a {\n secret_key = s hush }",
	    "f:2: no setting has the name that stands here; it is not shown, because it may "
	    "belong to the secret_key of line 2");
	refuses("site a { secret_key = s }\ndatabse = x",
	    "f:2: no setting is called databse: did you mean database?");
	refuses("site a { secret_key = s\n batch_events = 5\n databse = x }",
	    "f:3: no setting is called databse here; there are site_uuid");
	refuses("database = x;\n;", "f:2: a ; stands here: settings are separated by line ends or "
				    "blanks, not by ;");
	refuses("database = \"x\";min_free = 5", "f:1: a ; stands here");
	refuses("site a { secret_key = hush ;hush }",
	    "f:1: a ; stands here: settings are separated by line ends or blanks, not by ;, and a "
	    "value that holds a ; belongs in quotes");
	refuses("\";\" = x", "f:1: expected the name of a setting");
	refuses("database", "f:1: database must be followed by = and a value");
	refuses("database \"x\"", "f:1: database must be followed by = and a value");
	refuses("database =\n", "f:1: database has no value: it must be a string");
	refuses("database = = x", "f:1: database has no value");
	refuses("site a {\n secret_key =\n write_keys = {a}\n}",
	    "f:2: secret_key has no value: it must be a string");
	refuses("site a { batch_events = }", "f:1: batch_events has no value: it must be a whole");
	refuses("{", "f:1: a { without the name of a section");
	refuses("= x", "f:1: an = without a name before it");
	refuses("database = a, b", "f:1: a comma outside a list");
	refuses("database = a + b", "f:1: a plus sign outside quotes");
	refuses("database = a(b)", "f:1: a parenthesis outside quotes");
	refuses("}", "f:1: a } without a section or list");
}

static void
sections_begin_and_end(void **state)
{
	struct config *c;

	(void)state;
	c = parse("site a{} site 'b-1.c_D'{batch_events=5}ingest{}retention{}min_free=1");
	assert_int_equal(c->n_sites, 2);
	assert_int_equal(c->sites[0].batch_events, 100);
	assert_int_equal(c->sites[1].batch_events, 5);
	config_free(c);
	refuses("ingest \"x\" {}", "f:1: expected { after the name of the section");
	refuses("site a\nmin_free = 5", "f:2: expected { after the name of the section");
	refuses("site {}", "f:1: a site needs a name: site \"main\" { ... }");
	refuses("site \"a b\" {}", "f:1: a site's name must be 1 to 64 letters");
	refuses("site \"\" {}", "f:1: a site's name must be 1 to 64 letters");
	refuses("site a {}\nsite a {}", "f:2: the site \"a\" is given twice");
	refuses(
	    "retention {}\nretention {}", "f:2: the section retention is given twice, first in");
	refuses("\nsite a {\n\nsite b {}", "f:4: the section site of line 2 is not closed before");
	refuses("\nsite a {\n\n", "f:2: the section site has no } at its end");
}

static void
texts_and_sites_have_their_limits(void **state)
{
	char *text = malloc(LONG_SIZE);
	struct buf sites;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', LONG_SIZE - 1);
	memcpy(text, "control = ", 10);
	text[LONG_SIZE - 1] = '\0';
	refuses(text, "f:1: a string is longer than 65536 bytes");
	text[10] = '"';
	text[LONG_SIZE - 2] = '"';
	refuses(text, "f:1: a string is longer than 65536 bytes");
	free(text);
	buf_init(&sites, 65536);
	for (int i = 0; i <= CONFIG_MAX_SITES; i++)
		buf_printf(&sites, "site s%d {}\n", i);
	assert_false(sites.failed);
	refuses(sites.p, "f:1001: more than 1000 sites");
	buf_free(&sites);
}

/* Whichever byte of a file is lost or changed, no message shows a secret. */
static void
no_message_holds_a_secret(void **state)
{
	static const char good[] = "database = \"/a\"\nsite main {\n\tsite_uuid = \"u\"\n"
				   "\tpublishable_key = hush_a\n\tsecret_key = \"hush_b\"\n"
				   "\twrite_keys = {\"hush_c\", hush_d}\n"
				   "\twebhook_secret = 'hush_e'\n\tbatch_events = 5\n}\n";
	static const char others[] = "\"'{}[]=,+#$\\\n ;x\xe2(";
	char text[sizeof(good)];
	struct config *c;
	struct err e;

	(void)state;
	for (size_t at = 0; at < sizeof(good) - 1; at++)
		for (size_t i = 0; i < sizeof(others); i++) {
			memcpy(text, good, sizeof(good));
			text[at] = others[i];
			if (others[i] == '\0')
				memmove(text + at, good + at + 1, sizeof(good) - at - 1);
			e = (struct err){ 0 };
			c = parse_as(text, false, &e);
			if (c == NULL && strstr(e.text, "hush") != NULL)
				fail_msg("%s\nsays: %s", text, e.text);
			config_free(c);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_bare_or_in_quotes),
		cmocka_unit_test(variables_stand_for_their_values),
		cmocka_unit_test(lists_stand_in_braces),
		cmocka_unit_test(a_quote_without_its_partner_is_found_on_its_line),
		cmocka_unit_test(escapes_make_bytes_only),
		cmocka_unit_test(names_stand_where_they_belong),
		cmocka_unit_test(sections_begin_and_end),
		cmocka_unit_test(texts_and_sites_have_their_limits),
		cmocka_unit_test(no_message_holds_a_secret),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
