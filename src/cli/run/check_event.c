/*
 * Takes a body through the daemon's steps - parse, admit, map - without a database, and prints the
 * result for each of its events. A body that the daemon would refuse with 400 is an error.
 */
#include "cli/run/check_event.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/test_event.h"
#include "cli/verbs.h"
#include "config/mapping.h"
#include "daemon/wiring.h"
#include "event/json/json.h"
#include "ingest/admission.h"
#include "ingest/ingest.h"
#include "report/reasons.h"
#include "term/pretty.h"
#include "term/table.h"

#define PRINT_MAX (16u << 20)
#define FIELD 8
#define SITE_ID 1 /* without a database any id works */

struct check {
	const struct options *options;
	const struct config_site *site;
	struct mapping_options mapping;
	struct segment_request request;
	bool all_sent;
	/* the object for the current event */
	struct buf sent;
	struct mapped mapped;
	const char *reason; /* why it is not sent; NULL when it is */
	enum event_status status;
};

/* ---- reading -------------------------------------------------------------------------------- */

static enum segment_shape
shape_of(struct slice body)
{
	struct json_value value;
	bool batch = false;
	struct slice key;
	struct json j;

	json_init(&j, body, JSON_MAX_DEPTH);
	if (json_peek(&j) == JSON_ARRAY)
		return SEGMENT_ARRAY;
	if (json_object_begin(&j) != 0)
		return SEGMENT_SINGLE;
	while (json_object_next(&j, &key) > 0 && json_skip(&j, &value) == 0)
		batch = batch || json_string_is(key, "batch");
	return batch ? SEGMENT_BATCH : SEGMENT_SINGLE;
}

static int
parse(struct check *k, const struct config *c, struct slice body, struct err *e)
{
	struct segment_request *r = &k->request;

	r->body = body;
	r->shape = shape_of(body);
	r->path_kind = KIND_UNKNOWN;
	r->received_at = clock_wall(&clock_system);
	r->max_depth = JSON_MAX_DEPTH;
	r->max_event = (size_t)c->ingest.max_event;
	r->max_message_id = (size_t)c->ingest.max_message_id;
	return segment_parse(r, e);
}

/* Applies the site's rules, as the daemon does at receipt. */
static int
admit(struct check *k, struct err *e)
{
	struct ingest_site_options site;
	struct admission *admission;

	wiring_site_ingest(k->site, SITE_ID, &site);
	if (admission_new(&site, 1, &admission, e) != 0)
		return -1;
	admission_apply(admission, SITE_ID, &k->request, false);
	admission_free(admission);
	return 0;
}

/* ---- one event ------------------------------------------------------------------------------ */

/* Whether the daemon would keep an event without an address until an identify call gives one. */
static bool
may_await_identity(const struct check *k, const struct segment_event *event)
{
	return k->site->identity_wait > 0 && k->site->identity_max > 0
	       && (event->user_id.p != NULL || event->anonymous_id.p != NULL);
}

static int
map(struct check *k, const struct segment_event *event, struct err *e)
{
	const struct mapping_input in = {
		.body = event->body,
		.context = k->request.context,
		.batch_integrations = k->request.integrations,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at,
		.kind = event->kind,
	};

	buf_clear(&k->sent);
	k->status = event->status;
	k->reason = event->reason;
	if (segment_has_no_email(event) && may_await_identity(k, event)) {
		k->status = STATUS_PENDING;
		k->reason = "awaiting_identity";
	}
	if (event->status != STATUS_PENDING || event->email.p == NULL)
		return 0;
	if (mapping_append(&k->mapping, &in, &k->sent, &k->mapped, &k->reason) == 0)
		return 0;
	if (k->reason == NULL)
		return err_nomem(e);
	k->status = mapping_status(k->reason);
	return 0;
}

static bool
is_sent(const struct check *k)
{
	return k->sent.n > 0;
}

static struct slice
rule_of(const struct check *k, const struct segment_event *event)
{
	const struct rule *rule =
	    event->kind == KIND_TRACK ? rules_find(&k->mapping.rules, event->name) : NULL;

	return rule == NULL ? SLICE_NONE : slice_from(rule->text);
}

static void
add_outcome(struct check *k, const struct segment_event *event, struct buf *to)
{
	if (!is_sent(k)) {
		buf_printf(to, "  %s", status_name(k->status));
		if (k->reason != NULL)
			buf_printf(to, " (%s): %s", k->reason, reason_in_words(k->reason));
		buf_append_byte(to, '\n');
		if (event->detail != NULL)
			table_append_line(to, FIELD, "detail", slice_from(event->detail));
		return;
	}
	buf_printf(to, "  sent to %s, %u item%s:\n", bento_endpoint_name(k->mapped.endpoint),
	    k->mapped.items, words_plural((int64_t)k->mapped.items));
}

