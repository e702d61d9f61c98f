/* event/bento/bento: the URL of a batch, and every form of answer. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "event/bento/bento.h"

static void
check_url(const char *api_url, const char *site_uuid, const char *url)
{
	struct buf b;

	buf_init(&b, 1024);
	bento_url(&b, api_url, BENTO_EVENTS, site_uuid);
	assert_string_equal(b.p, url);
	buf_free(&b);
}

static void
the_url_encodes_the_site(void **state)
{
	(void)state;
	check_url("https://app.bentonow.com/api/v1", "0a-Z_.~",
	    "https://app.bentonow.com/api/v1/batch/events?site_uuid=0a-Z_.~");
	check_url("http://[::1]:80/x//", "a&b=c d/\xc3\xa9%",
	    "http://[::1]:80/x/batch/events?site_uuid=a%26b%3Dc%20d%2F%C3%A9%25");
}

static void
each_endpoint_has_its_path_frame_and_name(void **state)
{
	static const struct {
		enum bento_endpoint endpoint;
		const char *url, *head, *name;
	} all[BENTO_ENDPOINTS] = {
		{ BENTO_EVENTS, "http://x/batch/events?site_uuid=u", "{\"events\":[", "events" },
		{ BENTO_SUBSCRIBERS, "http://x/batch/subscribers?site_uuid=u", "{\"subscribers\":[",
		    "subscribers" },
		{ BENTO_COMMANDS, "http://x/fetch/commands?site_uuid=u", "{\"command\":[",
		    "commands" },
		{ BENTO_CENTER, "http://x/v1/fleet", "{\"events\":[", "center" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < BENTO_ENDPOINTS; i++) {
		struct slice head = bento_batch_head(all[i].endpoint);

		buf_init(&b, 1024);
		bento_url(&b, "http://x", all[i].endpoint, "u");
		assert_string_equal(b.p, all[i].url);
		assert_true(slice_equals(head, slice_from(all[i].head)));
		assert_string_equal(bento_endpoint_name(all[i].endpoint), all[i].name);
		buf_free(&b);
	}
}

struct reply_case {
	const char *body;
	enum bento_reply_shape shape;
	int64_t results;
	int64_t failed;
	bool says_error;
	const char *message;
};

#define COUNTS BENTO_REPLY_COUNTS
#define JSON BENTO_REPLY_JSON
#define UNREADABLE BENTO_REPLY_UNREADABLE

static const struct reply_case cases[] = {
	{ "{\"results\":5,\"failed\":0}", COUNTS, 5, 0, false, "" },
	{ " {\"results\": 5}\r\n", COUNTS, 5, -1, false, "" },
	{ "{\"failed\":1,\"results\":0}", COUNTS, 0, 1, false, "" },
	{ "{\"failed\":2}", COUNTS, -1, 2, false, "" },
	{ "{\"results\":1000.0}", COUNTS, 1000, -1, false, "" },
	{ "{\"results\":9007199254740992}", COUNTS, INT64_C(9007199254740992), -1, false, "" },
	/* an invalid count makes the whole answer unreadable */
	{ "{\"results\":-1,\"failed\":1.5}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":1,\"failed\":-1}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":1.5,\"failed\":1}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":\"5\",\"failed\":null}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":1e300}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":1e400}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":9007199254740994}", UNREADABLE, -1, -1, false, "" },
	{ "{\"results\":[1,2],\"failed\":{}}", UNREADABLE, -1, -1, false, "" },
	{ "{\"Results\":5,\"FAILED\":0}", JSON, -1, -1, false, "" },
	{ "{\"data\":{\"results\":5}}", JSON, -1, -1, false, "" },
	{ "{}", JSON, -1, -1, false, "" },
	/* errors in words */
	{ "{\"error\":\"Invalid API key\"}", JSON, -1, -1, true, "Invalid API key" },
	{ "{\"error\":{\"message\":\"no\\nsuch  site\"}}", JSON, -1, -1, true, "no such site" },
	{ "{\"errors\":[{\"field\":\"email\",\"message\":\"is invalid\"}]}", JSON, -1, -1, true,
	    "email is invalid" },
	{ "{\"errors\":[{\"message\":\"a\"},\"b\",7,{\"field\":\"c\"}]}", JSON, -1, -1, true,
	    "a; b; c" },
	{ "{\"errors\":{\"email\":[\"is invalid\",\"is short\"],\"type\":\"is missing\"}}", JSON,
	    -1, -1, true, "email is invalid; type is missing" },
	/* what is the same is said once */
	{ "{\"errors\":[\"a\",\"a\"]}", JSON, -1, -1, true, "a" },
	{ "{\"errors\":[{\"field\":\"email\",\"message\":\"is bad\"},"
	  "{\"field\":\"email\",\"message\":\"is bad\"},{\"field\":\"email\"}]}",
	    JSON, -1, -1, true, "email is bad; email" },
	{ "{\"errors\":[\"a b\",\"c\",\"b\",\"a\",\"b\",\"a  b\",\"c\"]}", JSON, -1, -1, true,
	    "a b; c; b; a" },
	{ "{\"errors\":[\"ab\",\"a\",\"b\",\"\",\"ba\",\"ab\"]}", JSON, -1, -1, true,
	    "ab; a; b; ba" },
	{ "{\"errors\":[\"a; b\",\"a; b\",\"b\"]}", JSON, -1, -1, true, "a; b" },
	{ "{\"errors\":[{\"field\":\"c\"},\"d\",\"\"]}", JSON, -1, -1, true, "c; d" },
	{ "{\"errors\":\"everything\"}", JSON, -1, -1, true, "everything" },
	{ "{\"message\":\"Not authorized\"}", JSON, -1, -1, false, "Not authorized" },
	{ "{\"error\":true,\"message\":\"why\"}", JSON, -1, -1, true, "why" },
	{ "{\"error\":\"\",\"errors\":[],\"message\":\"m\"}", JSON, -1, -1, false, "m" },
	{ "{\"error\":null,\"errors\":{}}", JSON, -1, -1, false, "" },
	{ "{\"results\":0,\"failed\":1,\"error\":\"bad\"}", COUNTS, 0, 1, true, "bad" },
	/* not a JSON object */
	{ "", UNREADABLE, -1, -1, false, "" },
	{ "   ", UNREADABLE, -1, -1, false, "" },
	{ "OK", UNREADABLE, -1, -1, false, "OK" },
	{ "[]", UNREADABLE, -1, -1, false, "[]" },
	{ "null", UNREADABLE, -1, -1, false, "null" },
	{ "{\"results\":5", UNREADABLE, -1, -1, false, "{\"results\":5" },
	{ "{\"results\":5} x", UNREADABLE, -1, -1, false, "{\"results\":5} x" },
	{ "{\"results\":5}{\"failed\":5}", UNREADABLE, -1, -1, false,
	    "{\"results\":5}{\"failed\":5}" },
	{ "{\"results\\u0000x\":5}", UNREADABLE, -1, -1, false, "{\"results\\u0000x\":5}" },
	{ "HTTP Basic: Access denied.\n", UNREADABLE, -1, -1, false, "HTTP Basic: Access denied." },
	{ "<!DOCTYPE html><html><head><title>Attention  Required!</title><style>p{x:1}</style>"
	  "<script>if (a < b) c();</SCRIPT></head>\n<body><!-- > --><h1>Sorry, you</h1> 1 < 2"
	  "<br/>blocked</body>",
	    UNREADABLE, -1, -1, false, "Attention Required! Sorry, you 1 < 2 blocked" },
	{ "cut <scr", UNREADABLE, -1, -1, false, "cut" },
	{ "cut <script>alert(1)", UNREADABLE, -1, -1, false, "cut" },
	{ "ends <", UNREADABLE, -1, -1, false, "ends <" },
	/* bytes that are not text */
	{ "a\x01\x7f\xc2\x85 b", UNREADABLE, -1, -1, false, "a b" },
	{ "\xff\xc3\xa9\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82", UNREADABLE, -1, -1, false,
	    "?\xc3\xa9???????????" },
	{ "{\"error\":\"\xff\"}", JSON, -1, -1, true, "?" },
};

