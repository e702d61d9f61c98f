/* admin/who/headers: cookies, tokens, content types and origins, with foreign bytes. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "admin/who/headers.h"
#include "base/rand.h"
#include "config/config.h"

/* All cookies of the name, each behind a comma. */
static void
assert_cookies(struct slice header, const char *expected)
{
	char found[256] = "";
	struct slice value;
	size_t n = 0;

	while ((value = headers_next_cookie(&header, SLICE("id"))).p != NULL) {
		found[n++] = ',';
		memcpy(found + n, value.p, value.n);
		n += value.n;
	}
	assert_string_equal(found, expected);
}

static void
cookies_are_found_by_their_whole_name(void **state)
{
	static const struct {
		const char *header, *values;
	} cases[] = {
		{ "id=1", ",1" },
		{ "a=b; id=1; c=d", ",1" },
		{ "id=1;id=2", ",1,2" },
		{ " id = 1 ;\tid\t=\t2", ",1,2" },
		{ "id=", "," },
		{ "id", "" },
		{ "ID=1", "" },
		{ "xid=1; idx=2; a=id; id\"=3", "" },
		{ "id=a=b", ",a=b" },
		{ "a=\"x; id=1\"", ",1\"" }, /* quotes do not protect a semicolon, RFC 6265 5.4 */
		{ ";;;=;id=1;;", ",1" },
		{ "a,id=1", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_cookies(slice_from(cases[i].header), cases[i].values);
	assert_cookies(SLICE_NONE, "");
}

static void
assert_bearer(const char *header, const char *token)
{
	struct slice found = headers_bearer(slice_from(header));

	if (token == NULL)
		assert_null(found.p);
	else
		assert_true(found.p != NULL && slice_equals(found, slice_from(token)));
}

static void
a_bearer_token_follows_its_scheme(void **state)
{
	(void)state;
	assert_bearer("Bearer abc", "abc");
	assert_bearer("bEARER   abc", "abc");
	assert_bearer("Bearer", "");
	assert_bearer("Bearer ", "");
	assert_bearer("Bearer a b", "a b");
	assert_bearer("Bearerabc", NULL);
	assert_bearer("Basic YWJj", NULL);
	assert_bearer("", NULL);
	assert_null(headers_bearer(SLICE_NONE).p);
}

static void
json_is_a_content_type(void **state)
{
	static const struct {
		const char *type;
		bool json;
	} cases[] = {
		{ "application/json", true },
		{ "Application/JSON; charset=utf-8", true },
		{ "application/json;", true },
		{ "application/json ; x", true },
		{ "application/jsonx", false },
		{ "application/json, text/plain", false },
		{ "text/plain; application/json", false },
		{ "text/plain", false },
		{ "application/x-www-form-urlencoded", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (headers_is_json(slice_from(cases[i].type)) != cases[i].json)
			fail_msg("%s: expected %d", cases[i].type, cases[i].json);
	assert_false(headers_is_json(SLICE_NONE));
}

static void
an_origin_is_the_scheme_and_the_host(void **state)
{
	static const struct {
		const char *origin, *host;
		bool tls, own;
	} cases[] = {
		{ "http://127.0.0.1:7390", "127.0.0.1:7390", false, true },
		{ "HTTP://LocalHost:7390", "localhost:7390", false, true },
		{ "https://spool.example", "spool.example", true, true },
		{ "https://[::1]:7390", "[::1]:7390", true, true },
		{ "http://spool.example", "spool.example", true, false },
		{ "https://127.0.0.1:7390", "127.0.0.1:7390", false, false },
		{ "http://127.0.0.1:7391", "127.0.0.1:7390", false, false },
		{ "http://127.0.0.1", "127.0.0.1:7390", false, false },
		{ "http://127.0.0.1:73900", "127.0.0.1:7390", false, false },
		{ "http://127.0.0.1:7390/", "127.0.0.1:7390", false, false },
		{ "http://127.0.0.1:7390 http://a", "127.0.0.1:7390", false, false },
		{ "http://a@127.0.0.1:7390", "127.0.0.1:7390", false, false },
		{ "http://evil.example", "127.0.0.1:7390", false, false },
		{ "null", "127.0.0.1:7390", false, false },
		{ "", "127.0.0.1:7390", false, false },
		{ "http://", "", false, false },
		{ "http://x", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (headers_is_own_origin(
			slice_from(cases[i].origin), cases[i].tls, slice_from(cases[i].host))
		    != cases[i].own)
			fail_msg("%s: expected %d", cases[i].origin, cases[i].own);
	assert_false(headers_is_own_origin(SLICE_NONE, false, SLICE("localhost")));
	assert_false(headers_is_own_origin(SLICE("http://localhost"), false, SLICE_NONE));
}

static char first_url[] = "https://spool.example", second_url[] = "https://[2001:db8::1]:8443";
static char *public_urls[] = { first_url, second_url };

static void
a_proxy_serves_public_urls(void **state)
{
	const struct config_list urls = { public_urls, 2 }, none = { NULL, 0 };
	static const char *const origins[] = { "http://spool.example", "https://spool.example:443",
		"https://spool.example.evil.example", "https://evil.example",
		"https://spool.exampl", "https://[2001:db8::1]", "null", "" };
	static const char *const hosts[] = { "spool.example", "Spool.Example:443",
		"spool.example:9", "[2001:db8::1]", "[2001:db8::1]:8443" };
	static const char *const others[] = { "evil.example", "spool.example.evil.example",
		"spool.exampl", "spool.example:x", "spool.example:1@evil.example", "2001:db8::1",
		"[2001:db8::2]", "", "https://spool.example" };

	(void)state;
	assert_string_equal(headers_find_url(SLICE("https://spool.example"), &urls), first_url);
	assert_string_equal(
	    headers_find_url(SLICE("HTTPS://[2001:DB8::1]:8443"), &urls), second_url);
	assert_null(headers_find_url(SLICE("https://spool.example"), &none));
	assert_null(headers_find_url(SLICE_NONE, &urls));
	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++)
		if (headers_find_url(slice_from(origins[i]), &urls) != NULL)
			fail_msg("origin %s", origins[i]);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (!headers_is_public_host(slice_from(hosts[i]), &urls)
		    || headers_is_public_host(slice_from(hosts[i]), &none))
			fail_msg("host %s", hosts[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (headers_is_public_host(slice_from(others[i]), &urls))
			fail_msg("host %s", others[i]);
	assert_false(headers_is_public_host(SLICE_NONE, &urls));
}

static void
a_port_is_what_follows_the_host(void **state)
{
	static const struct {
		const char *host, *port;
	} cases[] = {
		{ "localhost:7390", "7390" },
		{ "127.0.0.1:1", "1" },
		{ "[::1]:65535", "65535" },
		{ "spool.example:00443", "00443" },
		{ ":80", "80" },
		{ "localhost:123456", NULL },
		{ "localhost:", NULL },
		{ "localhost", NULL },
		{ "host7", NULL },
		{ "7390", NULL },
		{ "[::1]", NULL },
		{ "[::1", NULL },
		{ "[:1", NULL },
		{ "localhost:7x", NULL },
		{ "localhost:x7", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice port = headers_port(slice_from(cases[i].host));
		const char *expected = cases[i].port;

		if (expected == NULL ? port.p != NULL : !slice_equals(port, slice_from(expected)))
			fail_msg("%s: \"%.*s\"", cases[i].host, (int)port.n,
			    port.p == NULL ? "" : port.p);
	}
	assert_null(headers_port(SLICE_NONE).p);
}

/* Reads random bytes, each from memory of its own size, so that a sanitizer finds a read past it.
 */
static void
foreign_bytes_do_no_harm(void **state)
{
	static const char likely[] = "id=; ,\"\t\0Bearer application/json http://x:1\x80\xff\r\n";
	const struct config_list urls = { public_urls, 2 };
	struct rand r;

	(void)state;
	rand_seed(&r, 4711);
	for (int i = 0; i < 100000; i++) {
		struct slice s = { NULL, (size_t)rand_below(&r, 40) }, rest, value;
		char *copy = malloc(s.n == 0 ? 1 : s.n);

		assert_non_null(copy);
		for (size_t k = 0; k < s.n; k++)
			copy[k] = likely[rand_below(&r, sizeof(likely))];
		s.p = copy;
		rest = s;
		while ((value = headers_next_cookie(&rest, SLICE("id"))).p != NULL)
			assert_true(value.p >= s.p && value.p + value.n <= s.p + s.n
				    && memchr(value.p, ';', value.n) == NULL);
		assert_int_equal(rest.n, 0);
		value = headers_bearer(s);
		assert_true(value.p == NULL || value.n <= s.n);
		(void)headers_is_json(s);
		value = headers_port(s);
		assert_true(value.n <= 5 && (value.n == 0 || value.p + value.n == s.p + s.n));
		assert_false(headers_is_own_origin(s, true, SLICE("spool.example")));
		assert_null(headers_find_url(s, &urls));
		assert_false(headers_is_public_host(s, &urls));
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_are_found_by_their_whole_name),
		cmocka_unit_test(a_bearer_token_follows_its_scheme),
		cmocka_unit_test(json_is_a_content_type),
		cmocka_unit_test(an_origin_is_the_scheme_and_the_host),
		cmocka_unit_test(a_proxy_serves_public_urls),
		cmocka_unit_test(a_port_is_what_follows_the_host),
		cmocka_unit_test(foreign_bytes_do_no_harm),
	};

	return cmocka_run_group_tests_name("admin who headers", tests, NULL, NULL);
}
