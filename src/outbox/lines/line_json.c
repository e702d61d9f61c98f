/* Reads the values of a line: texts and whole numbers. The caller handles other types. Fails when a
 * value has the wrong type, and without memory. */
#include "outbox/lines/line_json.h"

#define DIGITS_MAX 15

int
line_json_begin(struct json *j, struct slice line, struct buf *scratch, struct err *e)
{
	buf_clear(scratch);
	/* A decoded text is never longer than its form in the line. */
	if (buf_reserve(scratch, line.n + 1) == NULL)
		return err_nomem(e);
	json_init(j, line, JSON_MAX_DEPTH);
	return 0;
}

int
line_json_text(const struct json_value *value, struct buf *scratch, struct slice *ret_text)
{
	return value->type == JSON_STRING ? json_string_decode(value->raw, scratch, ret_text) : -1;
}

int
line_json_number(const struct json_value *value, int64_t *ret_number)
{
	int64_t number = 0;

	if (value->type != JSON_NUMBER || value->raw.n > DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < value->raw.n; i++) {
		if (value->raw.p[i] < '0' || value->raw.p[i] > '9')
			return -1;
		number = number * 10 + (value->raw.p[i] - '0');
	}
	*ret_number = number;
	return 0;
}
