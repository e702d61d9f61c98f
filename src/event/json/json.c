/*
 * The JSON reader. It works on two pointers, p and end. An error moves end to its position, so that
 * every later call finds nothing to read and fails, too.
 */
#include "event/json/json.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "event/json/json_private.h"

static const unsigned char type_of_byte[256] = {
	['n'] = JSON_NULL,
	['f'] = JSON_FALSE,
	['t'] = JSON_TRUE,
	['-'] = JSON_NUMBER,
	['0'] = JSON_NUMBER,
	['1'] = JSON_NUMBER,
	['2'] = JSON_NUMBER,
	['3'] = JSON_NUMBER,
	['4'] = JSON_NUMBER,
	['5'] = JSON_NUMBER,
	['6'] = JSON_NUMBER,
	['7'] = JSON_NUMBER,
	['8'] = JSON_NUMBER,
	['9'] = JSON_NUMBER,
	['"'] = JSON_STRING,
	['['] = JSON_ARRAY,
	['{'] = JSON_OBJECT,
};

void
json_init(struct json *j, struct slice text, unsigned max_depth)
{
	const char *start = text.p == NULL ? "" : text.p;

	*j = (struct json){
		.start = start,
		.p = start,
		.end = start + text.n,
		.max_depth = max_depth < JSON_MAX_DEPTH ? max_depth : JSON_MAX_DEPTH,
		.first = true,
	};
}

static __attribute__((noinline, cold)) const char *
fail(struct json *j, const char *p, const char *what)
{
	if (j->error == NULL) {
		j->error = p == j->end ? "the text ends too early" : what;
		j->p = p;
		j->end = p;
	}
	return NULL;
}

static inline enum json_type
type_at(const struct json *j, const char *p)
{
	return p < j->end ? (enum json_type)type_of_byte[(unsigned char)*p] : JSON_NONE;
}

/* p points at the backslash; returns the position behind the escape. */
static const char *
scan_escape(struct json *j, const char *p)
{
	if (++p == j->end)
		return fail(j, p, "");
	switch (*p) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 1;
	case 'u':
		for (int i = 0; i < 4; i++) {
			if (++p == j->end || decode_hex_digit(*p) < 0)
				return fail(j, p, "\\u needs four hexadecimal digits");
		}
		return p + 1;
	}
	return fail(j, p, "an unknown escape in a string");
}

/* Checks one or more characters beyond ASCII in a row. Returns the position behind them. */
static const char *
scan_utf8(struct json *j, const char *p)
{
	while (p < j->end && (unsigned char)*p >= 0x80) {
		unsigned n = utf8_length(p, (size_t)(j->end - p));

		if (n == 0)
			return fail(j, p, "bytes that are not UTF-8");
		p += n;
	}
	return p;
}

/* p points at a byte of a string that json_special_bytes marks; returns the position behind the
 * closing quote. */
static __attribute__((noinline)) const char *
scan_special(struct json *j, const char *p)
{
	while (p != NULL) {
		if (p == j->end)
			return fail(j, p, "");
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p = scan_escape(j, p);
		else if ((unsigned char)*p >= 0x80)
			p = scan_utf8(j, p);
		else
			return fail(j, p, "a control byte in a string");
		if (p != NULL)
			p = json_scan_plain(p, j->end);
	}
	return NULL;
}

/* p points behind the opening quote; returns the position behind the closing one. Most strings have
 * no special bytes. */
static inline const char *
scan_string(struct json *j, const char *p)
{
	p = json_scan_plain(p, j->end);
	return p < j->end && *p == '"' ? p + 1 : scan_special(j, p);
}

/* Reads one or more digits. */
static inline const char *
scan_digits(struct json *j, const char *p)
{
	const char *start = p;

	while (p < j->end && *p >= '0' && *p <= '9')
		p++;
	return p > start ? p : fail(j, p, "a digit is missing in a number");
}

static inline const char *
scan_number(struct json *j, const char *p)
{
	if (*p == '-')
		p++;
	if (p < j->end && *p == '0')
		p++;
	else
		p = scan_digits(j, p);
	if (p != NULL && p < j->end && *p == '.')
		p = scan_digits(j, p + 1);
	if (p != NULL && p < j->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < j->end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digits(j, p);
	}
	return p;
}

static const char *
scan_word(struct json *j, const char *p, const char *word)
{
	for (; *word != '\0'; p++, word++) {
		if (p == j->end || *p != *word)
			return fail(j, p, "not true, false or null");
	}
	return p;
}

/* Reads any value that is not a container. */
static inline const char *
scan_scalar(struct json *j, const char *p, enum json_type type)
{
	switch (type) {
	case JSON_STRING:
		return scan_string(j, p + 1);
	case JSON_NUMBER:
		return scan_number(j, p);
	case JSON_NULL:
		return scan_word(j, p, "null");
	case JSON_FALSE:
		return scan_word(j, p, "false");
	case JSON_TRUE:
		return scan_word(j, p, "true");
	case JSON_ARRAY:
	case JSON_OBJECT:
	case JSON_NONE:
		break;
	}
	return fail(j, p, "a value is expected here");
}

/* p points at the opening quote of a key; returns the position behind the colon. */
static inline const char *
scan_key(struct json *j, const char *p, struct slice *ret_raw_key)
{
	const char *key = p;

	if (p == j->end || *p != '"')
		return fail(j, p, "a key in quotes is expected here");
	p = scan_string(j, p + 1);
	if (p == NULL)
		return NULL;
	*ret_raw_key = (struct slice){ key, (size_t)(p - key) };
	p = json_skip_space(p, j->end);
	if (p == j->end || *p != ':')
		return fail(j, p, "a colon is expected after a key");
	return p + 1;
}

