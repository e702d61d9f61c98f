/*
 * Reads heads of requests (RFC 9112). It reads complete lines as they arrive, first the request
 * line, then the fields, and keeps the fields that matter. Everything that two servers could read
 * differently is refused, with the reason.
 */
#include "http/http.h"

#include "http/http_private.h"

/* text is in lower case */
static bool
equals_any_case(struct slice s, struct slice text)
{
	size_t i = 0;

	if (s.n != text.n)
		return false;
	while (i < s.n && http_lower(s.p[i]) == text.p[i])
		i++;
	return i == s.n;
}

static int
bad(struct http_head *h, const char *why)
{
	h->error = why;
	return -1;
}

/* ---- the request line --------------------------------------------------------------- */

static enum http_method
method_of(struct slice name)
{
	if (SLICE_IS(name, "POST"))
		return HTTP_POST;
	if (SLICE_IS(name, "GET"))
		return HTTP_GET;
	if (SLICE_IS(name, "HEAD"))
		return HTTP_HEAD;
	if (SLICE_IS(name, "OPTIONS"))
		return HTTP_OPTIONS;
	return HTTP_OTHER;
}

static struct http_span
span_of(const char *start, const char *p, size_t n)
{
	return (struct http_span){ .at = (size_t)(p - start), .n = n, .there = true };
}

/* Whether a host with a port has only allowed bytes: no white space, no user, no path. */
static bool
is_authority(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_is(s.p[i], HTTP_VISIBLE) || memchr("/?#@\\\"<>^`{|}", s.p[i], 13) != NULL)
			return false;
	return true;
}

/* Removes "http://host" from an absolute target. Returns 0 also for a target without it. */
static int
cut_authority(struct slice *target)
{
	static const struct slice schemes[] = { { "http://", 7 }, { "https://", 8 } };

	for (size_t i = 0; i < 2; i++) {
		struct slice scheme = schemes[i], host;

		if (target->n < scheme.n
		    || !equals_any_case((struct slice){ target->p, scheme.n }, scheme))
			continue;
		host.p = target->p + scheme.n;
		host.n = 0;
		while (scheme.n + host.n < target->n && memchr("/?", host.p[host.n], 2) == NULL)
			host.n++;
		if (host.n == 0 || !is_authority(host))
			return -1;
		target->p = host.p + host.n;
		target->n -= scheme.n + host.n;
		return 1;
	}
	return 0;
}

static int
take_target(struct http_head *h, const char *start, struct slice target)
{
	int absolute = cut_authority(&target);
	const char *mark;

	if (absolute < 0)
		return bad(h, "the host of the request target is not valid");
	mark = target.n == 0 ? NULL : memchr(target.p, '?', target.n);
	if (mark != NULL) {
		h->query_at = span_of(start, mark + 1, (size_t)(target.p + target.n - mark) - 1);
		target.n = (size_t)(mark - target.p);
	}
	h->path_at = span_of(start, target.p, target.n);
	if (absolute == 1 || (target.n > 0 && target.p[0] == '/'))
		return 0;
	if (h->method == HTTP_OPTIONS && mark == NULL && SLICE_IS(target, "*"))
		return 0;
	return bad(h, "the request target does not begin with a slash");
}

/* Consumes the bytes up to the next space, and the space; absent when there is no space. */
static struct slice
cut_word(struct slice *rest)
{
	const char *space = memchr(rest->p, ' ', rest->n);
	struct slice word;

	if (space == NULL)
		return SLICE_NONE;
	word = (struct slice){ rest->p, (size_t)(space - rest->p) };
	rest->p += word.n + 1;
	rest->n -= word.n + 1;
	return word;
}

static int
take_request_line(struct http_head *h, const char *start, struct slice line)
{
	struct slice method = cut_word(&line);
	struct slice target = method.p == NULL ? SLICE_NONE : cut_word(&line);

	if (!http_are(method, HTTP_TOKEN))
		return bad(h, "the method of the request line is not valid");
	if (!http_are(target, HTTP_VISIBLE))
		return bad(h, "the target of the request line is not valid");
	if (SLICE_IS(line, "HTTP/1.0"))
		h->http10 = true;
	else if (!SLICE_IS(line, "HTTP/1.1"))
		return bad(h, "only HTTP/1.1 and HTTP/1.0 are supported");
	h->method = method_of(method);
	h->have_request_line = true;
	return take_target(h, start, target);
}

/* ---- header fields ------------------------------------------------------------------ */

/* Fields that must not occur twice, because two could contradict each other. */
static int
once(struct http_head *h, bool *seen, const char *why)
{
	if (*seen)
		return bad(h, why);
	*seen = true;
	return 0;
}

