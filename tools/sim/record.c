/*
 * Records events and requests as lines of JSON in a file that tests read. Lines collect in a
 * buffer and are written before the answer; a write error is returned, because a test must not
 * miss one.
 */
#include "sim/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/isotime.h"
#include "event/json/json.h"

#define MAX_LINES ((size_t)256 << 20) /* bytes for one request: its events, each with a frame */

int
record_open(struct record *r, const char *path, struct err *e)
{
	*r = (struct record){ .fd = -1, .path = path };
	buf_init(&r->lines, MAX_LINES);
	if (path == NULL)
		return 0;
	r->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return r->fd < 0 ? err_sys(e, "%s", path) : 0;
}

void
record_close(struct record *r)
{
	buf_free(&r->lines);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* JSON allows raw line breaks only between tokens, so they can become blanks. */
static void
append_one_line(struct buf *b, struct slice raw)
{
	size_t start = b->n;

	buf_append_slice(b, raw);
	if (memchr(raw.p, '\n', raw.n) == NULL && memchr(raw.p, '\r', raw.n) == NULL)
		return;
	for (size_t i = start; i < b->n; i++)
		if (b->p[i] == '\n' || b->p[i] == '\r')
			b->p[i] = ' ';
}

void
record_add_event(struct record *r, const struct record_event *event)
{
	struct buf *b = &r->lines;

	if (r->fd < 0)
		return;
	buf_printf(b, "{\"request\":%" PRIu64 ",\"site_uuid\":", event->request);
	json_string_append(b, event->site_uuid);
	if (event->suppressed)
		buf_append_literal(b, ",\"suppressed\":true");
	buf_printf(b, ",\"%s\":", event->member);
	append_one_line(b, event->raw);
	buf_append_literal(b, "}\n");
}

void
record_add_request(struct record *r, const struct record_request *request)
{
	struct buf *b = &r->lines;
	char time[ISOTIME_SIZE];

	if (r->fd < 0)
		return;
	isotime_format(request->wall_ms, time);
	buf_printf(b, "{\"request\":%" PRIu64 ",\"time\":\"%s\",\"method\":", request->n, time);
	json_string_append(b, request->method);
	buf_append_literal(b, ",\"path\":");
	json_string_append(b, request->path);
	buf_printf(b, ",\"status\":%u,\"authorization\":", request->status);
	json_string_append(b, request->authorization);
	buf_append_literal(b, ",\"user_agent\":");
	json_string_append(b, request->user_agent);
	buf_printf(b,
	    ",\"events\":%" PRIu64 ",\"results\":%" PRIu64 ",\"failed\":%" PRIu64
	    ",\"suppressed\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"fault\":",
	    request->events, request->results, request->failed, request->suppressed,
	    request->bytes);
	json_string_append(b, slice_from(request->fault));
	buf_append_literal(b, "}\n");
}

int
record_flush(struct record *r, struct err *e)
{
	size_t done = 0;

	if (r->lines.failed)
		return err_nomem(e);
	while (done < r->lines.n) {
		ssize_t n = write(r->fd, r->lines.p + done, r->lines.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s", r->path);
		done += (size_t)n;
	}
	buf_clear(&r->lines);
	return 0;
}
