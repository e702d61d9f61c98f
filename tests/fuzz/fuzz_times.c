/*
 * Times and durations of clients, people and Bento: any text is refused or gives a time that can be
 * printed, and what was printed reads the same.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/isotime.h"
#include "dispatch/transport/retry_after.h"
#include "event/segment/client_time.h"
#include "term/when.h"

#define NOW INT64_C(1785587696789)

static void
check_printed(int64_t at)
{
	char text[ISOTIME_SIZE], again[ISOTIME_SIZE];
	int64_t read;

	isotime_format(at, text);
	FUZZ_CHECK(strlen(text) == ISOTIME_SIZE - 1);
	if (isotime_parse(slice_from(text), &read) != 0)
		return; /* a year that was clamped */
	isotime_format(read, again);
	FUZZ_CHECK(strcmp(text, again) == 0);
}

static void
check_typed(const char *text)
{
	struct err e;
	int64_t ms;

	if (when_parse_duration(text, &ms, &e) == 0)
		FUZZ_CHECK(ms >= 0);
	else
		FUZZ_CHECK(e.text[0] != '\0');
	if (when_parse(text, NOW, &ms, &e) == 0)
		check_printed(ms);
	else
		FUZZ_CHECK(e.text[0] != '\0');
	ms = retry_after_parse(text, NULL, NOW);
	FUZZ_CHECK(ms >= -1);
	ms = retry_after_parse("Fri, 01 Aug 2026 00:00:00 GMT", text, NOW);
	FUZZ_CHECK(ms >= -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	char *typed;
	int64_t ms;

	if (size > 4096)
		return 0;
	if (isotime_parse(text, &ms) == 0)
		check_printed(ms);
	if (client_time_read(text, &ms))
		check_printed(ms);
	if (client_time_read_object(text, &ms))
		check_printed(ms);
	if (memchr(data, '\0', size) != NULL)
		return 0;
	typed = strndup(text.p, size);
	FUZZ_CHECK(typed != NULL);
	check_typed(typed);
	free(typed);
	return 0;
}
