/* admin/who: tokens, sessions, names and the limit on attempts. */
#include "lib/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "admin/who/who.h"

#define READ "read-0123456789abcdefghij"
#define ACT "act-0123456789abcdefghijk"
#define MINUTE ATTEMPTS_PERIOD_MS

static struct who *
make(const char *read, const char *act)
{
	static struct who w;
	struct who_tokens tokens;

	memset(&w, 0, sizeof(w));
	assert_int_equal(who_tokens_make(read, act, &tokens), 0);
	who_use_tokens(&w, &tokens);
	return &w;
}

static struct who_address
address(const char *text)
{
	struct sockaddr_storage peer = { 0 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		memcpy(&peer, &four, sizeof(four));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
		memcpy(&peer, &six, sizeof(six));
	}
	return who_address_of(&peer);
}

static enum who_result
try_at(struct who *w, const char *token, const char *from, int64_t now)
{
	struct who_address a = address(from);
	enum who_level level = WHO_NOBODY;
	unsigned wait = 0;
	enum who_result result = who_try_token(w, slice_from(token), &a, now, &level, &wait);

	assert_int_equal(level != WHO_NOBODY, result == WHO_RIGHT);
	assert_int_equal(wait != 0, result == WHO_MUST_WAIT);
	return result;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static enum who_level
level_of(struct who *w, const char *token)
{
	struct who_address a = address("10.0.0.1");
	enum who_level level = WHO_NOBODY;
	unsigned wait;

	memset(&w->attempts, 0, sizeof(w->attempts));
	(void)who_try_token(w, slice_from(token), &a, 0, &level, &wait);
	return level;
}

static void
a_token_allows_what_its_file_is_for(void **state)
{
	(void)state;
	assert_int_equal(level_of(make(READ, ACT), READ), WHO_READS);
	assert_int_equal(level_of(make(READ, ACT), ACT), WHO_ACTS);
	assert_int_equal(level_of(make(READ, ""), ACT), WHO_NOBODY);
	assert_int_equal(level_of(make("", ACT), READ), WHO_NOBODY);
	assert_int_equal(level_of(make("", ""), ""), WHO_NOBODY);
	assert_int_equal(level_of(make(READ, ACT), ""), WHO_NOBODY);
	/* one byte less, one more, another one */
	assert_int_equal(level_of(make(READ, ACT), "act-0123456789abcdefghij"), WHO_NOBODY);
	assert_int_equal(level_of(make(READ, ACT), "act-0123456789abcdefghijkk"), WHO_NOBODY);
	assert_int_equal(level_of(make(READ, ACT), "act-0123456789abcdefghijK"), WHO_NOBODY);
}

/* ---- attempts -------------------------------------------------------------------------------- */

static void
one_address_has_five_attempts_a_minute(void **state)
{
	struct who *w = make(READ, ACT);
	struct who_address a = address("10.0.0.1");

	(void)state;
	for (int i = 0; i < ATTEMPTS_PER_ADDRESS; i++)
		assert_int_equal(try_at(w, "wrong", "10.0.0.1", i), WHO_WRONG);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(try_at(w, "wrong", "10.0.0.1", 10), WHO_MUST_WAIT);
	assert_int_equal(try_at(w, "wrong", "10.0.0.2", 10), WHO_WRONG);
	assert_int_equal(attempts_wait(&w->attempts, &a, 10), 60);
	assert_int_equal(attempts_wait(&w->attempts, &a, MINUTE - 1), 1);
	/* the first failure no longer counts: there is one attempt more, and then none */
	assert_int_equal(try_at(w, "wrong", "10.0.0.1", MINUTE), WHO_WRONG);
	assert_int_equal(try_at(w, "wrong", "10.0.0.1", MINUTE), WHO_MUST_WAIT);
	assert_int_equal(try_at(w, "wrong", "10.0.0.1", MINUTE + 1), WHO_WRONG);
}

static void
right_tokens_do_not_count(void **state)
{
	struct who *w = make(READ, ACT);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(try_at(w, READ, "10.0.0.1", 0), WHO_RIGHT);
	assert_int_equal(try_at(w, "wrong", "10.0.0.1", 0), WHO_WRONG);
}

static void
fail_from_many(struct who *w, int n, int64_t now)
{
	char from[32];

	for (int i = 0; i < n; i++) {
		snprintf(from, sizeof(from), "10.1.0.%d", i);
		assert_int_equal(try_at(w, "wrong", from, now), WHO_WRONG);
	}
}

static void
all_addresses_have_thirty_attempts_a_minute(void **state)
{
	struct who *w = make(READ, ACT);

	(void)state;
	fail_from_many(w, ATTEMPTS_IN_ALL - 1, 0);
	assert_int_equal(try_at(w, "wrong", "10.2.0.1", 0), WHO_WRONG);
	assert_int_equal(try_at(w, "wrong", "10.2.0.2", 0), WHO_MUST_WAIT);
	assert_int_equal(try_at(w, "wrong", "10.2.0.2", MINUTE - 1), WHO_MUST_WAIT);
	assert_int_equal(try_at(w, "wrong", "10.2.0.2", MINUTE), WHO_WRONG);
}

static void
a_flood_locks_nobody_out(void **state)
{
	struct who *w = make(READ, ACT);

	(void)state;
	fail_from_many(w, ATTEMPTS_IN_ALL, 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(try_at(w, "wrong", "10.1.0.1", i), WHO_MUST_WAIT);
		assert_int_equal(try_at(w, ACT, "10.1.0.1", i), WHO_RIGHT);
		assert_int_equal(try_at(w, READ, "10.4.0.1", i), WHO_RIGHT);
	}
}

static void
an_address_is_a_network_of_ipv6(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "::ffff:10.0.0.1", true },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.2", false },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
	};
	struct sockaddr_storage none = { 0 };
	struct who_address a = who_address_of(&none);
	char text[WHO_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct who_address one = address(cases[i].a), other = address(cases[i].b);

		if (who_address_equals(&one, &other) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
	who_address_print(&a, text);
	assert_string_equal(text, "a unix socket");
	a = address("192.0.2.7");
	who_address_print(&a, text);
	assert_string_equal(text, "192.0.2.7");
	a = address("2001:db8:1:2::9");
	who_address_print(&a, text);
	assert_string_equal(text, "2001:db8:1:2::");
}

/* ---- sessions -------------------------------------------------------------------------------- */

static struct slice
secret(unsigned i)
{
	static char text[WHO_SECRET_HEX + 1];

	snprintf(text, sizeof(text), "%0*x", WHO_SECRET_HEX, i);
	return (struct slice){ text, WHO_SECRET_HEX };
}

static void
open_at(struct who *w, unsigned i, int64_t now)
{
	struct who_person anna = { WHO_ACTS, "Anna" };

	assert_int_equal(who_open(w, secret(i), &anna, now), 0);
}

static void
a_session_ends_after_twelve_idle_hours(void **state)
{
	struct who *w = make(READ, ACT);

	(void)state;
	open_at(w, 1, 1000);
	assert_string_equal(who_find(w, secret(1), 1000 + WHO_IDLE_MS - 1)->person.name, "Anna");
	/* that was a use: the time begins again */
	assert_non_null(who_find(w, secret(1), 1000 + 2 * WHO_IDLE_MS - 2));
	assert_int_equal(who_count(w, 1000 + 2 * WHO_IDLE_MS), 1);
	assert_null(who_find(w, secret(1), 1000 + 3 * WHO_IDLE_MS - 2));
	assert_int_equal(who_count(w, 1000 + 3 * WHO_IDLE_MS - 2), 0);
}

static void
only_the_whole_secret_finds_a_session(void **state)
{
	struct who *w = make(READ, ACT);
	struct slice s;

	(void)state;
	open_at(w, 1, 0);
	assert_null(who_find(w, secret(2), 0));
	s = secret(1);
	s.n--;
	assert_null(who_find(w, s, 0));
	assert_null(who_find(w, SLICE(""), 0));
	assert_null(who_find(w, SLICE_NONE, 0));
	who_close(w, secret(2));
	assert_non_null(who_find(w, secret(1), 0));
	who_close(w, secret(1));
	assert_null(who_find(w, secret(1), 0));
}

static void
the_session_used_least_recently_makes_room(void **state)
{
	struct who *w = make(READ, ACT);

	(void)state;
	for (unsigned i = 0; i < WHO_SESSIONS; i++)
		open_at(w, i, i);
	assert_int_equal(who_count(w, WHO_SESSIONS), WHO_SESSIONS);
	assert_non_null(who_find(w, secret(0), WHO_SESSIONS));
	open_at(w, WHO_SESSIONS, WHO_SESSIONS);
	assert_null(who_find(w, secret(1), WHO_SESSIONS));
	for (unsigned i = 0; i <= WHO_SESSIONS; i++)
		if (i != 1)
			assert_non_null(who_find(w, secret(i), WHO_SESSIONS));
	/* a session that has ended makes room first */
	who_close(w, secret(7));
	open_at(w, 1, WHO_SESSIONS);
	for (unsigned i = 0; i <= WHO_SESSIONS; i++)
		if (i != 7)
			assert_non_null(who_find(w, secret(i), WHO_SESSIONS));
}

static void
other_tokens_end_all_sessions(void **state)
{
	struct who *w = make(READ, ACT);
	struct who_tokens same, other;

	(void)state;
	open_at(w, 1, 0);
	assert_int_equal(who_tokens_make(READ, ACT, &same), 0);
	who_use_tokens(w, &same);
	assert_non_null(who_find(w, secret(1), 0));
	assert_int_equal(who_tokens_make("another-token-for-reading", ACT, &other), 0);
	who_use_tokens(w, &other);
	assert_null(who_find(w, secret(1), 0));
	open_at(w, 1, 0);
	assert_int_equal(who_tokens_make("another-token-for-reading", "", &other), 0);
	who_use_tokens(w, &other);
	assert_null(who_find(w, secret(1), 0));
	assert_int_equal(level_of(w, ACT), WHO_NOBODY);
}

/* ---- names ----------------------------------------------------------------------------------- */

#define FORTY "0123456789012345678901234567890123456789"
#define E_ACUTE_25                                                                                 \
	"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"           \
	"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
#define FACES_5 "\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600"

static void
a_name_is_short_and_printable(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "A", true },
		{ "Anna M\u00fcller", true },
		{ "<b>\"O'Neill\" & co</b>", true },
		{ FORTY, true },
		{ FORTY "0", false },
		{ E_ACUTE_25, true },
		{ FACES_5 FACES_5 FACES_5 FACES_5 FACES_5, true }, /* 100 bytes */
		{ FACES_5 FACES_5 FACES_5 FACES_5 FACES_5 "x", false },
		{ "", false },
		{ " ", false },
		{ " Anna", false },
		{ "Anna ", false },
		{ "An\nna", false },
		{ "An\rna", false },
		{ "An\tna", false },
		{ "An\x1b[31mna", false },
		{ "An\x7fna", false },
		{ "An\xc2\x9bna", false },
		{ "An\u202ena", false },
		{ "An\u2066na", false },
		{ "An\u200bna", false },
		{ "An\u2028na", false },
		{ "\ufeffAnna", false },
		{ "An\xffna", false },
		{ "An\xc3", false },
		{ "An\xed\xa0\x80", false },
		{ "\xc0\xaf", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (who_is_name(slice_from(cases[i].name)) != cases[i].good)
			fail_msg("case %zu: expected %d", i, cases[i].good);
	assert_false(who_is_name((struct slice){ "A\0b", 3 }));
	assert_false(who_is_name(SLICE_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_allows_what_its_file_is_for),
		cmocka_unit_test(one_address_has_five_attempts_a_minute),
		cmocka_unit_test(right_tokens_do_not_count),
		cmocka_unit_test(all_addresses_have_thirty_attempts_a_minute),
		cmocka_unit_test(a_flood_locks_nobody_out),
		cmocka_unit_test(an_address_is_a_network_of_ipv6),
		cmocka_unit_test(a_session_ends_after_twelve_idle_hours),
		cmocka_unit_test(only_the_whole_secret_finds_a_session),
		cmocka_unit_test(the_session_used_least_recently_makes_room),
		cmocka_unit_test(other_tokens_end_all_sessions),
		cmocka_unit_test(a_name_is_short_and_printable),
	};

	return cmocka_run_group_tests_name("admin who", tests, NULL, NULL);
}
