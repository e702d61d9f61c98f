/*
 * The verbs that change a selection of events. The matching events are counted in the database
 * first; a dry run shows the first few. Without a filter, and when no event matches, nothing
 * changes.
 */
#include "cli/act/change.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/act/acting.h"
#include "cli/report/event_table.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "term/terminal.h"

#define SAMPLE 5                /* events that a dry run shows */
#define SAMPLE_TEXT_MAX 1048576 /* bytes of the text that shows these events */

struct change {
	struct acting acting;
	enum operate_verb verb;
	struct outbox_operation operation;
	int64_t delivered; /* requeue: events that Bento will get again */
	char nothing[80];
	/* the sample that a dry run shows: */
	struct buf sample; /* as text for people, */
	struct event_table table;
	cJSON *sample_json; /* or as JSON for programs */
};

static void
make(struct acting *a, bool dry_run)
{
	struct change *ch = (struct change *)a;

	(void)dry_run; /* look counts in the database */
	ch->operation = (struct outbox_operation){
		.verb = ch->verb,
		.filter = &a->options->filter,
		.note = a->options->note,
		.actor = client_actor(),
	};
}

/* ---- what matches ---------------------------------------------------------------------------- */

static int
count(struct outbox_audit *audit, const struct change *ch, unsigned statuses, int64_t *ret_n,
    struct err *e)
{
	struct outbox_filter f = ch->acting.options->filter; /* borrows its texts */
	int64_t n = 0;

	f.statuses = statuses;
	if (statuses != 0 && outbox_audit_count(audit, &f, &n, e) != 0)
		return -1;
	*ret_n = f.limit != 0 && n > f.limit ? f.limit : n;
	return 0;
}

static void
add_event(void *arg, const struct audit_event *event)
{
	struct change *ch = arg;

	if (ch->sample_json != NULL)
		cJSON_AddItemToArray(ch->sample_json, event_json(event, JSON_LINES));
	else
		event_table_add(&ch->table, event);
}

static int
list_sample(struct outbox_audit *audit, struct change *ch, unsigned statuses, struct err *e)
{
	struct outbox_filter f = ch->acting.options->filter; /* borrows its texts */
	struct audit_page page = { .rows = SAMPLE };

	f.statuses = statuses;
	if (f.limit != 0 && f.limit < SAMPLE)
		page.rows = (size_t)f.limit;
	return outbox_audit_list(audit, &f, &page, add_event, ch, e);
}

static int
take_sample(struct outbox_audit *audit, struct change *ch, unsigned statuses, struct err *e)
{
	struct terminal terminal;
	int rc;

	if (ch->acting.options->json) {
		ch->sample_json = cJSON_CreateArray();
		return ch->sample_json == NULL ? err_nomem(e) : list_sample(audit, ch, statuses, e);
	}
	terminal_look(stdout, &terminal);
	if (event_table_init(&ch->table, audit, &terminal, &ch->sample, e) != 0)
		return -1;
	rc = list_sample(audit, ch, statuses, e);
	if (table_end(ch->table.table) != 0 && rc == 0)
		rc = err_nomem(e);
	return rc;
}

static int
look(struct acting *a, struct outbox_audit *audit, struct err *e)
{
	struct change *ch = (struct change *)a;
	unsigned statuses = operate_statuses(ch->verb, &a->options->filter);

	if (count(audit, ch, statuses, &ch->operation.n_events, e) != 0)
		return -1;
	if (ch->verb == OPERATE_REQUEUE
	    && count(audit, ch, statuses & (1U << STATUS_DELIVERED), &ch->delivered, e) != 0)
		return -1;
	if (!a->options->dry_run || ch->operation.n_events == 0)
		return 0;
	return take_sample(audit, ch, statuses, e);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* Adds to the question and to a dry run how many events Bento already has. */
static void
describe_delivered(const struct change *ch, char *to, size_t size)
{
	to[0] = '\0';
	if (ch->delivered > 0)
		snprintf(to, size, " (%lld of them already delivered: Bento receives those again)",
		    (long long)ch->delivered);
}

static void
describe(const struct acting *a, char *to, size_t size)
{
	const struct change *ch = (const struct change *)a;
	char again[80];

	describe_delivered(ch, again, sizeof(again));
	snprintf(to, size, "%s %lld event%s%s", operate_verb_name(ch->verb),
	    (long long)ch->operation.n_events, words_plural(ch->operation.n_events), again);
}

static void
print(const struct acting *a)
{
	const struct change *ch = (const struct change *)a;
	long long n = ch->operation.n_events;
	char again[80];

	if (!a->options->dry_run) {
		printf("%lld event%s %s", n, words_plural(n), a->past);
		acting_print_operation(ch->operation.operation_id);
		return;
	}
	describe_delivered(ch, again, sizeof(again));
	printf("%lld event%s would be %s%s%s\n", n, words_plural(n), a->past, again,
	    n > SAMPLE ? ", the first of them:" : ":");
	fwrite(buf_slice(&ch->sample).p, 1, ch->sample.n, stdout);
}

static void
add_json(struct acting *a, cJSON *line)
{
	struct change *ch = (struct change *)a;

	if (ch->sample_json != NULL)
		cJSON_AddItemToObject(line, "sample", ch->sample_json);
	ch->sample_json = NULL;
}

int
change_events(const struct options *o, enum operate_verb verb)
{
	const char *name = operate_verb_name(verb);
	struct change ch = {
		.acting = {
			.options = o,
			.past = operate_verb_past(verb),
			.make = make,
			.look = look,
			.describe = describe,
			.print = print,
			.add_json = add_json,
		},
		.verb = verb,
	};
	int rc;

	if (outbox_filter_is_empty(&o->filter))
		return verb_usage("%s: no filter given; choose events with a filter, or use --all; "
				  "see bentospool %s --help",
		    name, name);
	snprintf(ch.nothing, sizeof(ch.nothing), "no matching event can be %s", ch.acting.past);
	ch.acting.nothing = ch.nothing;
	ch.acting.act = (struct act){ .exchange = &exchange_operate, .msg = &ch.operation.msg };
	ch.acting.operation_id = &ch.operation.operation_id;
	buf_init(&ch.sample, SAMPLE_TEXT_MAX);
	rc = acting_run(&ch.acting);
	buf_free(&ch.sample);
	cJSON_Delete(ch.sample_json);
	return rc;
}
