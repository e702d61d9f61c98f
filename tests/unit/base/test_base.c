/* base: buffers, times, random numbers, errors, mailboxes. */
#include "lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/isotime.h"
#include "base/log.h"
#include "base/loopback.h"
#include "base/mailbox.h"
#include "base/number.h"
#include "base/rand.h"

static void
buf_stops_at_its_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	buf_append_literal(&b, "12345678");
	assert_false(b.failed);
	assert_int_equal(b.n, 8);
	buf_append_byte(&b, '9');
	assert_true(b.failed);
	assert_string_equal(b.p, "12345678");
	/* the failure stays until the buffer is cut */
	buf_append(&b, "", 0);
	assert_true(b.failed);
	buf_truncate(&b, 4);
	buf_printf(&b, "%d", 5678);
	assert_false(b.failed);
	assert_string_equal(b.p, "12345678");
	buf_printf(&b, "%d", 9);
	assert_true(b.failed);
	buf_free(&b);
}

static void
err_grows_on_the_left(void **state)
{
	struct err e;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(err_sys(&e, "cannot write"), -1);
	assert_int_equal(e.code, ERR_FULL);
	err_wrap(&e, "outbox %d", 1);
	assert_string_equal(e.text, "outbox 1: cannot write: No space left on device");
	assert_int_equal(err_set(NULL, ERR_INPUT, "nobody listens"), -1);
}

static void
isotime_reads_what_clients_write(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-08-01T12:34:56.789Z", 1785587696789 },
		{ "2026-08-01T12:34:56.789123Z", 1785587696789 },
		{ "2026-08-01T14:34:56.7+02:00", 1785587696700 },
		{ "2026-08-01T07:04:56-0530", 1785587696000 },
		{ "2026-08-01 12:34Z", 1785587640000 },
		{ "2026-08-01T14:34:56+02", 1785587696000 },
		{ "2026-08-01", 1785542400000 },
		{ "2024-02-29T00:00:00Z", 1709164800000 },
		{ "1969-12-31T23:59:59.999Z", -1 },
	};
	static const char *const bad[] = { "", "2026", "2026-13-01", "2026-02-29",
		"2026-08-01T24:00:00Z", "2026-08-01T12:34:56.Z", "2026-08-01T12:34:56Zx",
		"2026-08-01T12:34:56+2", "1785587696", "Sat Aug 01 2026", "2026-08-01T",
		"+2026-08-01" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t ms = -7;

		if (isotime_parse(slice_from(good[i].text), &ms) != 0 || ms != good[i].ms)
			fail_msg("%s: %lld", good[i].text, (long long)ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int64_t ms;

		if (isotime_parse(slice_from(bad[i]), &ms) == 0)
			fail_msg("taken: %s", bad[i]);
	}
}

