/* dispatch/transport/inquiry: how far a question gets, and what an answer says. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dispatch/transport/inquiry.h"
#include "lib/tempdir.h"
#include "unit/dispatch/transport/tiny_server.h"

#define PATIENCE_MS 30000
#define DATED "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:01:00 GMT\r\nContent-Length: "

static struct err e;
static struct inquiry_result result;

static struct inquiry
question(const char *url)
{
	return (struct inquiry){
		.api_url = url,
		.site_uuid = "a b/c",
		.publishable_key = "pub",
		.secret_key = "sec",
		.ca_file = "",
		.user_agent = "bentospool/test",
		.timeout_ms = PATIENCE_MS,
	};
}

/* Asks a server that plays the answer; the request is in server->last afterward. */
static void
ask(struct tiny_server *server, const char *answer, bool center)
{
	const struct tiny_step steps[] = { { TINY_ANSWER, answer, true } };
	struct inquiry q;

	tiny_server_start(server, steps, 1);
	q = question(server->url);
	q.center = center;
	assert_int_equal(inquiry_ask(&q, &result, &e), 0);
	tiny_server_stop(server);
}

static void
an_answer_has_a_status_a_date_and_words(void **state)
{
	struct tiny_server server;

	(void)state;
	ask(&server, DATED "8\r\n\r\na\tb\n\xc3\xa4 c", false);
	assert_int_equal(result.reach, INQUIRY_ANSWERED);
	assert_int_equal(result.status, 200);
	assert_int_equal(result.date, 60000);
	/* Bytes that a terminal would obey are blanks. */
	assert_string_equal(result.answer, "a b    c");
	assert_string_equal(result.error, "");
	assert_int_equal(result.certificate_end, 0);
	assert_memory_equal(server.last, "GET /x/fetch/tags?site_uuid=a%20b%2Fc HTTP/1.1\r\n", 48);
	assert_non_null(strstr(server.last, "\r\nAuthorization: Basic cHViOnNlYw==\r\n"));
	assert_non_null(strstr(server.last, "\r\nUser-Agent: bentospool/test\r\n"));
	tiny_server_free(&server);
}

static void
a_refusal_is_an_answer(void **state)
{
	struct tiny_server server;

	(void)state;
	ask(&server, "HTTP/1.1 401 No\r\nDate: nonsense\r\nContent-Length: 0\r\n\r\n", false);
	assert_int_equal(result.reach, INQUIRY_ANSWERED);
	assert_int_equal(result.status, 401);
	assert_int_equal(result.date, 0);
	assert_string_equal(result.answer, "");
	tiny_server_free(&server);
}

static void
a_long_answer_is_cut(void **state)
{
	char answer[1024];
	struct tiny_server server;

	(void)state;
	snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n%0300d", 1);
	ask(&server, answer, false);
	assert_int_equal(strlen(result.answer), sizeof(result.answer) - 1);
	tiny_server_free(&server);
}

static void
a_central_spooler_is_asked_without_a_site(void **state)
{
	struct tiny_server server;

	(void)state;
	ask(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true);
	assert_int_equal(result.reach, INQUIRY_ANSWERED);
	assert_null(strstr(server.last, "site_uuid"));
	tiny_server_free(&server);
}

static enum inquiry_reach
reach(const struct inquiry *q)
{
	assert_int_equal(inquiry_ask(q, &result, &e), 0);
	assert_string_not_equal(result.error, "");
	assert_int_equal(result.status, 0);
	return result.reach;
}