static int
take_host(struct http_head *h, const char *start, struct slice value)
{
	if (once(h, &h->have_host, "Host is given twice") != 0)
		return -1;
	h->host_at = span_of(start, value.p, value.n);
	return is_authority(value) ? 0 : bad(h, "Host is not a valid host");
}

static int
take_content_length(struct http_head *h, const char *start, struct slice value)
{
	uint64_t n = 0;

	(void)start;
	if (once(h, &h->have_length, "Content-Length is given twice") != 0)
		return -1;
	if (value.n == 0)
		return bad(h, "Content-Length is empty");
	for (size_t i = 0; i < value.n; i++) {
		unsigned digit = (unsigned)(value.p[i] - '0');

		if (value.p[i] < '0' || value.p[i] > '9')
			return bad(h, "Content-Length is not a number");
		if (n > (UINT64_MAX - digit) / 10)
			return bad(h, "Content-Length is too large");
		n = n * 10 + digit;
	}
	h->content_length = n;
	return 0;
}

static int
take_transfer_encoding(struct http_head *h, const char *start, struct slice value)
{
	(void)start;
	if (once(h, &h->have_encoding, "Transfer-Encoding is given twice") != 0)
		return -1;
	if (!equals_any_case(value, SLICE("chunked")))
		return bad(h, "Transfer-Encoding is not chunked");
	h->chunked = true;
	return 0;
}

static int
take_connection(struct http_head *h, const char *start, struct slice value)
{
	(void)start;
	while (value.n > 0) {
		const char *comma = memchr(value.p, ',', value.n);
		size_t n = comma == NULL ? value.n : (size_t)(comma - value.p);
		struct slice option = http_trim((struct slice){ value.p, n });

		if (equals_any_case(option, SLICE("close")))
			h->says_close = true;
		else if (equals_any_case(option, SLICE("keep-alive")))
			h->says_keep_alive = true;
		n += comma != NULL;
		value.p += n;
		value.n -= n;
	}
	return 0;
}

static int
take_expect(struct http_head *h, const char *start, struct slice value)
{
	(void)start;
	if (once(h, &h->have_expect, "Expect is given twice") != 0)
		return -1;
	/* RFC 9110, 10.1.1: Expect is ignored in an HTTP/1.0 request */
	if (h->http10)
		return 0;
	if (!equals_any_case(value, SLICE("100-continue")))
		return bad(h, "Expect is not 100-continue");
	h->expect_continue = true;
	return 0;
}

static int
take_private_network(struct http_head *h, const char *start, struct slice value)
{
	(void)start;
	h->asks_private_network = equals_any_case(value, SLICE("true"));
	return 0;
}

/* Fields that are interpreted here, followed by fields of which only the position is kept. */
static const struct field {
	struct slice name;
	int (*take)(struct http_head *h, const char *start, struct slice value);
} fields[] = {
	{ { "host", 4 }, take_host },
	{ { "content-length", 14 }, take_content_length },
	{ { "transfer-encoding", 17 }, take_transfer_encoding },
	{ { "connection", 10 }, take_connection },
	{ { "expect", 6 }, take_expect },
	{ { "access-control-request-private-network", 38 }, take_private_network },
};

static const struct kept {
	struct slice name;
	size_t span;       /* offset in struct http_head */
	const char *twice; /* NULL: the first one counts */
} kept[] = {
	{ { "authorization", 13 }, offsetof(struct http_head, authorization_at),
	    "Authorization is given twice" },
	{ { "origin", 6 }, offsetof(struct http_head, origin_at), "Origin is given twice" },
	{ { "accept", 6 }, offsetof(struct http_head, accept_at), NULL },
	{ { "sec-fetch-site", 14 }, offsetof(struct http_head, fetch_site_at), NULL },
	{ { "content-type", 12 }, offsetof(struct http_head, content_type_at), NULL },
	{ { "cookie", 6 }, offsetof(struct http_head, cookie_at), NULL },
	{ { "content-encoding", 16 }, offsetof(struct http_head, content_encoding_at),
	    "Content-Encoding is given twice" },
	{ { "x-signature", 11 }, offsetof(struct http_head, signature_at),
	    "X-Signature is given twice" },
	{ { "x-write-key", 11 }, offsetof(struct http_head, write_key_at),
	    "X-Write-Key is given twice" },
	{ { "access-control-request-headers", 30 }, offsetof(struct http_head, request_headers_at),
	    "Access-Control-Request-Headers is given twice" },
	{ { "bentospool-box", 14 }, offsetof(struct http_head, box_at),
	    "Bentospool-Box is given twice" },
};

static int
keep_field(struct http_head *h, const char *start, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		struct http_span *span = (struct http_span *)(void *)((char *)h + kept[i].span);

		if (!equals_any_case(name, kept[i].name))
			continue;
		if (span->there)
			return kept[i].twice == NULL ? 0 : bad(h, kept[i].twice);
		*span = span_of(start, value.p, value.n);
	}
	return 0;
}

