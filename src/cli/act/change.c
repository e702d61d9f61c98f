/* requeue, hold, release, discard and expire: the same but for what becomes of the events. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/report/event_json.h"
#include "cli/report/event_table.h"
#include "cli/verbs.h"
#include "client/operating.h"
#include "outbox/read/audit.h"
#include "term/terminal.h"

#define SAMPLE 5                /* events that a dry run shows */
#define SAMPLE_TEXT_MAX 1048576 /* bytes of them */

struct change {
	enum operate_verb verb;
	const struct options *options;
	int64_t events;
	int64_t delivered; /* of them, before: Bento gets these again */
	int64_t operation_id;
	struct event_table sample; /* of a dry run: for people, */
	cJSON *sample_json;        /* or for machines */
};

/* ---- what matches --------------------------------------------------------------------------- */

static int
count_in(
    struct outbox_audit *audit, struct change *ch, unsigned statuses, int64_t *ret, struct err *e)
{
	struct outbox_filter f = ch->options->filter; /* borrows its texts */

	*ret = 0;
	f.statuses = statuses;
	if (statuses != 0 && outbox_audit_count(audit, &f, ret, e) != 0)
		return -1;
	if (f.limit != 0 && *ret > f.limit)
		*ret = f.limit;
	return 0;
}

static void
add_sample(void *arg, const struct audit_event *event)
{
	struct change *ch = arg;

	if (ch->sample_json != NULL)
		cJSON_AddItemToArray(ch->sample_json, event_json(event));
	else
		event_table_add(&ch->sample, event);
}

static int
look(struct outbox_audit *audit, struct change *ch, struct err *e)
{
	unsigned statuses = operate_statuses(ch->verb, &ch->options->filter);

	if (count_in(audit, ch, statuses, &ch->events, e) != 0)
		return -1;
	if (ch->verb != OPERATE_REQUEUE)
		return 0;
	return count_in(audit, ch, statuses & (1U << STATUS_DELIVERED), &ch->delivered, e);
}

static int
list_sample(struct outbox_audit *audit, struct change *ch, struct err *e)
{
	struct outbox_filter f = ch->options->filter; /* borrows its texts */
	struct audit_page page = { .rows = SAMPLE };

	f.statuses = operate_statuses(ch->verb, &f);
	if (f.limit != 0 && f.limit < SAMPLE)
		page.rows = (size_t)f.limit;
	return outbox_audit_list(audit, &f, &page, add_sample, ch, e);
}

/* What --dry-run and the question add about events that Bento has already. */
static void
describe_delivered(const struct change *ch, char *to, size_t size)
{
	to[0] = '\0';
	if (ch->delivered > 0)
		snprintf(to, size, " (%lld delivered before: Bento gets them again)",
		    (long long)ch->delivered);
}

/* ---- a dry run ------------------------------------------------------------------------------ */

static int
would_json(struct outbox_audit *audit, struct change *ch, struct err *e)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddNumberToObject(line, "events", (double)ch->events);
	cJSON_AddTrueToObject(line, "dry_run");
	ch->sample_json = cJSON_AddArrayToObject(line, "sample");
	if (ch->sample_json == NULL || list_sample(audit, ch, e) != 0) {
		if (ch->sample_json == NULL)
			err_nomem(e);
		cJSON_Delete(line);
		return -1;
	}
	return verb_print_json(line) == 0 ? 0 : err_nomem(e);
}

static int
would_text(struct outbox_audit *audit, struct change *ch, struct err *e)
{
	struct terminal terminal;
	char again[80];
	struct buf text;
	int rc;

	describe_delivered(ch, again, sizeof(again));
	buf_init(&text, SAMPLE_TEXT_MAX);
	terminal_look(stdout, &terminal);
	rc = event_table_init(&ch->sample, audit, &terminal, &text, e);
	if (rc == 0) {
		rc = list_sample(audit, ch, e);
		if (table_end(ch->sample.table) != 0 && rc == 0)
			rc = err_nomem(e);
	}
	if (rc == 0) {
		printf("%lld event%s would be %s%s%s\n", (long long)ch->events,
		    words_plural(ch->events), operate_verb_past(ch->verb), again,
		    ch->events > SAMPLE ? ", the first of them:" : ":");
		fwrite(buf_slice(&text).p, 1, text.n, stdout);
	}
	buf_free(&text);
	return rc;
}

