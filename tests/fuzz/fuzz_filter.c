/*
 * outbox/filter/filter_json: the filter in a request to the control socket. An object is refused
 * with a reason, or selects the same after it was printed and read again.
 */
#include "fuzz/fuzz.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "outbox/filter/filter.h"

static void
check_same(const struct outbox_filter *f)
{
	struct outbox_filter again;
	struct buf text, twice;
	struct err e;
	cJSON *object;

	buf_init(&text, FILTER_MAX_JSON);
	buf_init(&twice, FILTER_MAX_JSON);
	outbox_filter_to_json(f, &text);
	if (!text.failed) {
		object = cJSON_ParseWithLength(text.p, text.n);
		FUZZ_CHECK(object != NULL);
		outbox_filter_init(&again);
		FUZZ_CHECK(outbox_filter_from_json(object, &again, &e) == 0);
		FUZZ_CHECK(outbox_filter_is_empty(f) == outbox_filter_is_empty(&again));
		outbox_filter_to_json(&again, &twice);
		FUZZ_CHECK(slice_equals(buf_slice(&text), buf_slice(&twice)));
		outbox_filter_free(&again);
		cJSON_Delete(object);
	}
	buf_free(&text);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cJSON *object = cJSON_ParseWithLength((const char *)data, size);
	struct outbox_filter f;
	struct err e = { 0 };

	outbox_filter_init(&f);
	if (object != NULL && outbox_filter_from_json(object, &f, &e) == 0)
		check_same(&f);
	else if (object != NULL)
		FUZZ_CHECK(e.text[0] != '\0');
	outbox_filter_free(&f);
	cJSON_Delete(object);
	return 0;
}
