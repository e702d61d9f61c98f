/*
 * Measures the speed of the hot path: the JSON reader alone, segment_parse and mapping_append, and
 * cJSON on the same bytes in the same run. Not a test: figures depend on the machine, so compare
 * the lines.
 *
 *	bench_json [seconds for each line, default 1]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "event/json/json.h"
#include "event/mapping/mapping.h"
#include "event/segment/segment.h"

#define EVENTS 100
#define BODY_MAX (1 << 20)

static struct buf body;
static struct segment_request request;

/* A track call of about 1 KB, as the server SDKs send it. */
static void
append_event(struct buf *to, int i)
{
	buf_printf(to,
	    "{\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":\"u-%06d\","
	    "\"anonymousId\":\"507f191e-810c-4172-9de8-60ea99%06d\","
	    "\"messageId\":\"node-next-1785587696789-8a3c2c1e-5b1f-4e9a-b6a1-%012d\","
	    "\"timestamp\":\"2026-08-01T12:34:56.789Z\","
	    "\"context\":{\"library\":{\"name\":\"@segment/analytics-node\","
	    "\"version\":\"2.1.3\"},\"ip\":\"203.0.113.%d\",\"locale\":\"en-GB\","
	    "\"timezone\":\"Europe/London\",\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) "
	    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\","
	    "\"traits\":{\"email\":\"person%d@example.com\",\"firstName\":\"Ann\","
	    "\"lastName\":\"Other\"}},",
	    i, i, i, i, i);
	buf_printf(to,
	    "\"properties\":{\"order_id\":\"50314b8e9bcf%06d\",\"total\":27.50,"
	    "\"revenue\":25.00,\"shipping\":3,\"tax\":2,\"discount\":2.5,\"coupon\":"
	    "\"hasbros\",\"currency\":\"USD\",\"products\":[{\"product_id\":"
	    "\"507f1f77bcf86cd799439011\",\"sku\":\"45790-32\",\"name\":"
	    "\"Monopoly: 3rd Edition\",\"price\":19,\"quantity\":1},{\"product_id\":"
	    "\"505bd76785ebb509fc183733\",\"sku\":\"46493-32\",\"name\":"
	    "\"Uno Card Game\",\"price\":3,\"quantity\":2}]},"
	    "\"integrations\":{\"All\":true}}",
	    i);
}

static void
make_body(void)
{
	buf_init(&body, BODY_MAX);
	buf_append_literal(&body, "{\"batch\":[");
	for (int i = 0; i < EVENTS; i++) {
		if (i > 0)
			buf_append_byte(&body, ',');
		append_event(&body, i);
	}
	buf_append_literal(
	    &body, "],\"sentAt\":\"2026-08-01T12:34:57.000Z\",\"writeKey\":\"bench\"}");
}

static int
run_reader(void)
{
	struct json_value value;
	struct json j;

	json_init(&j, buf_slice(&body), JSON_MAX_DEPTH);
	return json_skip(&j, &value) == 0 ? json_finish(&j) : -1;
}

static int
run_segment(void)
{
	request.body = buf_slice(&body);
	request.shape = SEGMENT_BATCH;
	request.path_kind = KIND_UNKNOWN;
	request.received_at = INT64_C(1785587698000);
	request.max_depth = JSON_MAX_DEPTH;
	if (segment_parse(&request, NULL) != 0)
		return -1;
	return request.n_events == EVENTS && request.events[7].status == STATUS_PENDING ? 0 : -1;
}

/* Uses the events that run_segment left. */
static int
run_mapping(void)
{
	static struct buf to = { .max = BODY_MAX };
	static const struct mapping_options options = { .unique_key = true, .send_date = true };
	const char *reason;
	struct mapped mapped;

	buf_clear(&to);
	for (size_t i = 0; i < request.n_events; i++) {
		const struct segment_event *event = &request.events[i];
		const struct mapping_input in = { .body = event->body,
			.name = event->name,
			.email = event->email,
			.message_id = event->message_id,
			.occurred_at = event->occurred_at };

		if (mapping_append(&options, &in, &to, &mapped, &reason) != 0)
			return -1;
	}
	return 0;
}

static int
run_cjson(void)
{
	cJSON *tree = cJSON_ParseWithLength(body.p, body.n);

	cJSON_Delete(tree);
	return tree == NULL ? -1 : 0;
}

/* Takes the best of many short rounds, because other programs disturb the rest. */
static int
measure(const char *name, int (*run)(void), int64_t for_ms)
{
	int64_t end = clock_mono(&clock_system) + for_ms;
	double best = 1e9;
	struct timespec a, b;

	do {
		double seconds;

		clock_gettime(CLOCK_MONOTONIC, &a);
		for (int i = 0; i < 10; i++) {
			if (run() != 0) {
				fprintf(stderr, "bench_json: %s failed\n", name);
				return -1;
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &b);
		seconds =
		    ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9) / 10;
		best = seconds < best ? seconds : best;
	} while (clock_mono(&clock_system) < end);
	printf("%-16s %7.0f MB/s  %6.0f ns an event\n", name, (double)body.n / best / 1e6,
	    best / EVENTS * 1e9);
	return 0;
}

int
main(int argc, char **argv)
{
	int64_t for_ms = argc > 1 ? strtol(argv[1], NULL, 10) * 1000 : 1000;
	int rc;

	make_body();
	segment_request_init(&request);
	printf("%d events, %zu bytes each\n", EVENTS, body.n / EVENTS);
	rc = measure("json_skip", run_reader, for_ms);
	rc |= measure("segment_parse", run_segment, for_ms);
	rc |= measure("mapping_append", run_mapping, for_ms);
	rc |= measure("cJSON parse", run_cjson, for_ms);
	segment_request_free(&request);
	buf_free(&body);
	return rc == 0 ? 0 : 1;
}