static void
every_shape_of_answer_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct reply_case *c = &cases[i];
		struct bento_reply reply;

		bento_reply_parse(slice_from(c->body), &reply);
		assert_int_equal(reply.shape, c->shape);
		assert_int_equal(reply.results, c->results);
		assert_int_equal(reply.failed, c->failed);
		assert_int_equal(reply.says_error, c->says_error);
		assert_string_equal(reply.message, c->message);
	}
}

static void
an_absent_answer_is_unreadable(void **state)
{
	struct bento_reply reply;

	(void)state;
	bento_reply_parse(SLICE_NONE, &reply);
	assert_int_equal(reply.shape, UNREADABLE);
	assert_string_equal(reply.message, "");
}

static void
a_nul_hides_nothing(void **state)
{
	static const char body[] = "{\"results\":5}\0{\"failed\":5}";
	struct bento_reply reply;

	(void)state;
	bento_reply_parse((struct slice){ body, sizeof(body) - 1 }, &reply);
	assert_int_equal(reply.shape, UNREADABLE);
	assert_string_equal(reply.message, "{\"results\":5} {\"failed\":5}");
}

static void
long_words_are_cut_between_characters(void **state)
{
	char body[700];
	struct bento_reply reply;

	(void)state;
	/* 254 bytes leave room for 1 more: the last character needs 2 */
	memset(body, 'x', 254);
	memcpy(body + 254, "\xc3\xa9tail", 7);
	bento_reply_parse(slice_from(body), &reply);
	assert_int_equal(strlen(reply.message), 254);
	memcpy(body + 253, "\xc3\xa9tail", 7);
	bento_reply_parse(slice_from(body), &reply);
	assert_int_equal(strlen(reply.message), 255);
	assert_string_equal(reply.message + 253, "\xc3\xa9");
}