static void
isotime_prints_what_it_reads(void **state)
{
	struct rand r;
	char text[ISOTIME_SIZE];
	int64_t back;

	(void)state;
	rand_seed(&r, 1);
	for (int i = 0; i < 10000; i++) {
		int64_t ms = (int64_t)rand_below(&r, UINT64_C(253402300800000 + 62167219200000))
			     - INT64_C(62167219200000);

		isotime_format(ms, text);
		assert_int_equal(isotime_parse(slice_from(text), &back), 0);
		assert_int_equal(back, ms);
	}
	isotime_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	isotime_format(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

static void
loopback_is_told_from_the_world(void **state)
{
	static const char *const here[] = { "localhost", "LocalHost", "127.0.0.1", "127.255.0.9",
		"::1", "[::1]" };
	static const char *const there[] = { "", "localhost.example.com", "128.0.0.1",
		"126.255.255.255", "::2", "[::2]", "[", "[]", "[127.0.0.1", "example.com",
		"0.0.0.0" };

	(void)state;
	for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
		if (!loopback_host(here[i]))
			fail_msg("%s is taken for another machine", here[i]);
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		if (loopback_host(there[i]))
			fail_msg("%s is taken for this machine", there[i]);
}

static void
rand_repeats_and_stays_below(void **state)
{
	struct rand a, b;

	(void)state;
	rand_seed(&a, 42);
	rand_seed(&b, 42);
	for (int i = 0; i < 1000; i++) {
		uint64_t x = rand_below(&a, 10);

		assert_true(x < 10);
		assert_int_equal(x, rand_below(&b, 10));
	}
	assert_int_equal(rand_below(&a, 0), 0);
}

static void
log_limit_counts_what_it_leaves_out(void **state)
{
	struct log_limit l = { 0 };
	unsigned left_out = 99;

	(void)state;
	assert_true(log_limit_pass(&l, 1000, 500, &left_out));
	assert_int_equal(left_out, 0);
	assert_false(log_limit_pass(&l, 1499, 500, &left_out));
	assert_true(log_limit_pass(&l, 1500, 500, &left_out));
	assert_int_equal(left_out, 1);
}

/* Returns what log_line writes for the text, until the next call. */
static const char *
logged(const char *text)
{
	static char line[4096];
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_warn("%s", text);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	line[n < 0 ? 0 : n] = '\0';
	return line;
}

/* Returns the line from its level on. */
static const char *
logged_behind_time(const char *text, const char *level)
{
	const char *line = strstr(logged(text), level);

	return line == NULL ? "" : line;
}

static void
log_lines_have_two_forms(void **state)
{
	static char text[4000];
	const char *line;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	assert_false(log_enabled(LOG_LEVEL_INFO));
	assert_string_equal(logged_behind_time("a\nb \"\\\"", "warn"), "warn  a\\x0ab \"\\\"\n");
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_JSON);
	assert_string_equal(logged_behind_time("a\nb\177 \"\\\" \303\251 \377\303", "\"level\""),
	    "\"level\":\"warn\",\"text\":\"a\\u000ab\\u007f \\\"\\\\\\\" \303\251 "
	    "\\ufffd\\ufffd\"}\n");
	/* A long line is cut, and is an object still. */
	memset(text, '\1', sizeof(text) - 1);
	line = logged(text);
	assert_true(strlen(line) <= 2048);
	assert_string_equal(line + strlen(line) - 9, "\\u0001\"}\n");
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_JSON);
	assert_ptr_equal(strstr(logged("a"), "<4>{\"time\":\"2"), strchr(logged("a"), '<'));
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	assert_string_equal(logged("a"), "<4>a\n");
	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
}

static void
mailbox_keeps_order_and_bounds(void **state)
{
	struct mailbox m;
	struct mail a = { .cost = 6 }, b = { .cost = 4 }, c = { .cost = 1 }, *got;

	(void)state;
	assert_int_equal(mailbox_init(&m, 3, 10, NULL, NULL, NULL), 0);
	assert_int_equal(mailbox_push(&m, &a), 0);
	assert_int_equal(mailbox_push(&m, &b), 0);
	assert_int_equal(mailbox_push(&m, &c), -1);
	got = mailbox_take(&m);
	assert_ptr_equal(got, &a);
	assert_ptr_equal(got->next, &b);
	assert_null(b.next);
	/* a message that is taken but not released still fills its place */
	assert_int_equal(mailbox_push(&m, &c), -1);
	mailbox_release(&m, 1, 6);
	assert_int_equal(mailbox_push(&m, &c), 0);
	assert_int_equal(mailbox_push(&m, &a), -1);
	got = mailbox_take(&m);
	assert_ptr_equal(got, &c);
	mailbox_close(&m);
	assert_int_equal(mailbox_push_always(&m, &b), -1);
	mailbox_free(&m);
}

#define SENDERS 4
#define PER_SENDER 2000

struct item {
	struct mail mail;
	int sender;
	int number;
};

static void
count_wake(void *arg)
{
	++*(int *)arg;
}

