/*
 * A small HTTP reader and writer for the simulator. It shares no code with the spooler, so that a
 * fault in one does not hide in the other.
 */
#include "sim/http.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = (struct slice){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool
equals_nocase(struct slice s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

/* Removes the part before the separator from *rest and returns it; everything when there is no
 * separator. */
static struct slice
cut(struct slice *rest, const char *separator)
{
	size_t n = strlen(separator);
	const char *at = rest->n < n ? NULL : memmem(rest->p, rest->n, separator, n);
	struct slice part = *rest;

	if (at == NULL) {
		*rest = SLICE_NONE;
		return part;
	}
	part.n = (size_t)(at - rest->p);
	*rest = (struct slice){ at + n, rest->n - part.n - n };
	return part;
}

static int
parse_length(struct slice value, uint64_t *ret_n, struct err *e)
{
	uint64_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9' || n > UINT32_MAX)
			return err_set(e, ERR_INPUT, "Content-Length is not a number");
		n = n * 10 + (uint64_t)(value.p[i] - '0');
	}
	if (value.n == 0)
		return err_set(e, ERR_INPUT, "Content-Length is empty");
	*ret_n = n;
	return 0;
}

static int
parse_header(struct slice line, struct http_head *h, struct err *e)
{
	struct slice name, value = line;

	if (memchr(line.p, ':', line.n) == NULL)
		return err_set(e, ERR_INPUT, "a header without a colon");
	name = cut(&value, ":");
	value = trim(value);
	if (equals_nocase(name, "content-length"))
		return parse_length(value, &h->content_length, e);
	if (equals_nocase(name, "authorization"))
		h->authorization = value;
	else if (equals_nocase(name, "user-agent"))
		h->user_agent = value;
	else if (equals_nocase(name, "content-type"))
		h->content_type = value;
	else if (equals_nocase(name, "content-encoding"))
		h->content_encoding = value;
	else if (equals_nocase(name, "transfer-encoding"))
		h->chunked = true;
	else if (equals_nocase(name, "expect"))
		h->expects_continue = equals_nocase(value, "100-continue");
	else if (equals_nocase(name, "connection"))
		h->closes = equals_nocase(value, "close");
	return 0;
}

int
http_head_parse(struct slice text, struct http_head *ret_head, struct err *e)
{
	struct http_head h = { .content_length = 0 };
	struct slice rest = text, line = cut(&rest, "\r\n"), target;

	h.method = cut(&line, " ");
	target = cut(&line, " ");
	if (h.method.n == 0 || target.n == 0 || !SLICE_IS(line, "HTTP/1.1"))
		return err_set(e, ERR_INPUT, "no HTTP/1.1 request line");
	h.path = cut(&target, "?");
	h.query = target;
	while (rest.n > 0)
		if (parse_header(cut(&rest, "\r\n"), &h, e) != 0)
			return -1;
	*ret_head = h;
	return 0;
}

static void
percent_decode(struct slice s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? decode_hex_digit(s.p[i + 1]) : -1;
		int low = high >= 0 ? decode_hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] == '%' && low >= 0) {
			buf_append_byte(to, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_append_byte(to, s.p[i] == '+' ? ' ' : s.p[i]);
		}
	}
}

bool
http_query_get(struct slice query, const char *name, struct buf *to)
{
	while (query.n > 0) {
		struct slice value = cut(&query, "&");
		struct slice key = cut(&value, "=");

		if (!slice_equals(key, slice_from(name)))
			continue;
		percent_decode(value, to);
		return true;
	}
	return false;
}

int
http_basic_decode(struct slice authorization, struct buf *to)
{
	struct slice rest = authorization;
	size_t n;
	char *out;

	if (!equals_nocase(cut(&rest, " "), "basic"))
		return -1;
	rest = trim(rest);
	out = buf_reserve(to, rest.n);
	if (out == NULL || decode_base64(rest, out, rest.n, &n) != 0)
		return -1;
	buf_truncate(to, to->n + n);
	return 0;
}

const char *
http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 307, "Temporary Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}
