/*
 * dispatch/queue/payload: the JSON around composed events, and events that are offered and taken
 * back.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "dispatch/queue/payload.h"
#include "unit/dispatch/fake_composer.h"

static const struct mapping_options mapping;

static struct composed
offer(struct payload *p, const char *body)
{
	const struct outbox_event event = { .body = slice_from(body) };

	return payload_offer(p, &fake_composer, &mapping, &event);
}

static void
take(struct payload *p, const char *body)
{
	assert_int_equal(offer(p, body).how, COMPOSED);
	payload_keep(p);
}

/* Checks that the payload has the size that it reports. */
static void
check_end(struct payload *p, const char *text)
{
	assert_int_equal(payload_size(p), strlen(text));
	assert_string_equal(payload_end(p).p, text);
	assert_int_equal(payload_end(p).n, strlen(text));
}

static void
the_first_event_decides_the_head(void **state)
{
	static const char *const bodies[] = { "{}", "s{}", "c{}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct payload p = { .kept = 0 };
		char text[64];

		take(&p, bodies[i]);
		take(&p, bodies[i]);
		snprintf(
		    text, sizeof(text), "%s{},{}]}", bento_batch_head((enum bento_endpoint)i).p);
		check_end(&p, text);
		payload_free(&p);
	}
}

static void
an_offer_that_is_not_kept_leaves_nothing(void **state)
{
	struct payload p = { .kept = 0 };

	(void)state;
	assert_int_equal(offer(&p, "s{\"never\":1}").how, COMPOSED);
	assert_int_equal(offer(&p, "!").how, COMPOSED_NEVER);
	take(&p, "1");
	assert_int_equal(offer(&p, "{\"longer\":1}").how, COMPOSED);
	assert_int_equal(p.offered, sizeof("{\"events\":[1,{\"longer\":1}]}") - 1);
	take(&p, "2");
	assert_int_equal(offer(&p, "3").how, COMPOSED);
	check_end(&p, "{\"events\":[1,2]}");
	payload_free(&p);
}

static void
a_cleared_payload_begins_with_a_head_again(void **state)
{
	struct payload p = { .kept = 0 };

	(void)state;
	take(&p, "s1");
	payload_clear(&p);
	take(&p, "2");
	check_end(&p, "{\"events\":[2]}");
	payload_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_event_decides_the_head),
		cmocka_unit_test(an_offer_that_is_not_kept_leaves_nothing),
		cmocka_unit_test(a_cleared_payload_begins_with_a_head_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
