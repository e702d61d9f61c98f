/* Makes the bytes of a reply from its status, headers and body. */
#include "sim/reply.h"

#include <time.h>

/* Appends an HTTP date. Its names of days and months are English, because the program sets no
 * locale. */
static void
append_date(struct buf *to, const char *header, int64_t ahead_s)
{
	time_t t = (time_t)(clock_wall(&clock_system) / 1000 + ahead_s);
	struct tm tm;
	char text[64];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_printf(to, "%s: %s\r\n", header, text);
}

void
reply_append(struct buf *to, const struct sim_reply *reply, const struct fault_effect *effect,
    bool says_close)
{
	buf_printf(to, "HTTP/1.1 %u %s\r\n", reply->status, http_reason(reply->status));
	append_date(to, "Date", 0);
	if (reply->content_type != NULL)
		buf_printf(to, "Content-Type: %s\r\n", reply->content_type);
	if (effect != NULL && effect->retry_after_date >= 0)
		append_date(to, "Retry-After", effect->retry_after_date);
	else if (reply->retry_after >= 0)
		buf_printf(to, "Retry-After: %lld\r\n", (long long)reply->retry_after);
	if (effect != NULL && effect->location[0] != '\0')
		buf_printf(to, "Location: %s\r\n", effect->location);
	if (reply->status == 401)
		buf_append_literal(to, "WWW-Authenticate: Basic realm=\"Application\"\r\n");
	if (says_close)
		buf_append_literal(to, "Connection: close\r\n");
	if (reply->status != 204 && reply->status != 304)
		buf_printf(to, "Content-Length: %zu\r\n\r\n", reply->body.n);
	else
		buf_append_literal(to, "\r\n");
	if (reply->status != 204 && reply->status != 304)
		buf_append_slice(to, buf_slice(&reply->body));
}
