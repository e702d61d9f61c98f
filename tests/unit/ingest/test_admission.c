/* ingest/admission: invalid events that are decided again for each site. */
#include "lib/unit.h"

#include "ingest/admission.h"
#include "ingest/ingest.h"

/* The reason of an event after admission at a site that forwards no page calls. */
static const char *
reason_after(enum event_kind kind, const char *name, const char *reason)
{
	const struct ingest_site_options site = { .site_id = 1, .name = "a" };
	struct segment_event event = {
		.kind = kind,
		.name = slice_from(name),
		.status = STATUS_INVALID,
		.reason = reason,
		.body = SLICE("{}"),
	};
	struct segment_request r = { .events = &event, .n_events = 1 };
	struct admission *a;
	struct err e;

	assert_int_equal(admission_new(&site, 1, &a, &e), 0);
	admission_apply(a, 1, &r, true);
	admission_free(a);
	return event.reason;
}

static void
an_event_without_an_address_may_get_another_reason(void **state)
{
	const char copy[] = "no_email"; /* as if read from another source */

	(void)state;
	assert_string_equal(
	    reason_after(KIND_PAGE, "", segment_no_email), "unsupported_event_type");
	assert_string_equal(
	    reason_after(KIND_PAGE, "", segment_invalid_email), "unsupported_event_type");
	assert_string_equal(reason_after(KIND_PAGE, "", copy), "unsupported_event_type");
	assert_string_equal(reason_after(KIND_PAGE, "", "event_not_object"), "event_not_object");
}

static void
an_invalid_event_of_bentos_api_stays_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(reason_after(KIND_BENTO, "$purchase", segment_no_email), "no_email");
	assert_string_equal(reason_after(KIND_BENTO, "x", segment_invalid_email), "invalid_email");
	assert_string_equal(
	    reason_after(KIND_SUBSCRIBER, "", segment_invalid_email), "invalid_email");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_without_an_address_may_get_another_reason),
		cmocka_unit_test(an_invalid_event_of_bentos_api_stays_as_it_is),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
