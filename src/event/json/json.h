/*
 * A strict one-pass JSON reader that yields slices of the text it was given.
 *
 * Accepts exactly RFC 8259 in valid UTF-8 (no BOM), with a limit on nesting. Builds nothing and
 * copies nothing: the caller walks down where it wants to look and skips the rest, and every byte
 * is looked at once. Pure; any thread; a struct json lives on the caller's stack.
 *
 *	json_init(&j, text, JSON_MAX_DEPTH);
 *	if (json_object_begin(&j) == 0)
 *		while (json_object_next(&j, &key) == 1)
 *			... json_skip(&j, &value) or json_object_begin / json_array_begin ...
 *	if (json_finish(&j) != 0) ... j.error, json_offset(&j)
 *
 * The first error latches: every later call fails too, so it is enough to look at the end.
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
	JSON_NONE, /* no value: absent, or an error */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* raw is the value's text as received, without surrounding white space, quotes included. */
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
	bool first;        /* at the first member of the innermost container */
	const char *error; /* static text of the first error, or NULL */
};

/* max_depth: containers that may be open at once, at most JSON_MAX_DEPTH. */
void json_init(struct json *j, struct slice text, unsigned max_depth);

/*
 * The type of the value that comes next, without consuming it; JSON_NONE at an error. The reader
 * then stands on the value's first byte.
 */
enum json_type json_peek(struct json *j);
/* Consumes and validates the whole next value. 0, or -1. */
int json_skip(struct json *j, struct json_value *ret_value);

/* Consumes the opening brace. 0, or -1 when the next value is not an object (that latches). */
int json_object_begin(struct json *j);
/*
 * The next key of the innermost object (raw, with quotes); its value must be consumed before the
 * next call. 1 a key, 0 the object ended (closing brace consumed), -1 an error.
 */
int json_object_next(struct json *j, struct slice *ret_raw_key);
int json_array_begin(struct json *j);
/* 1: an item comes next and must be consumed; 0: the array ended; -1 an error. */
int json_array_next(struct json *j);

/* Only white space may be left. 0, or -1 with j->error set. */
int json_finish(struct json *j);
/* Where the reader stands, for messages: bytes from the start. */
size_t json_offset(const struct json *j);

/* [] or {}, with any white space inside. */
bool json_is_empty(const struct json_value *value);
/* []: what PHP writes for an empty object. */
bool json_is_empty_array(const struct json_value *value);
/* Whether a raw string (with quotes) means exactly text, escapes taken into account. */
bool json_string_is(struct slice raw, const char *text);
/*
 * The meaning of a raw string. Without escapes: a slice of raw, nothing is copied. Otherwise it is
 * decoded into scratch (which keeps what it held before) and ret_text points there, valid until
 * scratch grows or is freed. \u0000 and lone surrogates, which text columns cannot hold, become
 * U+FFFD. -1 when scratch is full.
 */
int json_string_decode(struct slice raw, struct buf *scratch, struct slice *ret_text);
/* Appends text as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_string_append(struct buf *to, struct slice text);

#endif