static void
mailbox_wakes_once_and_when_no_more_follows(void **state)
{
	struct mail a = { .more = true }, b = { .more = true }, c = { .cost = 0 };
	struct mailbox m;
	int wakes = 0;

	(void)state;
	mailbox_init(&m, 9, 9, count_wake, &wakes, NULL);
	mailbox_wake(&m);
	assert_int_equal(wakes, 0);
	mailbox_push(&m, &a);
	assert_int_equal(wakes, 0);
	mailbox_push(&m, &c);
	assert_int_equal(wakes, 1);
	mailbox_push(&m, &b);
	mailbox_wake(&m);
	assert_int_equal(wakes, 1);
	assert_ptr_equal(mailbox_take(&m), &a);
	mailbox_push(&m, &b);
	assert_int_equal(wakes, 1);
	mailbox_wake(&m);
	mailbox_wake(&m);
	assert_int_equal(wakes, 2);
	assert_ptr_equal(mailbox_take(&m), &b);
	mailbox_push(&m, &c);
	assert_int_equal(wakes, 3);
	mailbox_take(&m);
	mailbox_free(&m);
}

static struct mailbox shared_box;

static void *
send_items(void *arg)
{
	int sender = (int)(intptr_t)arg;

	for (int i = 0; i < PER_SENDER; i++) {
		struct item *item = calloc(1, sizeof(*item));

		item->sender = sender;
		item->number = i;
		mailbox_push_always(&shared_box, &item->mail);
	}
	return NULL;
}

static void
mailbox_loses_nothing_between_threads(void **state)
{
	pthread_t threads[SENDERS];
	int next[SENDERS] = { 0 }, total = 0;

	(void)state;
	mailbox_init(&shared_box, 1, 1, NULL, NULL, NULL);
	for (int i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, send_items, (void *)(intptr_t)i);
	while (total < SENDERS * PER_SENDER) {
		struct mail *mail = mailbox_wait(&shared_box, 10000, NULL);

		assert_non_null(mail);
		while (mail != NULL) {
			struct item *item = (struct item *)mail;

			mail = mail->next;
			assert_int_equal(item->number, next[item->sender]++);
			total++;
			free(item);
		}
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	mailbox_poke(&shared_box);
	assert_null(mailbox_wait(&shared_box, -1, NULL));
	assert_null(mailbox_wait(&shared_box, 1, NULL));
	mailbox_free(&shared_box);
}

static void
numbers_are_digits_between_two_bounds(void **state)
{
	static const char *const refused[] = { "", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0", "4",
		"21", "9223372036854775808", "99999999999999999999999999" };
	int64_t n = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_int_equal(number_parse(refused[i], 5, 20, &n), -1);
	assert_int_equal(n, -1);
	assert_int_equal(number_parse("5", 5, 20, &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(number_parse("0020", 5, 20, &n), 0);
	assert_int_equal(n, 20);
	assert_int_equal(number_parse("9223372036854775807", 0, INT64_MAX, &n), 0);
	assert_true(n == INT64_MAX);
	assert_int_equal(number_parse("9223372036854775808", 0, INT64_MAX, &n), -1);
	assert_int_equal(number_parse("7", 0, 5, &n), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_between_two_bounds),
		cmocka_unit_test(buf_stops_at_its_maximum),
		cmocka_unit_test(err_grows_on_the_left),
		cmocka_unit_test(isotime_reads_what_clients_write),
		cmocka_unit_test(isotime_prints_what_it_reads),
		cmocka_unit_test(loopback_is_told_from_the_world),
		cmocka_unit_test(rand_repeats_and_stays_below),
		cmocka_unit_test(log_limit_counts_what_it_leaves_out),
		cmocka_unit_test(log_lines_have_two_forms),
		cmocka_unit_test(mailbox_keeps_order_and_bounds),
		cmocka_unit_test(mailbox_wakes_once_and_when_no_more_follows),
		cmocka_unit_test(mailbox_loses_nothing_between_threads),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
