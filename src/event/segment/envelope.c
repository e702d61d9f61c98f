/*
 * Reads a request's body once. The members around a batch (sentAt, and the context that its events
 * share) may follow the events. They are then applied at the end, from a few facts kept for each
 * event, without reading the events again. Fails when the body is not JSON of this structure, and
 * without memory.
 */
#include "event/json/json.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"
#include "event/segment/segment.h"
#include "event/segment/segment_build.h"

/* The members of the body that concern the whole request. */
struct envelope {
	enum json_type batch; /* JSON_NONE when the key is missing */
	struct json_value context;
	struct json_value integrations;
	struct json_value options, providers; /* older places of integrations */
	struct json_value sent_at;
	struct json_value write_key;
	struct person_place traits;
};

/* Stores a member that is not an object as an invalid event. */
static int
read_member(struct segment_request *r, struct json *j)
{
	struct event_fields f;

	return json_peek(j) == JSON_OBJECT ? segment_read_event(r, j, &f)
					   : segment_keep_stray(r, j, KIND_UNKNOWN);
}

static int
read_envelope(struct segment_request *r, struct json *j, struct envelope *env)
{
	struct json_value value;
	struct slice raw_key;
	int more, rc;

	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &raw_key)) > 0) {
		enum event_key key = event_key(raw_key);

		if (key == KEY_BATCH)
			rc = segment_read_list(r, j, &env->batch, read_member);
		else if (key == KEY_CONTEXT)
			rc = event_context_read(
			    j, &env->traits, &env->context, &r->older_integrations);
		else
			rc = json_skip(j, key == KEY_SENT_AT        ? &env->sent_at
					  : key == KEY_INTEGRATIONS ? &env->integrations
					  : key == KEY_WRITE_KEY    ? &env->write_key
					  : key == KEY_OPTIONS      ? &env->options
					  : key == KEY_PROVIDERS    ? &env->providers
								    : &value);
		if (rc != 0)
			return -1;
	}
	return more;
}

static int
read_single(struct segment_request *r, struct json *j, struct envelope *env)
{
	struct event_fields f;

	if (segment_read_event(r, j, &f) != 0)
		return -1;
	env->write_key = f.value[KEY_WRITE_KEY];
	return 0;
}

static int
complete_events(struct segment_request *r, const struct envelope *env)
{
	struct person_sources sources = { .place[PERSON_BATCH_TRAITS] = env->traits };
	struct person person;
	int64_t sent_at;
	bool has_sent_at = segment_read_time(r, &env->sent_at, &sent_at);

	if (person_find(&sources, &r->scratch, &person) != 0 || segment_explain_excess(r) != 0)
		return -1;
	for (size_t i = 0; i < r->n_events; i++) {
		struct segment_event *event = &r->events[i];

		if (event->wants_sent_at && has_sent_at)
			segment_correct_time(r, event, sent_at);
		else if (event->wants_sent_at)
			segment_keep_time(r, event, event->occurred_at);
		if (person.email.p != NULL)
			segment_give_batch_email(event, person.email);
	}
	return 0;
}

/* Returns the name of the list of events, for messages. */
static const char *
name_of_batch(const struct segment_request *r)
{
	return r->shape == SEGMENT_BATCH ? "\"batch\"" : "the array";
}

static int
refuse(struct segment_request *r, struct err *e, const char *code, const char *what)
{
	r->n_events = 0;
	r->code = code;
	return err_set(e, ERR_INPUT, "%s", what);
}

static int
refuse_json(struct segment_request *r, struct err *e, const struct json *j)
{
	refuse(r, e, "invalid_json", "");
	return err_set(
	    e, ERR_INPUT, "the body is not valid JSON: %s at byte %zu", j->error, json_offset(j));
}

static int
refuse_memory(struct segment_request *r, struct err *e)
{
	if (r->code == segment_too_many_events) {
		refuse(r, e, segment_too_many_events, "");
		return err_set(e, ERR_INPUT,
		    "%s holds more than %zu events, too many for the memory: post smaller "
		    "batches",
		    name_of_batch(r), r->max_events);
	}
	refuse(r, e, "out_of_memory", "");
	return err_nomem(e);
}

