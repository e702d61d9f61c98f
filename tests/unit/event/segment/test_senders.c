/*
 * event/segment/address, nobody and client_time: addresses, ids and times as real senders write
 * them.
 */
#include <stdio.h>
#include <string.h>

#include "base/isotime.h"
#include "event/segment/address.h"
#include "event/segment/client_time.h"
#include "event/segment/nobody.h"
#include "event/segment/person.h"

#include "lib/unit.h"

#define ANN "ann@example.com"

static const struct {
	const char *text;
	const char *address; /* NULL: not a single address */
} addresses[] = {
	{ ANN, ANN },
	{ " " ANN "\r\n", ANN },
	{ ANN "\xc2\xa0", ANN },
	{ "\xe2\x80\x8b" ANN, ANN },
	{ "ann\xe2\x80\x8c@example.com", ANN },
	{ "ann@exam\xc2\xadple.com", ANN },
	{ "\xef\xbb\xbf" ANN, ANN },
	{ "\xe3\x80\x80" ANN "\xe3\x80\x80", ANN },
	{ ANN "\xef\xbf\xbd", ANN }, /* an escaped NUL */
	{ "mailto:" ANN, ANN },
	{ "MAILTO:" ANN "?subject=x", ANN },
	{ "Ann Smith <" ANN ">", ANN },
	{ "\"Smith, Ann\" <" ANN ">", ANN },
	{ "<" ANN ">", ANN },
	{ ANN " (Ann Smith)", ANN },
	{ "'" ANN "'", ANN },
	{ "\"" ANN "\"", ANN },
	{ ANN ".", ANN },
	{ "o'neil@example.com", "o'neil@example.com" },
	{ "ann+tag@example.com", "ann+tag@example.com" },
	{ "m\xc3\xbcller@ex\xc3\xa4mple.de", "m\xc3\xbcller@ex\xc3\xa4mple.de" },
	{ ANN ", bob@example.com", NULL },
	{ ANN ";bob@example.com", NULL },
	{ ANN "(Ann)", NULL },
	{ "ann smith@example.com", NULL },
	{ "ann@exam ple.com", NULL },
	{ "ann@example..com", NULL },
	{ ".ann@example.com", NULL },
	{ "ann.@example.com", NULL },
	{ "ann@example,com", NULL },
	{ "ann@localhost", NULL },
	{ "\"ann smith\"@example.com", NULL },
	{ "acct:" ANN, NULL },
	{ "<", NULL },
	{ "'", NULL },
	{ "mailto:", NULL },
	{ "()", NULL },
	{ "", NULL },
};

static void
one_address_is_found_in_what_stands_around_it(void **state)
{
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct slice got;

		snprintf(text, sizeof(text), "%s", addresses[i].text);
		got = address_clean(text, strlen(text));
		if (person_email_is_valid(got) != (addresses[i].address != NULL)
		    || (addresses[i].address != NULL
			&& !slice_equals(got, slice_from(addresses[i].address))))
			fail_msg("%s: %.*s", addresses[i].text, (int)got.n, got.p);
	}
}

static void
ids_with_the_marks_of_directories_are_no_addresses(void **state)
{
	(void)state;
	assert_true(address_may_be_guessed(SLICE(ANN)));
	assert_false(address_may_be_guessed(SLICE("samlp|corp|ann@corp.example")));
	assert_false(address_may_be_guessed(SLICE("ann_example.com#EXT#@corp.example")));
	assert_false(address_may_be_guessed(SLICE("https://ann@example.com/u")));
	assert_false(address_may_be_guessed(SLICE("acct:ann@example.com")));
}

static void
ids_of_nobody_are_known_in_every_spelling(void **state)
{
	static const char *const nobodies[] = { "undefined", "null", "NULL", "[object Object]",
		"NaN", "None", "nil", "<nil>", "(null)", "0", "000", "-1", "---", "anonymous",
		"anon", "guest", "Unknown", "true", "false", "not_authenticated", "anonymousId",
		"user_id", "00000000-0000-0000-0000-000000000000",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "9774d56d682e549c", "{}", "[]", "n/a",
		"LMY47D", "Email", "distinct_id", "distinctId", "id", "na", "anonymous_id",
		"userId", "u ser_id", "n/A", "N\xc2\xa0one", "00-0", "\x30\xe2\x80\x8b\x30",
		" undefined ", "'null'", "\"null\"", "''", "undefined\xe2\x80\x8b", "",
		"\xe2\x80\x8b" };
	static const char *const somebodies[] = { "1", "10", "-2", "ann", "nobody", "undefined1",
		"a0", "test", "'nulls", "m\xc3\xbcller", "00000000-0000-0000-0000-000000000001",
		"00000000-0000-0000-0000-00000000000a", "ffffffff-ffff-ffff-ffff-fffffffffffe",
		"use", "user", "n", "nilx", ANN };

	(void)state;
	for (size_t i = 0; i < sizeof(nobodies) / sizeof(*nobodies); i++)
		if (!id_is_nobody(slice_from(nobodies[i])))
			fail_msg("%s", nobodies[i]);
	for (size_t i = 0; i < sizeof(somebodies) / sizeof(*somebodies); i++)
		if (id_is_nobody(slice_from(somebodies[i])))
			fail_msg("%s", somebodies[i]);
}

#define T "2026-01-02T03:04:05.000Z"
#define PHP "{\"date\":\"2026-01-02 03:04:05.000000\",\"timezone_type\":3,\"timezone\":"