static void
add_object(struct check *k, struct buf *to)
{
	struct slice head = SLICE("["), tail = SLICE("]"), array;
	struct buf items;

	buf_init(&items, PRINT_MAX);
	buf_append_slice(&items, head);
	buf_append_slice(&items, buf_slice(&k->sent));
	buf_append_slice(&items, tail);
	array = buf_slice(&items);
	pretty_append(to, array, 2);
	buf_append_byte(to, '\n');
	to->failed = to->failed || items.failed;
	buf_free(&items);
}

static void
describe(struct check *k, const struct segment_event *event, size_t i, struct buf *to)
{
	buf_printf(to, "event %zu: %s", i + 1, kind_name(event->kind));
	if (event->name.n > 0) {
		buf_append_literal(to, " \"");
		table_append_clean(to, event->name);
		buf_append_byte(to, '"');
	}
	buf_append_byte(to, '\n');
	table_append_line(to, FIELD, "email", event->email);
	table_append_line(to, FIELD, "rule", rule_of(k, event));
	add_outcome(k, event, to);
	if (is_sent(k))
		add_object(k, to);
}

static void
add_member(struct buf *to, const char *name, struct slice text)
{
	buf_printf(to, ",\"%s\":", name);
	if (text.p == NULL)
		buf_append_literal(to, "null");
	else
		json_string_append(to, text);
}

/* Not printed by cJSON, because the items must stay byte for byte as they are sent. */
static void
describe_json(struct check *k, const struct segment_event *event, struct buf *to)
{
	buf_printf(to, "{\"kind\":\"%s\"", kind_name(event->kind));
	add_member(to, "name", event->name);
	add_member(to, "email", event->email);
	add_member(to, "rule", rule_of(k, event));
	add_member(to, "status", slice_from(status_name(k->status)));
	add_member(to, "reason", slice_from(k->reason));
	add_member(to, "detail", slice_from(event->detail));
	add_member(to, "endpoint",
	    is_sent(k) ? slice_from(bento_endpoint_name(k->mapped.endpoint)) : SLICE_NONE);
	buf_append_literal(to, ",\"items\":[");
	buf_append_slice(to, buf_slice(&k->sent));
	buf_append_literal(to, "]}\n");
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int
print_events(struct check *k, struct err *e)
{
	struct buf text;
	int rc = 0;

	buf_init(&text, PRINT_MAX);
	for (size_t i = 0; rc == 0 && i < k->request.n_events; i++) {
		const struct segment_event *event = &k->request.events[i];

		rc = map(k, event, e);
		if (rc == 0 && k->options->json)
			describe_json(k, event, &text);
		else if (rc == 0)
			describe(k, event, i, &text);
		k->all_sent = k->all_sent && is_sent(k);
		if (rc == 0 && text.failed)
			rc = err_nomem(e);
		if (rc == 0)
			fwrite(buf_slice(&text).p, 1, text.n, stdout);
		buf_clear(&text);
	}
	buf_free(&text);
	return rc;
}

static const struct config_site *
choose_site(const struct config *c, const char *name, struct err *e)
{
	const struct config_site *site = name == NULL ? NULL : config_find_site(c, name);

	if (name == NULL && c->n_sites == 1)
		return &c->sites[0];
	if (c->n_sites == 0)
		err_set(e, ERR_INPUT, "the configuration has no site: name another with -c FILE");
	else if (name == NULL)
		err_set(e, ERR_INPUT, "there are %zu sites: choose one with --site", c->n_sites);
	else if (site == NULL)
		err_set(e, ERR_NOTFOUND, "site \"%.64s\" is not in the configuration", name);
	return site;
}

static int
run(struct check *k, const struct config *c, struct err *e)
{
	struct buf body;
	int rc;

	buf_init(&body, TEST_EVENT_MAX);
	rc = test_event_read(k->options->event, &body, e);
	if (rc == 0 && parse(k, c, buf_slice(&body), e) != 0)
		rc = err_wrap(e, "%s", k->options->event);
	if (rc == 0)
		rc = admit(k, e);
	if (rc == 0)
		rc = print_events(k, e);
	buf_free(&body);
	return rc;
}

int
check_event(const struct config *c, const struct options *o)
{
	struct check k = { .options = o, .all_sent = true };
	struct err e;
	int rc;

	k.site = choose_site(c, o->to_site, &e);
	if (k.site == NULL)
		return verb_fail(&e);
	config_mapping(k.site, &k.mapping);
	segment_request_init(&k.request);
	buf_init(&k.sent, PRINT_MAX);
	rc = run(&k, c, &e);
	buf_free(&k.sent);
	segment_request_free(&k.request);
	if (rc != 0)
		return verb_fail(&e);
	return k.all_sent ? VERB_DONE : VERB_ERROR;
}