static void
only_the_first_64_kib_are_looked_at(void **state)
{
	enum { LOOKED_AT = 65536 };
	char *body = malloc(LOOKED_AT + 2);
	struct bento_reply reply;

	(void)state;
	assert_non_null(body);
	memset(body, ' ', LOOKED_AT + 2);
	memcpy(body, "{\"results\":5", 12);
	body[LOOKED_AT - 1] = '}';
	bento_reply_parse((struct slice){ body, LOOKED_AT + 1 }, &reply);
	assert_int_equal(reply.results, 5);
	body[LOOKED_AT - 1] = ' ';
	body[LOOKED_AT] = '}';
	bento_reply_parse((struct slice){ body, LOOKED_AT + 1 }, &reply);
	assert_int_equal(reply.shape, UNREADABLE);
	free(body);
}

static void
deep_nesting_is_refused_not_followed(void **state)
{
	enum { DEEP = 60000 };
	char *body = malloc(DEEP);
	struct bento_reply reply;

	(void)state;
	assert_non_null(body);
	memset(body, '[', DEEP);
	memcpy(body, "{\"a\":", 5);
	bento_reply_parse((struct slice){ body, DEEP }, &reply);
	assert_int_equal(reply.shape, UNREADABLE);
	free(body);
}

static void
kept_text_is_valid_utf8_and_fits(void **state)
{
	static const char text[] = "a\0\xff\r\n\xc3\xa9\xc3\xa9";
	char to[9];

	(void)state;
	assert_int_equal(bento_text_copy(to, sizeof(to), (struct slice){ text, 9 }), 7);
	assert_string_equal(to, "a\?\?\r\n\xc3\xa9");
	assert_int_equal(bento_text_copy(to, 1, SLICE("x")), 0);
	assert_string_equal(to, "");
	assert_int_equal(bento_text_copy(to, 2, SLICE("x")), 1);
	assert_int_equal(bento_text_copy(to, sizeof(to), SLICE_NONE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_encodes_the_site),
		cmocka_unit_test(each_endpoint_has_its_path_frame_and_name),
		cmocka_unit_test(every_shape_of_answer_is_read),
		cmocka_unit_test(an_absent_answer_is_unreadable),
		cmocka_unit_test(a_nul_hides_nothing),
		cmocka_unit_test(long_words_are_cut_between_characters),
		cmocka_unit_test(only_the_first_64_kib_are_looked_at),
		cmocka_unit_test(deep_nesting_is_refused_not_followed),
		cmocka_unit_test(kept_text_is_valid_utf8_and_fits),
	};

	return cmocka_run_group_tests_name("bento", tests, NULL, NULL);
}