static int
take_field(struct http_head *h, const struct http_limits *l, const char *start, struct slice line)
{
	struct slice name = { line.p, 0 }, value;

	if (http_is_blank(line.p[0]))
		return bad(h, "a header line begins with white space");
	while (name.n < line.n && http_is(line.p[name.n], HTTP_TOKEN))
		name.n++;
	if (name.n == line.n)
		return bad(h, "a header line has no colon");
	if (line.p[name.n] != ':')
		return bad(h, "a header name contains an invalid byte");
	if (name.n == 0)
		return bad(h, "a header has no name");
	if (h->n_headers == l->max_headers)
		return bad(h, "too many headers");
	h->n_headers++;
	value = http_trim((struct slice){ line.p + name.n + 1, line.n - name.n - 1 });
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (equals_any_case(name, fields[i].name))
			return fields[i].take(h, start, value);
	return keep_field(h, start, name, value);
}

/* ---- the head as a whole ------------------------------------------------------------ */

void
http_head_init(struct http_head *h)
{
	*h = (struct http_head){ 0 };
}

/*
 * Reads the next line without its CRLF. Control bytes are refused at once. Bytes past max_bytes are
 * ignored, so that a head is refused for the same reason however the network divided it.
 */
static enum http_result
next_line(struct http_head *h, const struct http_limits *l, struct slice bytes, struct slice *line)
{
	bool too_long = bytes.n > l->max_bytes;
	size_t n = too_long ? l->max_bytes : bytes.n;
	size_t i = h->scanned;

	while (i < n && !http_is(bytes.p[i], HTTP_CONTROL))
		i++;
	h->scanned = i;
	if (i < n && bytes.p[i] != '\r') {
		bad(h, bytes.p[i] == '\n' ? "a line feed without a carriage return"
					  : "a control byte in a header");
		return HTTP_BAD;
	}
	if (i + 1 < n && bytes.p[i + 1] != '\n') {
		bad(h, "a carriage return without a line feed");
		return HTTP_BAD;
	}
	if (i + 1 >= n) {
		if (!too_long)
			return HTTP_MORE;
		bad(h, "the headers are too long");
		return HTTP_BAD;
	}
	*line = (struct slice){ bytes.p + h->line_start, i - h->line_start };
	h->line_start = h->scanned = i + 2;
	return HTTP_DONE;
}

static int
check_framing(struct http_head *h)
{
	if (!h->have_host && !h->http10)
		return bad(h, "Host is missing");
	if (h->chunked && h->have_length)
		return bad(h, "both Transfer-Encoding and Content-Length");
	if (h->chunked && h->http10)
		return bad(h, "Transfer-Encoding with HTTP/1.0");
	return 0;
}

static struct slice
slice_at(const char *start, struct http_span span)
{
	return span.there ? (struct slice){ start + span.at, span.n } : SLICE_NONE;
}

static enum http_result
finish_head(struct http_head *h, const char *start)
{
	if (check_framing(h) != 0)
		return HTTP_BAD;
	h->keep_alive = !h->says_close && (!h->http10 || h->says_keep_alive);
	h->path = slice_at(start, h->path_at);
	if (h->path.n == 0)
		h->path = SLICE("/"); /* "http://host" without a path */
	h->query = slice_at(start, h->query_at);
	h->authorization = slice_at(start, h->authorization_at);
	h->origin = slice_at(start, h->origin_at);
	h->content_encoding = slice_at(start, h->content_encoding_at);
	h->signature = slice_at(start, h->signature_at);
	h->write_key = slice_at(start, h->write_key_at);
	h->host = slice_at(start, h->host_at);
	h->accept = slice_at(start, h->accept_at);
	h->request_headers = slice_at(start, h->request_headers_at);
	h->box = slice_at(start, h->box_at);
	h->content_type = slice_at(start, h->content_type_at);
	h->cookie = slice_at(start, h->cookie_at);
	h->fetch_site = slice_at(start, h->fetch_site_at);
	return HTTP_DONE;
}

enum http_result
http_head_read(
    struct http_head *h, const struct http_limits *l, struct slice bytes, size_t *ret_used)
{
	struct slice line;
	enum http_result result;
	int rc;

	if (h->error != NULL)
		return HTTP_BAD;
	while ((result = next_line(h, l, bytes, &line)) == HTTP_DONE) {
		if (line.n == 0 && h->have_request_line) {
			*ret_used = h->line_start;
			return finish_head(h, bytes.p);
		}
		rc = h->have_request_line ? take_field(h, l, bytes.p, line)
					  : take_request_line(h, bytes.p, line);
		if (rc != 0)
			return HTTP_BAD;
	}
	return result;
}