/* ---- the change ----------------------------------------------------------------------------- */

/* More than one event wants a yes. VERB_DONE, or the code to exit with. */
static int
confirm(const struct change *ch)
{
	const char *verb = operate_verb_name(ch->verb);
	char question[160], again[80];

	if (ch->options->yes || ch->events <= 1)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage("%lld events match; nothing was done: say --yes to %s them",
		    (long long)ch->events, verb);
	describe_delivered(ch, again, sizeof(again));
	snprintf(
	    question, sizeof(question), "%s %lld events%s?", verb, (long long)ch->events, again);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

static int
print_done(const struct change *ch)
{
	cJSON *line;

	if (!ch->options->json) {
		printf("%lld event%s %s (operation %lld)\n", (long long)ch->events,
		    words_plural(ch->events), operate_verb_past(ch->verb),
		    (long long)ch->operation_id);
		return VERB_DONE;
	}
	line = cJSON_CreateObject();
	cJSON_AddNumberToObject(line, "events", (double)ch->events);
	cJSON_AddFalseToObject(line, "dry_run");
	if (ch->operation_id != 0)
		cJSON_AddNumberToObject(line, "operation_id", (double)ch->operation_id);
	return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
}

static int
nothing(const struct change *ch)
{
	fprintf(
	    stderr, "bentospool: no event matches that can be %s\n", operate_verb_past(ch->verb));
	return VERB_NOTHING;
}

static int
carry_out(const struct config *c, struct change *ch)
{
	struct outbox_operation op = {
		.verb = ch->verb,
		.filter = &ch->options->filter,
		.note = ch->options->note,
	};
	struct err e;
	int rc = confirm(ch);

	if (rc != VERB_DONE)
		return rc;
	if (operating_run(c, &op, ch->events, &e) != 0)
		return verb_fail(&e);
	ch->events = op.n_events;
	ch->operation_id = op.operation_id;
	return ch->events == 0 ? nothing(ch) : print_done(ch);
}

static int
change(const struct options *o, enum operate_verb verb)
{
	struct change ch = { .verb = verb, .options = o };
	const char *name = operate_verb_name(verb);
	struct outbox_audit *audit;
	struct config *c;
	struct err e;
	int rc;

	if (outbox_filter_is_empty(&o->filter))
		return verb_usage(
		    "%s: say which events, or --all; see bentospool %s --help", name, name);
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = look(audit, &ch, &e);
	if (rc == 0 && o->dry_run && ch.events > 0)
		rc = o->json ? would_json(audit, &ch, &e) : would_text(audit, &ch, &e);
	/* Before this process may become the writer: doc/sqlite.md, Files and processes. */
	outbox_audit_close(audit);
	if (rc != 0)
		rc = verb_fail(&e);
	else if (ch.events == 0)
		rc = nothing(&ch);
	else if (!o->dry_run)
		rc = carry_out(c, &ch);
	config_free(c);
	return rc;
}

int
verb_requeue(const struct options *o)
{
	return change(o, OPERATE_REQUEUE);
}

int
verb_hold(const struct options *o)
{
	return change(o, OPERATE_HOLD);
}

int
verb_release(const struct options *o)
{
	return change(o, OPERATE_RELEASE);
}

int
verb_discard(const struct options *o)
{
	return change(o, OPERATE_DISCARD);
}

int
verb_expire(const struct options *o)
{
	return change(o, OPERATE_EXPIRE);
}