/* Returns what is wrong with a body that is JSON of the right type. */
static int
check_batch(struct segment_request *r, const struct envelope *env, struct err *e)
{
	if (env->batch == JSON_NONE)
		return refuse(r, e, "batch_missing", "the body has no member \"batch\"");
	if (env->batch != JSON_ARRAY && env->batch != JSON_OBJECT)
		return refuse(r, e, "batch_not_array", "\"batch\" is not an array");
	if (r->n_events == 0) {
		refuse(r, e, "empty_batch", "");
		return err_set(e, ERR_INPUT, "%s holds no event", name_of_batch(r));
	}
	return 0;
}

/*
 * Decoded text is never longer than its form in the body, and each string is decoded once. A
 * scratch as large as the body therefore never moves, and slices into it stay valid.
 */
int
segment_prepare(struct segment_request *r)
{
	r->n_events = r->n_origins = r->n_excess = 0;
	r->code = NULL;
	r->older_integrations = false;
	r->write_key = r->context = r->integrations = r->sent_at = SLICE_NONE;
	r->site_uuid = SLICE_NONE;
	buf_clear(&r->scratch);
	r->scratch.max = r->body.n;
	if (r->body.n == 0 || memchr(r->body.p, '\\', r->body.n) == NULL)
		return 0;
	return buf_reserve(&r->scratch, r->body.n) == NULL ? -1 : 0;
}

static bool
may_begin_with(const struct segment_request *r, enum json_type type)
{
	return type == JSON_OBJECT || (type == JSON_ARRAY && r->shape == SEGMENT_ARRAY);
}

static int
refuse_type(struct segment_request *r, struct err *e, struct json *j)
{
	struct json_value value;

	if (json_skip(j, &value) != 0 || json_finish(j) != 0)
		return refuse_json(r, e, j);
	return refuse(r, e, "not_object",
	    r->shape == SEGMENT_ARRAY ? "the body is JSON, but neither an object nor an array"
				      : "the body is JSON, but not an object");
}

static int
read_body(struct segment_request *r, struct json *j, struct envelope *env)
{
	int rc;

	if (r->shape == SEGMENT_BATCH)
		return read_envelope(r, j, env);
	if (json_peek(j) == JSON_ARRAY)
		return segment_read_list(r, j, &env->batch, read_member);
	rc = read_single(r, j, env);
	if (r->shape == SEGMENT_ARRAY)
		env->write_key = (struct json_value){ 0 };
	return rc;
}

/*
 * Returns the batch's integrations or, when it has an older place, an object with all of them,
 * which integrations_allow reads. That object is never longer than its parts in the body, so
 * scratch has room.
 */
static int
take_integrations(struct segment_request *r, const struct envelope *env)
{
	const struct {
		const char *name;
		const struct json_value *value;
	} places[] = { { "\"integrations\":", &env->integrations },
		{ "\"options\":", &env->options }, { "\"providers\":", &env->providers } };
	size_t before = r->scratch.n;

	r->integrations = env->integrations.raw;
	if (env->options.type == JSON_NONE && env->providers.type == JSON_NONE)
		return 0;
	/* Reserves all room now, so that nothing in scratch moves later. */
	if (buf_reserve(&r->scratch, r->scratch.max - before) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (places[i].value->type == JSON_NONE)
			continue;
		buf_append_byte(&r->scratch, r->scratch.n == before ? '{' : ',');
		buf_append_slice(&r->scratch, slice_from(places[i].name));
		buf_append_slice(&r->scratch, places[i].value->raw);
	}
	buf_append_byte(&r->scratch, '}');
	r->integrations = (struct slice){ r->scratch.p + before, r->scratch.n - before };
	return r->scratch.failed ? -1 : 0;
}

int
segment_parse(struct segment_request *r, struct err *e)
{
	struct envelope env = { 0 };
	struct json j;
	int rc;

	if (segment_prepare(r) != 0)
		return refuse_memory(r, e);
	json_init(&j, r->body, r->max_depth);
	if (!may_begin_with(r, json_peek(&j)))
		return refuse_type(r, e, &j);
	r->is_array = json_peek(&j) == JSON_ARRAY;
	rc = read_body(r, &j, &env);
	if (rc != 0 && j.error == NULL)
		return refuse_memory(r, e);
	if (json_finish(&j) != 0)
		return refuse_json(r, e, &j);
	if ((r->is_array || r->shape == SEGMENT_BATCH) && check_batch(r, &env, e) != 0)
		return -1;
	if (complete_events(r, &env) != 0 || take_integrations(r, &env) != 0)
		return refuse_memory(r, e);
	r->write_key = segment_decode(r, &env.write_key);
	r->context = env.context.raw;
	r->sent_at = env.sent_at.raw;
	return 0;
}
