/*
 * A strict one-pass JSON reader that yields slices of the text it was given.
 *
 * It accepts exactly RFC 8259 in valid UTF-8 (no BOM), with a limit on nesting. It builds no tree
 * and copies nothing: the caller enters the containers that matter and skips the others, and every
 * byte is read once. Pure; any thread; a struct json lives on the caller's stack.
 *
 *	json_init(&j, text, JSON_MAX_DEPTH);
 *	if (json_object_begin(&j) == 0)
 *		while (json_object_next(&j, &key) == 1)
 *			... json_skip(&j, &value) or json_object_begin / json_array_begin ...
 *	if (json_finish(&j) != 0) ... j.error, json_offset(&j)
 *
 * After the first error every later call fails, too, so it is enough to check at the end.
 */
#ifndef EVENT_JSON_JSON_H
#define EVENT_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define JSON_MAX_DEPTH 128

enum json_type {
	JSON_NONE, /* absent, or an error */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* raw is the value's text as received, quotes included, without surrounding white space. */
struct json_value {
	enum json_type type;
	struct slice raw;
};

struct json {
	const char *start;
	const char *p;
	const char *end;
	unsigned depth;
	unsigned max_depth;
	bool first;        /* before the first member of the innermost container */
	const char *error; /* static text of the first error, or NULL */
};

/* Starts reading text. At most max_depth containers may be open at once, which is at most
 * JSON_MAX_DEPTH. */
void json_init(struct json *j, struct slice text, unsigned max_depth);

/*
 * Returns the type of the next value without consuming it; JSON_NONE on an error. The reader then
 * points at the first byte of the value.
 */
enum json_type json_peek(struct json *j);
/* Consumes and validates the next value as a whole. Returns 0 or -1. */
int json_skip(struct json *j, struct json_value *ret_value);

/* Consumes the opening brace. Returns 0, or -1 when the next value is not an object. */
int json_object_begin(struct json *j);
/*
 * Reads the next key of the innermost object (raw, with quotes). The caller must consume its value
 * before the next call. Returns 1 for a key, 0 at the end of the object (its closing brace is
 * consumed), -1 on an error.
 */
int json_object_next(struct json *j, struct slice *ret_raw_key);
int json_array_begin(struct json *j);
/* Returns 1 when an item follows, which the caller must consume; 0 at the end of the array; -1 on
 * an error. */
int json_array_next(struct json *j);

/* Checks that only white space is left. Returns 0, or -1 with j->error set. */
int json_finish(struct json *j);
/* Returns the reader's position in bytes from the start, for messages. */
size_t json_offset(const struct json *j);

/* True for [] and {}, with any white space inside. */
bool json_is_empty(const struct json_value *value);
/* True for [], which PHP writes for an empty object. */
bool json_is_empty_array(const struct json_value *value);
/* Whether a raw string (with quotes) decodes to text. */
bool json_string_is(struct slice raw, const char *text);
/*
 * Decodes a raw string. Without escapes ret_text is a slice of raw, and nothing is copied. With
 * escapes the text is appended to scratch; ret_text points there and is valid until scratch grows
 * or is freed. \u0000 and lone surrogates, which text columns cannot hold, become U+FFFD. Returns
 * -1 when scratch is full.
 */
int json_string_decode(struct slice raw, struct buf *scratch, struct slice *ret_text);
/* Appends text as a JSON string with quotes. Bytes that are not valid UTF-8 become U+FFFD. */
void json_string_append(struct buf *to, struct slice text);

#endif
