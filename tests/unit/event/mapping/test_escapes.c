/*
 * Names and texts are compared after decoding: when the strings of a JSON text are escaped again at
 * random, the decisions stay the same, and the body parses to the same values.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/utf8.h"
#include "event/bento/bento_api.h"
#include "event/json/json.h"
#include "event/mapping/mapping.h"
#include "event/segment/segment.h"

#include "lib/unit.h"

#define RECEIVED INT64_C(1785587700000)
#define ROUNDS 300

static const char *const bodies[] = {
	("{\"batch\":[{\"type\":\"identify\",\"messageId\":\"m-1\",\"userId\":\"u\",\"traits\":{"
	 "\"email\":\"ann@example.com\",\"firstName\":\"Ann\",\"internal\":\"secret\",\"a/"
	 "b\":\"Bonn\","
	 "\"stra\xc3\x9f"
	 "e\":\"Weg 1\",\"\xf0\x9f\x98\x80\":1,\"remove\":{\"tags\":\"x\"},\"plan\":\"a\","
	 "\"tags\":[\"lead\",\"mql\"]}}]}"),
	("{\"batch\":[{\"type\":\"track\",\"event\":\"Order Completed\",\"messageId\":\"o-1\","
	 "\"email\":\"ann@example.com\",\"properties\":{\"order_id\":\"o-1\",\"total\":\"19.90\","
	 "\"currency\":\"EUR\",\"unique\":{\"key\":\"o-1\"},\"products\":[{\"sku\":\"a\"}]}}]}"),
	("{\"batch\":[{\"type\":\"track\",\"event\":\"$tag\",\"messageId\":\"m\",\"properties\":{"
	 "\"tag\":\"vip\",\"unique\":\"no\"},\"context\":{\"traits\":{\"email\":\"ann@example."
	 "com\"}"
	 "}}]}"),
	("{\"batch\":[{\"type\":\"track\",\"event\":\"E\",\"userId\":\"undefined\",\"anonymousId\":"
	 "\"a\","
	 "\"timestamp\":\"2026-08-01T11:34:56Z\",\"integrations\":{\"All\":\"false\",\"Bento\":"
	 "true}"
	 "}]}"),
	("{\"batch\":[{\"type\":\"page\",\"name\":\"Home\",\"email\":\"Ann <ann@example.com>\"},"
	 "{\"type\":\"track\",\"event\":\"Gel\xc3\xb6scht\",\"email\":\"ann@example.com\"}],"
	 "\"context\":{\"integrations\":{\"bento\":false}}}"),
	("{\"batch\":[{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"Email\":"
	 "\"ann@example.com\"}}]}"),
};

/* ---- escaping at random --------------------------------------------------------------------- */

static void
append_unit(struct rand *rand, unsigned unit, struct buf *to)
{
	buf_printf(to, rand_u64(rand) % 2 == 0 ? "\\u%04x" : "\\u%04X", unit);
}

static void
append_character(struct rand *rand, const char *p, unsigned length, struct buf *to)
{
	unsigned code = utf8_code(p, length);

	if (rand_u64(rand) % 3 != 0 && code != '"' && code != '\\' && code >= ' ') {
		buf_append(to, p, length);
	} else if (code == '/' && rand_u64(rand) % 2 == 0) {
		buf_append_literal(to, "\\/");
	} else if (code >= 0x10000) {
		append_unit(rand, 0xd800 + ((code - 0x10000) >> 10), to);
		append_unit(rand, 0xdc00 + ((code - 0x10000) & 0x3ff), to);
	} else {
		append_unit(rand, code, to);
	}
}

/* Appends the text with the characters of its strings escaped at random. */
static void
escape_again(struct rand *rand, const char *text, struct buf *to)
{
	bool inside = false;

	while (*text != '\0') {
		unsigned length = utf8_length(text, strlen(text));

		if (*text == '"') {
			inside = !inside;
			buf_append_byte(to, '"');
		} else if (inside) {
			append_character(rand, text, length, to);
		} else {
			buf_append(to, text, length);
		}
		text += length;
	}
}

/* ---- decisions ------------------------------------------------------------------------------- */