static const struct {
	const char *text;
	const char *time; /* NULL: not a time */
} times[] = {
	{ T, T },
	{ "1767323045", T },
	{ "599999999", "1989-01-05T10:39:59.000Z" },
	{ "600000000", "2020-01-06T10:40:00.000Z" }, /* Apple's seconds, counted from 2001 */
	{ "789015845.25", "2026-01-02T03:04:05.250Z" },
	{ "999999999", "2032-09-09T01:46:39.000Z" },
	{ "1000000000", "2001-09-09T01:46:40.000Z" },
	{ "2026-01-02T03:04:05Z[UTC]", T },
	{ "2026-01-02T04:04:05+01:00[Europe/Berlin]", T },
	{ "Fri Jan  2 03:04:05 UTC 2026", T },
	{ "Fri Jan  2 03:04:05 2026", T },
	{ "Fri Jan 02 04:04:05 GMT+01:00 2026", T },
	{ "Fri Jan  2 03:04:05 CET 2026", NULL },
	{ "Fri Foo  2 03:04:05 UTC 2026", NULL },
	{ "Fri Jan 2026", NULL },
	{ "2026/01/02 03:04:05", T },
	{ "2026-01-02 03:04:05.000456789 +0000 UTC", T },
	{ "2026-01-02 04:04:05 +0100 CET m=+0.000012345", T },
	{ "2026-01-02 04:04:05 +0100 +01 m=-3.2", T },
	{ "2026-01-02 04:04:05 +0100 noon", NULL },
	{ "2026-01-02 04:04:05 CET", NULL },
	{ "2026-01-01T22:04:05\xe2\x88\x92"
	  "05:00",
	    T },
	{ "\"2026-01-02T03:04:05Z\"", T },
	{ "Jan 2, 2026 3:04:05 PM", NULL },
	{ "1/2/2026 3:04:05 PM", NULL },
	{ "/Date(1767323045000)/", T },
	{ "/Date(1767323045000-0700)/", T },
	{ "/Date()/", NULL },
	{ "/Date(17673230450001767323045000)/", NULL },
	{ PHP "\"UTC\"}", T },
	{ PHP "\"Z\"}", T },
	{ PHP "\"+00:00\"}", T },
	{ PHP "\"-01:30\"}", "2026-01-02T04:34:05.000Z" },
	{ PHP "\"Etc\\/UTC\"}", T },
	{ PHP "\"Europe\\/Berlin\"}", NULL },
	{ PHP "\"EST\"}", NULL },
	{ PHP "null}", NULL },
	{ "{\"date\":{},\"timezone\":\"UTC\"}", NULL },
	{ "{\"$date\":\"2026-01-02T03:04:05Z\"}", T },
	{ "{\"$date\":1767323045000}", T },
	{ "{\"$date\":{\"$numberLong\":\"1767323045000\"}}", T },
	{ "{\"seconds\":1767323045,\"nanoseconds\":0}", T },
	{ "{\"_seconds\":1767323045,\"_nanoseconds\":0}", T },
	{ "{\"seconds\":5}", NULL },
	{ "{}", NULL },
	{ "1767323045.0", T },
	{ "1767323045.25", "2026-01-02T03:04:05.250Z" },
	{ "1767323045.038", "2026-01-02T03:04:05.038Z" },
	{ "1767323045000", T },
	{ "1767323045000000", T },
	{ "1767323045000000000", T },
	{ "1.767323045E9", T },
	{ "2026-01-02T03:04:05:Z", T },
	{ "2026-01-02T03:04:05:000Z", T },
	{ "2026-01-02T03:04:05.0UTC", T },
	{ "2026-01-02T05:04:05.0GMT+02:00", T },
	{ "2026-01-02 03:04:05 +0000", T },
	{ "2026-01-02 05:04:05 +02", T },
	{ "2026-01-02 03:04:05 UTC", T },
	{ "2026-01-02T03.04.05Z", T },
	{ "20260102T030405Z", T },
	{ " 2026-01-02T03:04:05Z\n", T },
	{ "2026-01-01T24:00:00Z", "2026-01-02T00:00:00.000Z" },
	{ "Fri, 02 Jan 2026 03:04:05 GMT", T },
	{ "Fri Jan 02 2026 03:04:05 GMT+0000 (Coordinated Universal Time)", T },
	{ "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-\xd9\xa0\xd9\xa1-\xd9\xa0\xd9\xa2T\xd9\xa0\xd9\xa3:"
	  "\xd9\xa0\xd9\xa4:\xd9\xa0\xd9\xa5Z",
	    T },
	{ "0", NULL },
	{ "7", NULL },
	{ "-1767323045", NULL },
	{ "1e300", NULL },
	{ "now", NULL },
	{ "2026-01-32T03:04:05Z", NULL },
	{ "2026-01-02 03:04:05 +010", NULL },
	{ "/Date(1767323045000x)/", NULL },
	{ "2026-02-30 03:04:05 UTC", NULL },
	{ "2026-01-02T25:04:05 UTC", NULL },
	{ "Fri, 02 Foo 2026 03:04:05 GMT", NULL },
	{ "2026", NULL },
	{ "2026-01-02T", NULL },
	{ "Jan", NULL },
	{ "", NULL },
};

static void
times_are_understood_as_clients_write_them(void **state)
{
	char text[ISOTIME_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct slice given = slice_from(times[i].text);
		bool known = given.p[0] == '{' ? client_time_read_object(given, &ms)
					       : client_time_read(given, &ms);

		if (known)
			isotime_format(ms, text);
		if (known != (times[i].time != NULL) || (known && strcmp(text, times[i].time) != 0))
			fail_msg("%s: %s", times[i].text, known ? text : "none");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_is_found_in_what_stands_around_it),
		cmocka_unit_test(ids_with_the_marks_of_directories_are_no_addresses),
		cmocka_unit_test(ids_of_nobody_are_known_in_every_spelling),
		cmocka_unit_test(times_are_understood_as_clients_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