/* p points behind the opening brace, or behind a value; space has been skipped. Returns the
 * position behind the next key and its colon. */
static inline const char *
scan_member(struct json *j, const char *p, bool first, struct slice *ret_raw_key)
{
	if (!first) {
		if (p == j->end || *p != ',')
			return fail(j, p, "a comma or a closing brace is expected here");
		p = json_skip_space(p + 1, j->end);
	}
	return scan_key(j, p, ret_raw_key);
}

/* The same for an array: returns the position where the next element is expected. */
static inline const char *
scan_element(struct json *j, const char *p, bool first)
{
	if (p == j->end || (!first && *p != ','))
		return fail(j, p, "a comma or a closing bracket is expected here");
	return first ? p : p + 1;
}

static inline bool
may_open(struct json *j, const char *p, unsigned depth)
{
	if (depth < j->max_depth)
		return true;
	fail(j, p, "nested too deeply");
	return false;
}

/*
 * p points at the opening bracket; returns the position behind the closing one. Walks without
 * recursion: a bounded array records the open containers by level. Everything else stays in
 * registers, because most of an event's bytes are read here.
 */
static __attribute__((noinline)) const char *
scan_container(struct json *j, const char *p)
{
	bool is_object[JSON_MAX_DEPTH], first;
	unsigned depth = j->depth;
	struct slice key;

	for (;;) {
		enum json_type type;

		p = json_skip_space(p, j->end);
		type = type_at(j, p);
		first = type == JSON_OBJECT || type == JSON_ARRAY;
		if (first && !may_open(j, p, depth))
			return NULL;
		if (first)
			is_object[depth++] = type == JSON_OBJECT;
		p = first ? p + 1 : scan_scalar(j, p, type);
		if (p == NULL)
			return NULL;
		p = json_skip_space(p, j->end);
		while (p < j->end && *p == (is_object[depth - 1] ? '}' : ']')) {
			if (--depth == j->depth)
				return p + 1;
			first = false;
			p = json_skip_space(p + 1, j->end);
		}
		p = is_object[depth - 1] ? scan_member(j, p, first, &key)
					 : scan_element(j, p, first);
		if (p == NULL)
			return NULL;
	}
}

/* Reads any value; p points at its first byte. Returns the position behind it. */
static inline const char *
scan_value(struct json *j, const char *p, enum json_type type)
{
	return type == JSON_OBJECT || type == JSON_ARRAY ? scan_container(j, p)
							 : scan_scalar(j, p, type);
}

enum json_type
json_peek(struct json *j)
{
	enum json_type type;

	j->p = json_skip_space(j->p, j->end);
	type = type_at(j, j->p);
	if (type == JSON_NONE)
		fail(j, j->p, "a value is expected here");
	return type;
}

int
json_skip(struct json *j, struct json_value *ret_value)
{
	const char *start = json_skip_space(j->p, j->end), *p;
	enum json_type type = type_at(j, start);

	p = scan_value(j, start, type);
	if (p == NULL)
		return -1;
	j->p = p;
	*ret_value = (struct json_value){ type, { start, (size_t)(p - start) } };
	return 0;
}

/* Enters a container. */
static int
begin(struct json *j, enum json_type type, const char *what)
{
	if (json_peek(j) != type) {
		fail(j, j->p, what);
		return -1;
	}
	if (!may_open(j, j->p, j->depth))
		return -1;
	j->depth++;
	j->first = true;
	j->p++;
	return 0;
}

/* Leaves a container; p points at its closing bracket. */
static inline int
end(struct json *j, const char *p)
{
	j->depth--;
	j->first = false;
	j->p = p + 1;
	return 0;
}

int
json_object_begin(struct json *j)
{
	return begin(j, JSON_OBJECT, "an object is expected here");
}

int
json_object_next(struct json *j, struct slice *ret_raw_key)
{
	const char *p = json_skip_space(j->p, j->end);

	if (p < j->end && *p == '}')
		return end(j, p);
	p = scan_member(j, p, j->first, ret_raw_key);
	if (p == NULL)
		return -1;
	j->first = false;
	j->p = p;
	return 1;
}

int
json_array_begin(struct json *j)
{
	return begin(j, JSON_ARRAY, "an array is expected here");
}

int
json_array_next(struct json *j)
{
	const char *p = json_skip_space(j->p, j->end);

	if (p < j->end && *p == ']')
		return end(j, p);
	p = scan_element(j, p, j->first);
	if (p == NULL)
		return -1;
	j->first = false;
	j->p = p;
	return 1;
}

int
json_finish(struct json *j)
{
	if (j->error == NULL && j->depth > 0)
		fail(j, j->p, "the value was not read to its end");
	j->p = json_skip_space(j->p, j->end);
	if (j->p != j->end)
		fail(j, j->p, "more text follows the value");
	return j->error == NULL ? 0 : -1;
}

bool
json_is_empty(const struct json_value *value)
{
	const char *last = value->raw.p + value->raw.n - 1;

	return (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
	       && json_skip_space(value->raw.p + 1, last) == last;
}

bool
json_is_empty_array(const struct json_value *value)
{
	return value->type == JSON_ARRAY && json_is_empty(value);
}

size_t
json_offset(const struct json *j)
{
	return (size_t)(j->p - j->start);
}
