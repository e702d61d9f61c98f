/* config/settings and config/address: single values at the limits of their ranges. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/config.h"
#include "config/keys/bento_key.h"
#include "config/settings.h"

/* Each number at the limits of its range. */
static void
check_edge(const struct setting *s, int64_t ms, bool good)
{
	struct err e = { 0 };
	char text[64];

	if (s->type == SETTING_SECONDS)
		snprintf(text, sizeof(text), "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
	else
		snprintf(text, sizeof(text), "%lld", (long long)ms);
	if ((setting_check(s, text, &e) == 0) != good)
		fail_msg("%s = %s: %s", s->name, text, e.text);
}

static void
every_range_ends_where_it_says(void **state)
{
	struct err e;

	(void)state;
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->type != SETTING_NUMBER && s->type != SETTING_SECONDS)
			continue;
		check_edge(s, s->min, true);
		check_edge(s, s->max, true);
		check_edge(s, s->max + 1, false);
		if (s->min > 0)
			check_edge(s, s->min - 1, false);
		assert_int_equal(setting_check(s, "-1", &e), -1);
		assert_int_equal(setting_check(s, "", &e), -1);
		assert_int_equal(setting_check(s, "0x10", &e), -1);
		assert_int_equal(setting_check(s, "99999999999999999999999", &e), -1);
		assert_int_equal(setting_check(s, "1e3", &e), -1);
		assert_int_equal(setting_check(s, ".5", &e), -1);
		assert_int_equal(setting_check(s, "5.", &e), -1);
		assert_int_equal(setting_check(s, "1.0001", &e), -1);
	}
	/* numbers are decimal: 010 means ten, not eight */
	assert_int_equal(setting_check(setting_find(SECTION_SITE, "batch_events"), "01000", &e), 0);
}

static void
every_setting_has_a_sound_row(void **state)
{
	(void)state;
	for (const struct setting *s = settings; s->name != NULL; s++) {
		assert_ptr_equal(setting_find(s->section, s->name), s);
		assert_non_null(s->help);
		assert_true(strlen(s->help) > 10);
		if (s->fallback != NULL && s->fallback[0] != '\0')
			assert_int_equal(setting_check(s, s->fallback, NULL), 0);
		assert_true(s->type == SETTING_LIST || s->fallback != NULL);
	}
}

