/*
 * segment_parse and json_string_append as far as tests of ingest need them, on cJSON: for as long
 * as event/ has none to link.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "event/json.h"
#include "event/segment.h"

void
json_string_append(struct buf *to, struct slice text)
{
	buf_append_literal(to, "\"");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_append_byte(to, '\\');
		buf_append_byte(to, text.p[i]);
	}
	buf_append_literal(to, "\"");
}

void
segment_request_init(struct segment_request *r)
{
	*r = (struct segment_request){ 0 };
	buf_init(&r->scratch, 65536);
}

void
segment_request_free(struct segment_request *r)
{
	free(r->events);
	buf_free(&r->scratch);
	segment_request_init(r);
}

static int
refuse(struct segment_request *r, struct err *e, const char *code)
{
	r->code = code;
	return err_set(e, ERR_INPUT, "the body is refused: %s at byte 0", code);
}

static int
take_events(struct segment_request *r, const cJSON *object, struct err *e)
{
	const cJSON *batch = cJSON_GetObjectItem(object, "batch");
	const cJSON *key = cJSON_GetObjectItem(object, "writeKey");
	size_t n = 1;

	if (r->shape == SEGMENT_BATCH && !cJSON_IsArray(batch))
		return refuse(r, e, "batch_missing");
	if (r->shape == SEGMENT_BATCH)
		n = (size_t)cJSON_GetArraySize(batch);
	if (n == 0)
		return refuse(r, e, "empty_batch");
	if (cJSON_IsString(key)) {
		buf_append_slice(&r->scratch, slice_from(key->valuestring));
		r->write_key = buf_slice(&r->scratch);
	}
	r->n_events = n;
	if (n > r->cap_events) {
		free(r->events);
		r->events = calloc(n, sizeof(*r->events));
		r->cap_events = n;
	}
	for (size_t i = 0; i < n; i++)
		r->events[i] = (struct segment_event){ .body = r->body, .kind = r->path_kind };
	return 0;
}

int
segment_parse(struct segment_request *r, struct err *e)
{
	cJSON *object = cJSON_ParseWithLength(r->body.p, r->body.n);
	int rc;

	buf_clear(&r->scratch);
	r->write_key = r->context = r->integrations = r->sent_at = SLICE_NONE;
	if (cJSON_IsObject(object))
		rc = take_events(r, object, e);
	else
		rc = refuse(r, e, "invalid_json");
	cJSON_Delete(object);
	return rc;
}