static void
it_says_how_far_it_got(void **state)
{
	static const struct tiny_step silent[] = { { TINY_SILENCE, NULL, true } };
	static const struct tiny_step plain[] = { { TINY_RESET_UNREAD, NULL, true } };
	struct tiny_server server;
	struct inquiry q = question("http://nowhere.invalid");
	char url[80];

	(void)state;
	q.timeout_ms = 5000;
	/* Without a resolver the question may end by its time. */
	(void)reach(&q);
	assert_true(result.reach == INQUIRY_NO_NAME || result.reach == INQUIRY_NO_ANSWER);
	q = question("ftp://127.0.0.1");
	assert_int_not_equal(reach(&q), INQUIRY_ANSWERED);
	tiny_server_start(&server, silent, 1);
	q = question(server.url);
	q.timeout_ms = 100;
	assert_int_equal(reach(&q), INQUIRY_NO_ANSWER);
	tiny_server_stop(&server);
	/* Nobody listens there any longer. */
	assert_int_equal(reach(&q), INQUIRY_NO_ANSWER);
	tiny_server_free(&server);
	tiny_server_start(&server, plain, 1);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/x", server.port);
	q = question(url);
	if (reach(&q) != INQUIRY_NO_TRUST)
		fail_msg("%s", result.error);
	q.ca_file = "/nonexistent";
	assert_int_equal(reach(&q), INQUIRY_NO_TRUST);
	tiny_server_stop(&server);
	tiny_server_free(&server);
}

static void
this_machine_is_asked_without_keys(void **state)
{
	static const struct tiny_step steps[] = { { TINY_ANSWER, DATED "2\r\n\r\nok", true } };
	struct tiny_server server;
	struct tempdir dir;
	char path[PATH_MAX + 16];

	(void)state;
	tiny_server_start(&server, steps, 1);
	assert_int_equal(
	    inquiry_ask_open(server.url, NULL, "bentospool/test", PATIENCE_MS, &result, &e), 0);
	tiny_server_stop(&server);
	assert_int_equal(result.reach, INQUIRY_ANSWERED);
	assert_string_equal(result.answer, "ok");
	assert_null(strstr(server.last, "Authorization"));
	tiny_server_free(&server);
	/* by a socket that is not there */
	tempdir_make(&dir);
	snprintf(path, sizeof(path), "%s/socket", dir.path);
	assert_int_equal(
	    inquiry_ask_open("http://localhost/x", path, "bentospool/test", 1000, &result, &e), 0);
	assert_int_equal(result.reach, INQUIRY_NO_ANSWER);
	tempdir_remove(&dir);
}

static void
a_url_names_a_place(void **state)
{
	static const struct {
		const char *url, *host;
		int port;
		bool tls;
	} good[] = { { "https://app.bentonow.com/api/v1", "app.bentonow.com", 443, true },
		{ "http://127.0.0.1:8080", "127.0.0.1", 8080, false },
		{ "https://[::1]:9443/x", "::1", 9443, true } };
	static const char *const bad[] = { "", "no url", "http://", "http://a:b/" };
	struct inquiry_place place;
	char url[400];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(inquiry_find_place(good[i].url, &place, &e), 0);
		assert_string_equal(place.host, good[i].host);
		assert_int_equal(place.port, good[i].port);
		assert_int_equal(place.tls, good[i].tls);
	}
	place.port = -7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (inquiry_find_place(bad[i], &place, &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(e.text, "api_url is not a URL");
		assert_int_equal(place.port, -7);
	}
	/* A host's name has INQUIRY_HOST_MAX - 1 bytes at most. */
	for (int n = INQUIRY_HOST_MAX - 1; n <= INQUIRY_HOST_MAX; n++) {
		snprintf(url, sizeof(url), "http://%0*d/", n, 1);
		url[7] = 'a';
		url[7 + n - 1] = 'z';
		assert_int_equal(
		    inquiry_find_place(url, &place, &e), n < INQUIRY_HOST_MAX ? 0 : -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_a_status_a_date_and_words),
		cmocka_unit_test(a_refusal_is_an_answer),
		cmocka_unit_test(a_long_answer_is_cut),
		cmocka_unit_test(a_central_spooler_is_asked_without_a_site),
		cmocka_unit_test(it_says_how_far_it_got),
		cmocka_unit_test(this_machine_is_asked_without_keys),
		cmocka_unit_test(a_url_names_a_place),
	};

	return cmocka_run_group_tests_name("inquiry", tests, NULL, NULL);
}
