/*
 * operations: shows what operators did. Without an id it prints a list, newest first; with an id,
 * that operation and the former states of its events.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define LIMIT_DEFAULT 50
#define PAGE 200
#define PAGE_TEXT_MAX 16777216
#define FIELD 11

static struct table_column columns[] = {
	{ "ID", 0, true },
	{ "", 0, false },
	{ "WHO", 6, false },
	{ "VERB", 0, false },
	{ "EVENTS", 0, true },
	{ "UNDONE", 0, true },
	{ "WHICH", 8, false },
	{ "NOTE", 6, false },
};

struct listing {
	const struct options *options;
	struct table *table;
	struct buf text;                /* the output for one page; printed after its transaction */
	int64_t before;                 /* the id of the last row: the next page begins below it */
	const struct audit_before *was; /* set for a single operation */
};

/* ---- the list ------------------------------------------------------------------------------- */

static void
add_row(void *arg, const struct audit_operation_row *row)
{
	struct listing *l = arg;
	char at[WHEN_TIME_SIZE];

	l->before = row->operation_id;
	if (l->options->json) {
		json_append_line(&l->text, operation_row_json(row, JSON_LINES));
		return;
	}
	when_time(row->at, at);
	table_printf(l->table, TABLE_PLAIN, "%" PRId64, row->operation_id);
	table_cell(l->table, slice_from(at), TABLE_PLAIN);
	table_cell(l->table, row->actor, TABLE_PLAIN);
	table_cell(l->table, row->verb, TABLE_PLAIN);
	table_printf(l->table, TABLE_PLAIN, "%" PRId64, row->events);
	if (row->undone_by != 0)
		table_printf(l->table, TABLE_FAINT, "%" PRId64, row->undone_by);
	else
		table_cell(l->table, SLICE_NONE, TABLE_PLAIN);
	table_cell(l->table, row->filter, TABLE_PLAIN);
	table_cell(l->table, row->note, TABLE_PLAIN);
}

static int
list_pages(struct outbox_audit *audit, struct listing *l, int64_t limit, struct err *e)
{
	int64_t shown = 0;
	size_t n;

	do {
		int64_t rows = limit != 0 && limit - shown < PAGE ? limit - shown : PAGE;

		if (outbox_audit_operation_list(audit, l->before, rows, add_row, l, &n, e) != 0
		    || verb_print_text(&l->text, e) != 0)
			return -1;
		shown += (int64_t)n;
	} while (n > 0 && (limit == 0 || shown < limit));
	if (shown > 0)
		return 0;
	fprintf(stderr, "bentospool: there are no operations yet\n");
	return 1;
}

static int
list(struct outbox_audit *audit, struct listing *l, struct err *e)
{
	const struct options *o = l->options;
	struct terminal terminal;
	int rc;

	l->before = INT64_MAX;
	terminal_look(stdout, &terminal);
	columns[1].title = when_title("AT");
	l->table = table_new(
	    columns, sizeof(columns) / sizeof(*columns), terminal.width, terminal.color, &l->text);
	if (l->table == NULL)
		return err_nomem(e);
	rc = list_pages(audit, l, o->has_limit ? o->filter.limit : LIMIT_DEFAULT, e);
	if (table_end(l->table) != 0 && rc == 0)
		rc = err_nomem(e);
	return rc == 0 ? verb_print_text(&l->text, e) : rc;
}

/* ---- one operation -------------------------------------------------------------------------- */

static void
add_before(struct buf *to, const struct audit_before *was)
{
	const char *comma = "";

	if (was->n_sample == 0)
		return;
	buf_printf(to, "  %-*s", FIELD, "before");
	for (int i = 0; i < STATUS_COUNT; i++)
		if (was->counts[i] > 0) {
			buf_printf(to, "%s%" PRId64 " %s", comma, was->counts[i],
			    status_name((enum event_status)i));
			comma = ", ";
		}
	buf_printf(to, "\n  %-*s", FIELD, "first ids");
	for (size_t i = 0; i < was->n_sample; i++)
		buf_printf(to, "%s%" PRId64, i == 0 ? "" : ", ", was->sample[i]);
	buf_append_byte(to, '\n');
}

static void
describe(struct buf *to, const struct audit_operation_row *row, const struct audit_before *was)
{
	char at[WHEN_TIME_SIZE];

	when_time(row->at, at);
	buf_printf(to, "operation %" PRId64 "\n", row->operation_id);
	table_append_line(to, FIELD, "verb", row->verb);
	buf_printf(to, "  %-*s%s %s\n", FIELD, "at", at, when_zone());
	table_append_line(to, FIELD, "who", row->actor);
	table_append_line(to, FIELD, "which", row->filter);
	table_append_line(to, FIELD, "note", row->note);
	buf_printf(to, "  %-*s%" PRId64 "\n", FIELD, "events", row->events);
	add_before(to, was);
	if (row->undoes != 0)
		buf_printf(to, "  %-*soperation %" PRId64 "\n", FIELD, "undoes", row->undoes);
	if (row->undone_by != 0)
		buf_printf(to, "  %-*soperation %" PRId64 "\n", FIELD, "undone by", row->undone_by);
}

static void
add_one(void *arg, const struct audit_operation_row *row)
{
	struct listing *l = arg;
	cJSON *o, *before, *sample;

	l->before = row->operation_id;
	if (!l->options->json) {
		describe(&l->text, row, l->was);
		return;
	}
	o = operation_row_json(row, JSON_LINES);
	before = cJSON_AddObjectToObject(o, "before");
	for (int i = 0; i < STATUS_COUNT; i++)
		cJSON_AddNumberToObject(
		    before, status_name((enum event_status)i), (double)l->was->counts[i]);
	sample = cJSON_AddArrayToObject(o, "sample");
	for (size_t i = 0; i < l->was->n_sample; i++)
		cJSON_AddItemToArray(sample, cJSON_CreateNumber((double)l->was->sample[i]));
	json_append_line(&l->text, o);
}

static int
show(struct outbox_audit *audit, struct listing *l, int64_t id, struct err *e)
{
	struct audit_before was;
	size_t n;

	if (outbox_audit_operation_before(audit, id, &was, e) != 0)
		return -1;
	l->was = &was;
	l->before = 0;
	if (outbox_audit_operation_list(audit, id + 1, 1, add_one, l, &n, e) != 0)
		return -1;
	if (l->before == id)
		return verb_print_text(&l->text, e);
	fprintf(stderr, "bentospool: operation %" PRId64 " does not exist\n", id);
	return 1;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct listing l = { .options = o };
	struct err e;
	int64_t id;
	int rc;

	(void)c;
	buf_init(&l.text, PAGE_TEXT_MAX);
	if (o->n_operands == 1 && verb_read_id(o->operands[0], &id) == 0)
		rc = show(audit, &l, id, &e);
	else
		rc = list(audit, &l, &e);
	buf_free(&l.text);
	if (rc < 0)
		return verb_fail(&e);
	return rc == 1 ? VERB_NOTHING : VERB_DONE;
}

int
verb_operations(const struct options *o)
{
	int64_t id;

	if (o->n_operands == 1 && verb_read_id(o->operands[0], &id) != 0)
		return verb_usage("operations: \"%.40s\" is not an operation id", o->operands[0]);
	return verb_read(o, run);
}
