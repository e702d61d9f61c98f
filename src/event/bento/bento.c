/*
 * Requests to Bento (endpoints, URL) and the meaning of its answers. An answer is first read as
 * JSON with counts and error texts; any other answer is reduced to one line of text for people.
 * Reading accepts any bytes: an answer that makes no sense is BENTO_REPLY_UNREADABLE.
 */
#include "event/bento/bento.h"

#include "base/utf8.h"
#include "event/json/json_memory.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPLY_LOOK_MAX ((size_t)65536)
/* Above this limit a double cannot hold every whole number. */
#define COUNT_MAX 9007199254740992.0

/* ---- the request --------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *path;
	const char *head;
} endpoints[BENTO_ENDPOINTS] = {
	[BENTO_EVENTS] = { "events", "/batch/events", "{\"events\":[" },
	[BENTO_SUBSCRIBERS] = { "subscribers", "/batch/subscribers", "{\"subscribers\":[" },
	[BENTO_COMMANDS] = { "commands", "/fetch/commands", "{\"command\":[" },
	[BENTO_CENTER] = { "center", "/v1/fleet", "{\"events\":[" },
};

const char *
bento_endpoint_name(enum bento_endpoint endpoint)
{
	return endpoints[endpoint].name;
}

struct slice
bento_batch_head(enum bento_endpoint endpoint)
{
	return slice_from(endpoints[endpoint].head);
}

static bool
is_unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || c == '-' || c == '.' || c == '_' || c == '~';
}

void
bento_url(struct buf *to, const char *api_url, enum bento_endpoint endpoint, const char *site_uuid)
{
	struct slice base = slice_from(api_url);

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	buf_append_slice(to, base);
	buf_append_slice(to, slice_from(endpoints[endpoint].path));
	if (endpoint == BENTO_CENTER)
		return;
	buf_append_literal(to, "?site_uuid=");
	for (; *site_uuid != '\0'; site_uuid++) {
		unsigned char c = (unsigned char)*site_uuid;

		if (is_unreserved(c))
			buf_append_byte(to, *site_uuid);
		else
			buf_printf(to, "%%%02X", c);
	}
}

/* ---- text from outside ---------------------------------------------------------------------- */

size_t
bento_text_copy(char *to, size_t size, struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n;) {
		size_t length = utf8_length(text.p + i, text.n - i);
		bool good = length > 0 && text.p[i] != '\0';
		size_t step = length > 0 ? length : 1;

		if (n + (good ? length : 1) >= size)
			break;
		if (good)
			memcpy(to + n, text.p + i, length);
		else
			to[n] = '?';
		n += good ? length : 1;
		i += step;
	}
	to[n] = '\0';
	return n;
}

/* One line that grows until it is full. White space and control bytes become single spaces. */
struct line {
	char *to;
	size_t size;
	size_t n;
	bool gap;
	bool full;
};

static void
line_put_char(struct line *l, const char *c, size_t length)
{
	bool gap = l->gap && l->n > 0;

	if (l->n + gap + length >= l->size) {
		l->full = true;
		return;
	}
	if (gap)
		l->to[l->n++] = ' ';
	memcpy(l->to + l->n, c, length);
	l->n += length;
	l->to[l->n] = '\0';
	l->gap = false;
}

static bool
is_blank(const char *c, size_t length)
{
	unsigned char first = (unsigned char)c[0];

	if (length == 2) /* U+0080 to U+00A0: controls and the no-break space */
		return first == 0xc2 && (unsigned char)c[1] <= 0xa0;
	return length == 1 && (first <= 0x20 || first == 0x7f);
}

static void
line_put(struct line *l, struct slice text)
{
	for (size_t i = 0; i < text.n && !l->full;) {
		size_t length = utf8_length(text.p + i, text.n - i);

		if (length == 0)
			line_put_char(l, "?", 1);
		else if (is_blank(text.p + i, length))
			l->gap = true;
		else
			line_put_char(l, text.p + i, length);
		i += length > 0 ? length : 1;
	}
}

static void
line_put_text(struct line *l, const char *text)
{
	line_put(l, slice_from(text));
}

/* Searches for `end` from i on, ignoring case. Returns the position behind it, or the end of the
 * text when it is missing. */
static size_t
skip_past(struct slice text, size_t i, const char *end)
{
	size_t n = strlen(end);

	for (; i + n <= text.n; i++)
		if (strncasecmp(text.p + i, end, n) == 0)
			return i + n;
	return text.n;
}

static bool
starts_with(struct slice text, size_t i, const char *what)
{
	size_t n = strlen(what);

	return text.n - i >= n && strncasecmp(text.p + i, what, n) == 0;
}

/* text[i] is '<'. Returns the position behind the markup, or i when it is not markup. */
static size_t
skip_markup(struct slice text, size_t i)
{
	char c = i + 1 < text.n ? text.p[i + 1] : '\0';

	if (starts_with(text, i, "<!--"))
		return skip_past(text, i, "-->");
	if (starts_with(text, i, "<script"))
		return skip_past(text, i, "</script>");
	if (starts_with(text, i, "<style"))
		return skip_past(text, i, "</style>");
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '!' || c == '?')
		return skip_past(text, i, ">");
	return i;
}

static void
line_put_markup(struct line *l, struct slice text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.n && !l->full;) {
		size_t next = text.p[i] == '<' ? skip_markup(text, i) : i;

		if (next == i) {
			i++;
			continue;
		}
		line_put(l, (struct slice){ text.p + from, i - from });
		l->gap = true;
		from = i = next;
	}
	line_put(l, (struct slice){ text.p + from, text.n - from });
}

/* ---- the reply ------------------------------------------------------------------------------ */

