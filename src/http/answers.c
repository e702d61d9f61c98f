/*
 * Prints responses: status line, headers, and a body in Segment's or Bento's format. The common 200
 * is printed once a second and reused. Fails only without memory, which ends the connection.
 */
#include "http/answers.h"

#include <stdio.h>
#include <time.h>

#include "event/json/json.h"
#include "http/http.h"

enum { OK_KEPT, OK_CLOSE, OK_HTTP10 };

static const char *
reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Answer";
}

static void
print_member(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	json_string_append(b, slice_from(value));
}

/* A box records the answer: with first_event_id a person finds its events here. */
static void
print_fleet(struct buf *b, const struct answer *a)
{
	buf_printf(b, ",\"stored\":%zu,\"duplicates\":%zu", a->stored, a->duplicates);
	if (a->first_event_id != 0)
		buf_printf(b, ",\"first_event_id\":%lld", (long long)a->first_event_id);
	if (a->reused_event_id != 0)
		buf_printf(b,
		    ",\"error\":\"not stored: event %lld here has the same messageId and other "
		    "content\"",
		    (long long)a->reused_event_id);
}

static void
print_bento_body(struct buf *b, const struct answer *a)
{
	if (a->code == NULL) {
		buf_printf(b, "{\"results\":%zu,\"failed\":%zu", a->results, a->failed);
		if (a->fleet)
			print_fleet(b, a);
		buf_append_byte(b, '}');
		return;
	}
	buf_append_literal(b, "{\"error\":");
	json_string_append(b, slice_from(a->message));
	buf_append_byte(b, '}');
}

/* Three members, because the SDKs look in three places (doc/segment.md, Answers). */
void
answers_append_refusal(struct buf *to, const char *code, const char *message)
{
	buf_append_literal(to, "{\"success\":false");
	print_member(to, "code", code);
	print_member(to, "message", message);
	print_member(to, "error", message);
	buf_append_byte(to, '}');
}

static void
print_body(struct buf *b, const struct answer *a, const struct answer_manner *m)
{
	if (a->status == 204)
		return;
	if (a->content != NULL) {
		buf_append_slice(b, a->content->body);
		return;
	}
	if (m->bento) {
		print_bento_body(b, a);
		return;
	}
	if (a->code == NULL) {
		buf_append_literal(b, "{\"success\": true}");
		return;
	}
	answers_append_refusal(b, a->code, a->message);
}

void
answers_append_allowed(struct buf *to, struct slice requested)
{
	while (requested.n > 0) {
		const char *comma = memchr(requested.p, ',', requested.n);
		size_t n = comma == NULL ? requested.n : (size_t)(comma - requested.p);
		struct slice name = http_trim((struct slice){ requested.p, n });

		if (http_is_token(name) && name.n <= ANSWER_ALLOW_NAME_MAX
		    && to->n + name.n + 2 <= ANSWER_ALLOW_MAX) {
			buf_append_literal(to, ", ");
			for (size_t i = 0; i < name.n; i++)
				buf_append_byte(to, http_lower(name.p[i]));
		}
		n += comma != NULL;
		requested.p += n;
		requested.n -= n;
	}
}

/* Tracing libraries add headers to the requests of a page: a preflight allows the headers that it
 * asks for. */
static void
print_preflight(struct buf *b, const struct answer_manner *m)
{
	buf_append_literal(b, "Access-Control-Allow-Methods: POST, OPTIONS\r\n"
			      "Access-Control-Allow-Headers: authorization, content-type, "
			      "x-retry-count");
	buf_append_slice(b, m->allow);
	buf_append_literal(b, "\r\nAccess-Control-Max-Age: 86400\r\n"
			      "Vary: Origin, Access-Control-Request-Headers\r\n");
	if (m->private_network)
		buf_append_literal(b, "Access-Control-Allow-Private-Network: true\r\n");
}

static void
print_cors(struct buf *b, const struct answer_manner *m)
{
	if (m->origin.p == NULL)
		return;
	buf_append_literal(b, "Access-Control-Allow-Origin: ");
	buf_append_slice(b, m->origin);
	/* Browsers send a JSON beacon with credentials: the answer to its preflight must allow
	 * them. */
	buf_append_literal(b, "\r\nAccess-Control-Allow-Credentials: true\r\n"
			      "Access-Control-Expose-Headers: Retry-After\r\n");
	if (m->preflight)
		print_preflight(b, m);
	else
		buf_append_literal(b, "Vary: Origin\r\n");
}

