/* Decides which events of a batch are accepted, suppressed, dropped or failed. */
#include <inttypes.h>

#include "event/json/json.h"
#include "sim/sim.h"

#define MAX_ERRORS 10 /* maximum number of errors in one answer */

static void
append_error(struct buf *b, const char *field, const char *message)
{
	buf_printf(b, "%s{\"field\":", b->n > 0 ? "," : "{\"errors\":[");
	json_string_append(b, slice_from(field));
	buf_append_literal(b, ",\"message\":");
	json_string_append(b, slice_from(message));
	buf_append_byte(b, '}');
}

static void
reply_422(struct sim_reply *reply, const char *field, const char *message)
{
	reply->status = 422;
	buf_clear(&reply->body);
	append_error(&reply->body, field, message);
	buf_append_literal(&reply->body, "]}");
}

static bool
matches(const struct fault_refusal *refusal, const struct batch_item *item)
{
	return fault_glob_match(refusal->glob, item->email)
	       || (item->type.p != NULL && fault_glob_match(refusal->glob, item->type));
}

/* Returns the first fault that refuses the item, alone or with its whole batch; NULL: none does. */
static const struct fault_refusal *
find_refusal(const struct fault_effect *effect, const struct batch_item *item, bool whole_batch)
{
	for (size_t i = 0; i < effect->n_refusals; i++)
		if (effect->refusal[i].whole_batch == whole_batch
		    && matches(&effect->refusal[i], item))
			return &effect->refusal[i];
	return NULL;
}

/* Whether one bad event makes the whole batch fail; if so, makes the answer. */
static bool
refuse_batch(const struct sim *s, const struct sim_request *q, struct sim_reply *reply)
{
	const struct batch *b = &s->batch;
	const struct fault_refusal *refusal;
	unsigned status = 422;
	size_t errors = 0;

	for (size_t i = 0; i < b->n && errors < MAX_ERRORS; i++) {
		const struct batch_item *item = &b->item[i];

		refusal = find_refusal(&q->effect, item, true);
		if (refusal != NULL)
			status = refusal->status;
		if (item->bad_field != NULL && s->o->invalid == SIM_INVALID_422) {
			append_error(&reply->body, item->bad_field, item->bad_message);
			errors++;
		} else if (refusal != NULL) {
			append_error(&reply->body, "email", "is refused");
			errors++;
		}
	}
	if (errors == 0)
		return false;
	buf_append_literal(&reply->body, "]}");
	reply->status = status;
	return true;
}

/* Whether the batch is too large; if so, makes the answer. */
static bool
refuse_size(const struct sim *s, struct sim_reply *reply)
{
	if (s->batch.n <= s->o->max_events)
		return false;
	switch (s->o->over) {
	case SIM_OVER_400:
		sim_reply_error(reply, 400, "too many events in one batch");
		return true;
	case SIM_OVER_413:
		sim_reply_error(reply, 413, "too many events in one batch");
		return true;
	case SIM_OVER_422:
		reply_422(reply, "events", "has too many items");
		return true;
	case SIM_OVER_ACCEPT:
	case SIM_OVER_FIRST:
		return false;
	}
	return false;
}

/* Returns how many events from the front are considered; the others fail. */
static size_t
count_looked_at(const struct sim *s, const struct sim_request *q)
{
	size_t n = s->batch.n;

	if (s->o->over == SIM_OVER_FIRST && n > s->o->max_events)
		n = s->o->max_events;
	if (q->effect.partial > 0)
		n = (size_t)q->effect.partial < n ? n - (size_t)q->effect.partial : 0;
	return n;
}

/* Whether the item's unique key was seen before; remembers it if not. */
static bool
is_known(struct sim *s, const struct batch_item *item)
{
	struct slice part[3] = { buf_slice(&s->site), item->unique, item->type };
	uint64_t hash;

	if (item->unique.p == NULL)
		return false;
	hash = unique_hash(part, s->o->scope == SIM_SCOPE_TYPE ? 3 : 2);
	if (unique_has(&s->unique, hash))
		return true;
	unique_add(&s->unique, hash);
	return false;
}

static void
take_item(struct sim *s, const struct batch_item *item, struct record_event *line,
    struct sim_reply *reply)
{
	line->suppressed = false;
	line->raw = item->raw;
	if (item->dropped) {
		s->stats.dropped++;
		reply->results++;
	} else if (is_known(s, item)) {
		reply->suppressed++;
		if (s->o->suppressed == SIM_SUPPRESSED_RESULTS)
			reply->results++;
		else
			reply->failed++;
		line->suppressed = true;
		if (s->o->record_suppressed)
			record_add_event(&s->record, line);
	} else {
		s->stats.accepted++;
		reply->results++;
		record_add_event(&s->record, line);
	}
}

static void
take_items(
    struct sim *s, const struct sim_request *q, enum batch_kind kind, struct sim_reply *reply)
{
	struct record_event line = {
		.request = q->n,
		.site_uuid = buf_slice(&s->site),
		.member = batch_member_name(kind),
	};
	size_t n = count_looked_at(s, q);

	reply->failed = s->batch.n - n;
	for (size_t i = 0; i < n; i++) {
		const struct batch_item *item = &s->batch.item[i];

		if (item->bad_field != NULL || find_refusal(&q->effect, item, false) != NULL)
			reply->failed++;
		else
			take_item(s, item, &line, reply);
	}
	s->stats.failed += reply->failed;
	s->stats.suppressed += reply->suppressed;
}

void
sim_take_batch(
    struct sim *s, const struct sim_request *request, enum batch_kind kind, struct sim_reply *reply)
{
	reply->events = s->batch.n;
	s->stats.received += s->batch.n;
	if (!s->batch.has_list) {
		reply->status = 400;
		buf_printf(&reply->body, "{\"error\":\"%s is missing\"}", batch_list_name(kind));
		return;
	}
	if (s->batch.n == 0) {
		reply_422(reply, batch_list_name(kind), "can't be blank");
		return;
	}
	if (refuse_size(s, reply) || refuse_batch(s, request, reply))
		return;
	take_items(s, request, kind, reply);
	reply->status = s->o->ok_status;
	buf_printf(&reply->body, "{\"results\":%" PRIu64 ",\"failed\":%" PRIu64 "}", reply->results,
	    reply->failed);
}