/* Adds the columns of the event, the reason why it is not sent, and what is sent. */
static void
add_event(cJSON *all, const struct mapping_options *o, const struct segment_request *r,
    const struct segment_event *event, bool browser)
{
	const struct mapping_input in = {
		.body = event->body,
		.context = r->context,
		.batch_integrations = r->integrations,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.kind = event->kind,
		.browser = browser,
	};
	const struct slice columns[] = { event->email, event->name, event->user_id,
		event->anonymous_id, event->message_id };
	const char *reason = NULL;
	struct mapped mapped;
	struct buf sent, facts;

	buf_init(&sent, 100000);
	buf_init(&facts, 10000);
	buf_append_byte(&sent, '[');
	mapping_append(o, &in, &sent, &mapped, &reason);
	buf_append_byte(&sent, ']');
	buf_printf(&facts, "%s|%s|%s|%lld", status_name(event->status),
	    event->reason == NULL ? "" : event->reason, reason == NULL ? "" : reason,
	    (long long)event->occurred_at);
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		buf_append_byte(&facts, '|');
		buf_append_slice(&facts, columns[i]);
	}
	cJSON_AddItemToArray(all, cJSON_CreateString(facts.p));
	cJSON_AddItemToArray(all, cJSON_Parse(sent.p));
	buf_free(&facts);
	buf_free(&sent);
}

static cJSON *
decide(const char *body, bool browser)
{
	struct mapping_options o = { .unique_key = true, .identify = MAPPING_IDENTIFY_SUBSCRIBERS };
	struct segment_request r;
	cJSON *all = cJSON_CreateArray();

	snprintf(o.page, sizeof(o.page), "Viewed {name}");
	assert_int_equal(trait_names_add(&o.fields, "internal=", NULL), 0);
	assert_int_equal(trait_names_add(&o.fields, "a/b=city", NULL), 0);
	assert_int_equal(trait_names_add(&o.fields,
			     "stra\xc3\x9f"
			     "e=street",
			     NULL),
	    0);
	assert_int_equal(
	    rules_add(&o.rules, "Order Completed => as $purchase; value total; also; tag b", NULL),
	    0);
	assert_int_equal(rules_add(&o.rules, "Gel\xc3\xb6scht => drop", NULL), 0);
	segment_request_init(&r);
	r.body = slice_from(body);
	r.shape = SEGMENT_BATCH;
	r.path_kind = KIND_UNKNOWN;
	r.received_at = RECEIVED;
	r.max_depth = JSON_MAX_DEPTH;
	assert_int_equal(segment_parse(&r, NULL), 0);
	for (size_t i = 0; i < r.n_events; i++)
		add_event(all, &o, &r, &r.events[i], browser);
	segment_request_free(&r);
	return all;
}

static void
escapes_make_no_difference(void **state)
{
	struct rand rand;

	(void)state;
	rand_seed(&rand, 13);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies) * 2; i++) {
		const char *body = bodies[i / 2];
		cJSON *want = decide(body, i % 2 == 1);

		for (int round = 0; round < ROUNDS; round++) {
			struct buf again;
			cJSON *got;

			buf_init(&again, 100000);
			escape_again(&rand, body, &again);
			got = decide(again.p, i % 2 == 1);
			if (!cJSON_Compare(want, got, true))
				fail_msg("%s\n%s\n%s", again.p, cJSON_PrintUnformatted(want),
				    cJSON_PrintUnformatted(got));
			cJSON_Delete(got);
			buf_free(&again);
		}
		cJSON_Delete(want);
	}
}

/* A list of tags with holes, as PHP prints it, and a comma that would make two tags of one. */
static void
escapes_hide_neither_numbers_nor_commas(void **state)
{
	static const struct {
		const char *object;
		bool is_list;
	} rows[] = {
		{ "{\"0\":\"a\",\"2\":\"b\"}", true },
		{ "{\"\\u0030\":\"a\",\"2\":\"b\"}", true },
		{ "{\"\\u0061\":\"a\"}", false },
		{ "{\"\":\"a\"}", false },
		{ "{\"0\":\"a,b\"}", false },
		{ "{\"0\":\"a\\u002cb\"}", false },
	};
	struct json_value plain = { JSON_STRING, SLICE("\"a\"") };
	struct json_value comma = { JSON_STRING, SLICE("\"Doe\\u002C Jane\"") };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json_value value = { JSON_OBJECT, slice_from(rows[i].object) };

		if (bento_api_is_tag_list(SLICE("\"t\\u0061gs\""), &value) != rows[i].is_list)
			fail_msg("%s", rows[i].object);
	}
	assert_false(bento_api_has_comma(&plain));
	assert_true(bento_api_has_comma(&comma));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_make_no_difference),
		cmocka_unit_test(escapes_hide_neither_numbers_nor_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