/* cJSON reads every number as a double. A count must be a whole number that a double holds
 * exactly. */
static int64_t
count_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > COUNT_MAX
	    || item->valuedouble != (double)(int64_t)item->valuedouble)
		return -1;
	return (int64_t)item->valuedouble;
}

/* Returns the text of an error: the value itself, or the `message` of an object. */
static const char *
text_of(const cJSON *item)
{
	if (cJSON_IsObject(item))
		item = cJSON_GetObjectItemCaseSensitive(item, "message");
	return item != NULL && cJSON_IsString(item) ? item->valuestring : NULL;
}

/* Whether the text from `from` on is also one of the texts before `end`, which "; " separates. */
static bool
is_repeated(const struct line *l, size_t end, size_t from)
{
	const char *said = l->to, *last = l->to + end, *after;
	size_t n = l->n - from;

	while ((said = memmem(said, (size_t)(last - said), l->to + from, n)) != NULL) {
		after = said + n;
		if ((said == l->to || (said - l->to >= 2 && memcmp(said - 2, "; ", 2) == 0))
		    && (after == last || memcmp(after, "; ", 2) == 0))
			return true;
		said++;
	}
	return false;
}

/* Reads one member of `errors`: a text, {"field":...,"message":...}, or "field": text or
 * [texts]. What several events of a batch have in common is said once, so that failures for the
 * same reason have the same error. */
static void
line_put_error(struct line *l, const cJSON *item)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(item, "field");
	const char *name = cJSON_IsString(field) ? field->valuestring : item->string;
	const char *text = cJSON_IsArray(item) ? text_of(item->child) : text_of(item);
	size_t end = l->n;

	if (name == NULL && text == NULL)
		return;
	l->gap = false;
	if (end > 0)
		line_put_text(l, "; ");
	if (name != NULL) {
		line_put_text(l, name);
		l->gap = true;
	}
	if (text != NULL)
		line_put_text(l, text);
	if (end > 0 && (l->n < end + 2 || is_repeated(l, end, end + 2))) {
		l->n = end;
		l->to[end] = '\0';
	}
}

static void
line_put_errors(struct line *l, const cJSON *errors)
{
	const cJSON *item;

	if (cJSON_IsString(errors)) {
		line_put_text(l, errors->valuestring);
		return;
	}
	if (!cJSON_IsArray(errors) && !cJSON_IsObject(errors))
		return;
	for (item = errors->child; item != NULL && !l->full; item = item->next)
		line_put_error(l, item);
}

static bool
is_empty(const cJSON *item)
{
	if (item == NULL || cJSON_IsNull(item) || cJSON_IsFalse(item))
		return true;
	if (cJSON_IsString(item))
		return item->valuestring[0] == '\0';
	return (cJSON_IsArray(item) || cJSON_IsObject(item)) && item->child == NULL;
}

/* Whether the member is present but not a valid count (-1, 1.5, "1"). The whole answer is then
 * unreliable, and has no counts. */
static bool
is_odd_count(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return item != NULL && !cJSON_IsNull(item) && count_of(object, name) < 0;
}

static void
read_object(const cJSON *object, struct bento_reply *reply, struct line *l)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(object, "error");
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(object, "errors");
	const char *text = text_of(error);

	reply->results = count_of(object, "results");
	reply->failed = count_of(object, "failed");
	if (is_odd_count(object, "results") || is_odd_count(object, "failed")) {
		reply->shape = BENTO_REPLY_UNREADABLE;
		reply->results = reply->failed = -1;
	} else if (reply->results >= 0 || reply->failed >= 0) {
		reply->shape = BENTO_REPLY_COUNTS;
	} else {
		reply->shape = BENTO_REPLY_JSON;
	}
	reply->says_error = !is_empty(error) || !is_empty(errors);
	if (text == NULL || text[0] == '\0')
		line_put_errors(l, errors);
	else
		line_put_text(l, text);
	text = text_of(object);
	if (l->n == 0 && text != NULL)
		line_put_text(l, text);
}

/*
 * Parses the whole text; NULL when it is not JSON. Returns -1 without memory. A text with a NUL
 * byte or \u0000 is refused, because cJSON would stop at the byte or cut the string. cJSON refuses
 * text behind the value only when its input is terminated, hence the copy.
 */
static int
parse_text(struct slice text, cJSON **ret_root)
{
	cJSON *root = NULL;
	bool lacked;
	char *copy;

	*ret_root = NULL;
	if (memchr(text.p, '\0', text.n) != NULL)
		return 0;
	copy = strndup(text.p, text.n);
	if (copy == NULL)
		return -1;
	json_memory_lacked(); /* forget an earlier lack */
	if (strstr(copy, "\\u0000") == NULL)
		root = cJSON_ParseWithLengthOpts(copy, text.n + 1, NULL, true);
	lacked = root == NULL && json_memory_lacked();
	free(copy);
	*ret_root = root;
	return lacked ? -1 : 0;
}

int
bento_reply_parse(struct slice body, struct bento_reply *ret_reply)
{
	struct line l = { .to = ret_reply->message, .size = sizeof(ret_reply->message) };
	cJSON *root;

	*ret_reply = (struct bento_reply){
		.shape = BENTO_REPLY_UNREADABLE,
		.results = -1,
		.failed = -1,
	};
	if (body.p == NULL)
		return 0;
	if (body.n > REPLY_LOOK_MAX)
		body.n = REPLY_LOOK_MAX;
	if (parse_text(body, &root) != 0)
		return -1;
	if (cJSON_IsObject(root))
		read_object(root, ret_reply, &l);
	else
		line_put_markup(&l, body);
	cJSON_Delete(root);
	return 0;
}
