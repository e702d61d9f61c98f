/*
 * outbox/lines: a line of a file to import is refused with a reason, or is read; what was read and
 * written again reads the same.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "outbox/lines/identity_line.h"
#include "outbox/lines/import_line.h"

#define LINE_MAX_BYTES (8u << 20)

static void
check_event(struct slice line)
{
	struct import_line one, two;
	struct buf scratch, again, text;
	struct err e;

	buf_init(&scratch, LINE_MAX_BYTES);
	buf_init(&again, LINE_MAX_BYTES);
	buf_init(&text, LINE_MAX_BYTES);
	if (import_line_parse(line, &one, &scratch, &e) != 0) {
		FUZZ_CHECK(e.code == ERR_INPUT && e.text[0] != '\0');
	} else {
		import_line_append(&one, &text);
		FUZZ_CHECK(!text.failed);
		FUZZ_CHECK(import_line_is_ours(buf_slice(&text)));
		FUZZ_CHECK(import_line_parse(buf_slice(&text), &two, &again, &e) == 0);
#define SAME(member) FUZZ_CHECK(slice_equals(one.member, two.member))
		SAME(site);
		SAME(message_id);
		SAME(name);
		SAME(email);
		SAME(reason);
		SAME(error);
		SAME(context);
		SAME(integrations);
		SAME(sent_at);
		SAME(body);
#undef SAME
		FUZZ_CHECK(one.kind == two.kind && one.status == two.status);
		FUZZ_CHECK(one.attempts == two.attempts && one.maybe_sent == two.maybe_sent);
		FUZZ_CHECK(
		    one.received_at == two.received_at && one.occurred_at == two.occurred_at);
		FUZZ_CHECK(one.settled_at == two.settled_at && one.browser == two.browser);
	}
	buf_free(&scratch);
	buf_free(&again);
	buf_free(&text);
}

static void
check_identity(struct slice line)
{
	struct identity_line one, two;
	struct buf scratch, again, text;
	struct err e;

	buf_init(&scratch, LINE_MAX_BYTES);
	buf_init(&again, LINE_MAX_BYTES);
	buf_init(&text, LINE_MAX_BYTES);
	/* An outbox writes no line without a site. */
	if (identity_line_parse(line, &one, &scratch, &e) == 0 && one.site.n > 0) {
		identity_line_append(&one, &text);
		FUZZ_CHECK(identity_line_is(buf_slice(&text)));
		FUZZ_CHECK(identity_line_parse(buf_slice(&text), &two, &again, &e) == 0);
		FUZZ_CHECK(slice_equals(one.site, two.site));
		FUZZ_CHECK(slice_equals(one.fact.id, two.fact.id));
		FUZZ_CHECK(slice_equals(one.fact.email, two.fact.email));
		FUZZ_CHECK(slice_equals(one.fact.user_id, two.fact.user_id));
		FUZZ_CHECK(one.fact.kind == two.fact.kind);
		/* A time means something only with its address or user. */
		if (one.fact.email.p != NULL)
			FUZZ_CHECK(one.fact.identified_at == two.fact.identified_at);
		if (one.fact.user_id.p != NULL)
			FUZZ_CHECK(one.fact.since == two.fact.since
				   && one.fact.said_at == two.fact.said_at);
	}
	buf_free(&scratch);
	buf_free(&again);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = { (const char *)data, size };

	if (size > 1u << 20)
		return 0;
	if (identity_line_is(line))
		check_identity(line);
	else
		check_event(line);
	return 0;
}
