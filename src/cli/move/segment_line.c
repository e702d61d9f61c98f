/*
 * Segment calls from a file. Each line is validated and admitted by the same code as a server's
 * call, with the settings of one site, and becomes lines like those of an export. An event without
 * a messageId gets one made from its bytes. A line that is not a call is ERR_INPUT.
 */
#include "cli/move/segment_line.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/isotime.h"
#include "base/secret/siphash.h"
#include "daemon/wiring.h"
#include "event/json/json.h"
#include "ingest/admission.h"
#include "outbox/lines/import_line.h"
#include "outbox/lines/line_reader.h"

#define LINE_FACTOR 2 /* an output line can contain names and addresses twice */
#define MADE_ID_SIZE 48

int
segment_lines_open(struct segment_lines *s, const struct config *c, const char *site, struct err *e)
{
	const struct config_site *settings = config_find_site(c, site);
	struct ingest_site_options options;
	struct identity_site identity;

	if (settings == NULL)
		return err_set(e, ERR_INPUT,
		    "the file has Segment calls, and the configuration lacks their site \"%.64s\": "
		    "name another configuration with -c",
		    site);
	*s = (struct segment_lines){
		.site = site,
		.max_event = (size_t)c->ingest.max_event,
		.max_message_id = (size_t)c->ingest.max_message_id,
	};
	wiring_site_ingest(settings, 0, &options);
	wiring_identity(settings, 0, &identity);
	s->has_ids = identity.max_ids > 0;
	options.erase = false; /* an old delete call is not a request to erase today */
	if (admission_new(&options, 1, &s->admission, e) != 0)
		return -1;
	segment_request_init(&s->request);
	buf_init(&s->line, (size_t)LINE_FACTOR * LINE_MAX_BYTES + ISOTIME_SIZE);
	return 0;
}

void
segment_lines_close(struct segment_lines *s)
{
	admission_free(s->admission);
	segment_request_free(&s->request);
	buf_free(&s->line);
}

/* Returns the time at which Segment received the call, which Segment's archives record. Returns
 * now when the line has no such time or a time in the future. */
static int64_t
find_received(struct slice line, int64_t now)
{
	struct json_value value;
	struct slice key;
	struct json j;
	int64_t at;

	json_init(&j, line, JSON_MAX_DEPTH);
	if (json_peek(&j) != JSON_OBJECT || json_object_begin(&j) != 0)
		return now;
	while (json_object_next(&j, &key) == 1 && json_skip(&j, &value) == 0)
		if (json_string_is(key, "receivedAt") && value.type == JSON_STRING
		    && isotime_parse((struct slice){ value.raw.p + 1, value.raw.n - 2 }, &at) == 0
		    && at > 0 && at < now)
			return at;
	return now;
}

int
segment_lines_read(struct segment_lines *s, struct slice line, int64_t now, struct err *e)
{
	struct segment_request *r = &s->request;

	r->body = line;
	r->shape = SEGMENT_ARRAY;
	r->path_kind = KIND_UNKNOWN;
	r->received_at = find_received(line, now);
	r->max_depth = JSON_MAX_DEPTH;
	r->max_event = s->max_event;
	r->max_message_id = s->max_message_id;
	if (segment_parse(r, e) != 0)
		return -1;
	admission_apply(s->admission, 0, r, false);
	return r->n_events < INT_MAX ? (int)r->n_events : err_nomem(e);
}

/* Equal bytes get equal ids, so that importing them again stores nothing twice. */
static struct slice
make_id(struct slice body, char text[MADE_ID_SIZE])
{
	static const struct siphash_key keys[] = { { 1, 2 }, { 3, 4 } };
	int n = snprintf(text, MADE_ID_SIZE, "import-%016llx%016llx",
	    (unsigned long long)siphash(&keys[0], body.p, body.n),
	    (unsigned long long)siphash(&keys[1], body.p, body.n));

	return (struct slice){ text, (size_t)n };
}

/* Whether an event without an address is imported: the outbox finds the address by the ids, or
 * keeps the event until an identify call gives one. */
static bool
may_wait(const struct segment_event *event)
{
	return segment_has_no_email(event) && event->kind != KIND_DELETE
	       && (event->user_id.p != NULL || event->anonymous_id.p != NULL);
}

/* In JSON a line break occurs only between tokens, so a blank can replace it. */
static void
join(struct buf *line)
{
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] == '\n' || line->p[i] == '\r')
			line->p[i] = ' ';
}

int
segment_lines_event(struct segment_lines *s, size_t i, struct slice *ret_line, struct err *e)
{
	const struct segment_event *event = &s->request.events[i];
	char made[MADE_ID_SIZE];
	struct import_line line = {
		.site = slice_from(s->site),
		.message_id = event->message_id,
		.kind = event->kind,
		.name = event->name,
		.email = event->email,
		.status = event->status,
		.reason = slice_from(event->reason),
		.error = slice_from(event->detail),
		.received_at = s->request.received_at,
		.occurred_at = event->occurred_at,
		.body = event->body,
	};

	if (s->has_ids && may_wait(event)) {
		line.status = STATUS_PENDING;
		line.reason = SLICE_NONE;
	}
	if (line.message_id.n == 0)
		line.message_id = make_id(event->body, made);
	buf_clear(&s->line);
	import_line_append(&line, &s->line);
	if (s->line.failed)
		return err_nomem(e);
	join(&s->line);
	*ret_line = buf_slice(&s->line);
	return 0;
}