static void
print_head(struct buf *b, const struct answers *all, const struct answer *a,
    const struct answer_manner *m, size_t body_n)
{
	buf_printf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s", a->status, reason_phrase(a->status),
	    all->date, all->headers);
	if (a->status != 204)
		buf_printf(b, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    a->content == NULL ? "application/json" : a->content->type, body_n);
	if (a->content != NULL)
		buf_append_slice(b, slice_from(a->content->headers));
	if (a->retry_after > 0)
		buf_printf(b, "Retry-After: %u\r\n", a->retry_after);
	if (a->allow != NULL)
		buf_printf(b, "Allow: %s\r\n", a->allow);
	if (a->status == 415)
		buf_append_literal(b, "Accept-Encoding: gzip\r\n");
	/* A page must not make the browser ask its user for a password. */
	if (a->status == 401 && all->challenge != NULL)
		buf_printf(b, "WWW-Authenticate: %s\r\n", all->challenge);
	else if (a->status == 401 && m->origin.p == NULL)
		buf_printf(b, "WWW-Authenticate: Basic realm=\"%s\"\r\n",
		    m->bento ? "Bento" : "write key");
	print_cors(b, m);
	if (m->close)
		buf_append_literal(b, "Connection: close\r\n");
	else if (m->http10)
		buf_append_literal(b, "Connection: keep-alive\r\n");
	buf_append_literal(b, "\r\n");
}

static struct slice
print(struct answers *a, const struct answer *answer, const struct answer_manner *m)
{
	buf_clear(&a->text);
	buf_clear(&a->body);
	print_body(&a->body, answer, m);
	print_head(&a->text, a, answer, m, a->body.n);
	if (!m->head_only)
		buf_append_slice(&a->text, buf_slice(&a->body));
	if (a->text.failed || a->body.failed)
		return (struct slice){ "", 0 };
	return buf_slice(&a->text);
}

static bool
is_plain_ok(const struct answer *a, const struct answer_manner *m)
{
	return a->status == 200 && a->code == NULL && a->content == NULL && m->origin.p == NULL
	       && !m->head_only && !m->bento;
}

struct slice
answers_print(struct answers *a, const struct answer *answer, const struct answer_manner *m)
{
	int i = m->close ? OK_CLOSE : m->http10 ? OK_HTTP10 : OK_KEPT;

	if (is_plain_ok(answer, m))
		return (struct slice){ a->ok[i], a->ok_n[i] };
	return print(a, answer, m);
}

/* ---- the date ----------------------------------------------------------------------- */

/* RFC 9110, 5.6.7. strftime would use the names of the locale. */
static void
print_date(char *to, size_t size, int64_t second)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)second;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return;
	snprintf(to, size, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
answers_set_time(struct answers *a, int64_t now)
{
	static const struct answer ok = { .status = 200 };
	static const struct answer_manner manners[] = {
		[OK_KEPT] = { 0 },
		[OK_CLOSE] = { .close = true },
		[OK_HTTP10] = { .http10 = true },
	};

	if (now / 1000 == a->second)
		return;
	a->second = now / 1000;
	print_date(a->date, sizeof(a->date), a->second);
	for (size_t i = 0; i < 3; i++) {
		struct slice text = print(a, &ok, &manners[i]);

		a->ok_n[i] = text.n < sizeof(a->ok[i]) ? text.n : 0;
		memcpy(a->ok[i], text.p, a->ok_n[i]);
	}
}

void
answers_init(struct answers *a, int64_t now, size_t max_content, const char *headers)
{
	*a = (struct answers){ .second = INT64_MIN, .headers = headers };
	buf_init(&a->text, ANSWER_MAX + max_content);
	buf_init(&a->body, ANSWER_MAX + max_content);
	answers_set_time(a, now);
}

void
answers_free(struct answers *a)
{
	buf_free(&a->text);
	buf_free(&a->body);
}