static void
urls_are_checked(void **state)
{
	static const char *const good[] = { "https://app.bentonow.com/api/v1", "https://a",
		"https://a:443", "https://a:65535/", "https://[2001:db8::1]:8443/x",
		"http://127.0.0.1:9/api/v1", "http://127.8.9.1", "http://localhost:80/a",
		"http://[::1]:9/x", "https://a-b.c9/%20" };
	static const char *const bad[] = { "", "app.bentonow.com", "ftp://a", "HTTPS://a",
		"https://", "https:///x", "https://a:0", "https://a:65536",
		"https://a:", "https://a:x", "https://u@a", "https://u:p@a/x", "https://a?x",
		"https://a/x?y", "https://a/x#y", "https://a b", "https://a/ b", "https://-a",
		"https://a_b", "https://[::1", "https://[x]", "http://a",
		"http://127.0.0.1.evil.com", "http://10.0.0.1", "http://[::2]",
		"http://localhost.evil.com", "http://localhost@evil.com", "https://a\\b",
		"http://0.0.0.0", "https://a/\x7f" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (address_check_url(good[i], &e) != 0)
			fail_msg("%s: %s", good[i], e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (address_check_url(bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void
the_api_has_a_path(void **state)
{
	static const char *const good[] = { "https://app.bentonow.com/api/v1", "https://a/b/",
		"http://127.0.0.1:9/api/v1" };
	static const char *const bad[] = { "https://a", "https://a/", "https://a:443", "http://a/b",
		"https://a/api/v1/batch/events", "https://a/api/v1/fetch/commands" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (address_check_api_url(good[i], &e) != 0)
			fail_msg("%s: %s", good[i], e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (address_check_api_url(bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void
an_origin_is_written_as_browsers_send_it(void **state)
{
	static const char *const good[] = { "https://spool.example", "https://spool.example:8443",
		"https://spool.example:80", "https://[2001:db8::1]", "http://127.0.0.1:8080",
		"http://[::1]:443", "http://localhost", "https://[2001:DB8::1]:7443",
		"https://SPOOL.example" };
	static const char *const bad[] = { "spool.example", "https://spool.example/",
		"https://spool.example/spool", "https://spool.example:443", "http://localhost:80",
		"https://[::1]:443", "http://spool.example", "https://", "https://a b",
		"https://*.example", "https://spool.example:08443", "https://spool.example:0443",
		"https://[2001:db8:0::1]", "https://[2001:0db8::1]",
		"https://[0:0:0:0:0:0:0:1]:7443", "" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (address_check_origin(good[i], &e) != 0)
			fail_msg("%s: %s", good[i], e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (address_check_origin(bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void
copies_of_bento_keys_are_checked(void **state)
{
	static const struct {
		int (*check)(const char *text, struct err *e);
		const char *text, *word; /* word NULL: the text is right */
	} cases[] = {
		{ bento_key_check_uuid, "", NULL },
		{ bento_key_check_uuid, "2a1b-yours", NULL },
		{ bento_key_check_uuid, "<uuid>", "placeholder" },
		{ bento_key_check_uuid, "Replace-me", "placeholder" },
		{ bento_key_check_secret, "changeme", "placeholder" },
		{ bento_key_check_secret, "xxxxxxxx", "placeholder" },
		{ bento_key_check_secret, "********", "placeholder" },
		{ bento_key_check_secret, "secret_key=s1", "the name of the key, too" },
		{ bento_key_check_uuid, "siteUuid:2a1b", "the name of the key, too" },
		{ bento_key_check_secret, "c2VjcmV0==", NULL },
		{ bento_key_check_secret, "s:secret", NULL },
		{ bento_key_check_uuid, "pk_1",
		    "begins with pk_, as a publishable key does: copy the site UUID from Bento: "
		    "Settings, API Keys" },
		{ bento_key_check_uuid, "sk_1",
		    "begins with sk_, as a secret key does: copy the site UUID" },
		{ bento_key_check_publishable, "pk_1~", NULL },
		{ bento_key_check_publishable, "${KEY}", "placeholder" },
		{ bento_key_check_publishable, "sk_1",
		    "begins with sk_, as a secret key does: copy the publishable key" },
		{ bento_key_check_publishable, "\342\200\234p\342\200\235", "a curly quote" },
		{ bento_key_check_secret, "sk_1!", NULL },
		{ bento_key_check_secret, "Your secret", "placeholder" },
		{ bento_key_check_secret, "a b", "holds a blank" },
		{ bento_key_check_secret, "a\nb", "or a line break" },
		{ bento_key_check_secret, "a\177", "or a line break" },
		{ bento_key_check_secret, "\"a\"", "a quotation mark" },
		{ bento_key_check_secret, "pk_1",
		    "begins with pk_, as a publishable key does: copy the secret key" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc = cases[i].check(cases[i].text, &e);

		if (cases[i].word == NULL && rc != 0)
			fail_msg("%s: %s", cases[i].text, e.text);
		if (cases[i].word != NULL && (rc == 0 || strstr(e.text, cases[i].word) == NULL))
			fail_msg("%s: %s", cases[i].text, rc == 0 ? "taken" : e.text);
	}
}

static void
listen_addresses_are_checked(void **state)
{
	static const char *const good[] = { "127.0.0.1:0", "0.0.0.0:65535", "[::]:1", "unix:/a",
		"tls:0.0.0.0:7443", "tls:[::1]:0" };
	static const char *const bad[] = { "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1:1x", "127.0.0.1:+1", "localhost:80", "::1:80", "[::1]80",
		"[::1]", "[]:80", "unix:", "unix:a", "1.2.3:4", "127.0.0.1:000080",
		"[127.0.0.1]:80", "tls:", "tls:unix:/a", "tls:tls:1.2.3.4:5", "tls:localhost:1",
		"TLS:1.2.3.4:5",
		"unix:/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (address_check_listen(good[i], &e) != 0)
			fail_msg("%s: %s", good[i], e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (address_check_listen(bad[i], &e) == 0)
			fail_msg("taken: %s", bad[i]);
	assert_true(address_is_local("[::1]:5"));
	assert_true(address_is_local("unix:/a"));
	assert_true(address_is_local("tls:127.0.0.1:5"));
	assert_false(address_is_local("tls:0.0.0.0:5"));
	assert_true(address_is_tls("tls:127.0.0.1:5"));
	assert_false(address_is_tls("127.0.0.1:5"));
	assert_false(address_is_local("0.0.0.0:5"));
	assert_false(address_is_local("[::]:5"));
	assert_false(address_is_local("128.0.0.1:5"));
}

static void
the_example_says_the_defaults(void **state)
{
	struct config_request r = { .reading = true };
	const char *top = getenv("top_srcdir");
	char path[512], *text;
	struct config *c;
	struct err e = { 0 };
	FILE *file;
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/doc/bentospool.conf.example", top == NULL ? "." : top);
	r.file = path;
	if (config_load(&r, &c, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(c->n_sites, 1);
	assert_string_equal(c->database, "/var/lib/bentospool/spool.db");
	assert_string_equal(c->control, "/var/lib/bentospool/spool.db.sock");
	text = calloc(1, 65536);
	file = fopen(path, "r");
	n = fread(text, 1, 65535, file);
	assert_true(n > 1000 && n < 65535);
	fclose(file);
	for (const struct setting *s = settings; s->name != NULL; s++) {
		char indented[64], first[64];

		snprintf(indented, sizeof(indented), " %s = ", s->name);
		snprintf(first, sizeof(first), "\n%s = ", s->name);
		if (strstr(text, indented) == NULL && strstr(text, first) == NULL)
			fail_msg("%s is not in %s", s->name, path);
		/* The default of database depends on --localstatedir of the build. */
		if (strcmp(s->name, "database") == 0)
			continue;
		if (strstr(s->name, "key") == NULL && strcmp(s->name, "control") != 0
		    && !setting_is_default(s, setting_base(c, s->section)))
			fail_msg("%s: not the default in %s", s->name, path);
	}
	free(text);
	config_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_range_ends_where_it_says),
		cmocka_unit_test(every_setting_has_a_sound_row),
		cmocka_unit_test(the_example_says_the_defaults),
		cmocka_unit_test(urls_are_checked),
		cmocka_unit_test(the_api_has_a_path),
		cmocka_unit_test(an_origin_is_written_as_browsers_send_it),
		cmocka_unit_test(copies_of_bento_keys_are_checked),
		cmocka_unit_test(listen_addresses_are_checked),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
