/* The moments of a story as a table, or as lines of JSON. Fails without memory. */
#include "cli/report/story_print.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/output.h"
#include "report/story.h"
#include "term/table.h"
#include "term/when.h"

#define TEXT_MAX 16777216

static int
print_json(struct story *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct moment *m = &s->moments[i];
		cJSON *json = cJSON_CreateObject();

		json_add_id(json, "event_id", s->event_id, JSON_LINES);
		json_add_slice(json, "message_id", slice_from(s->message_id));
		json_add_time(json, "at", m->at);
		cJSON_AddStringToObject(json, "what", moment_name(m->type));
		story_take_facts(m, json);
		if (verb_print_json(json) != 0)
			return -1;
	}
	return 0;
}

static enum table_color
color_of(enum moment_look look)
{
	static const enum table_color colors[] = {
		[MOMENT_PLAIN] = TABLE_PLAIN,
		[MOMENT_GOOD] = TABLE_GOOD,
		[MOMENT_WAITING] = TABLE_WAITING,
		[MOMENT_BAD] = TABLE_BAD,
	};

	return colors[look];
}

static int
print_text(const struct story_printer *p, const struct story *s)
{
	struct table_column columns[] = { { NULL, 0, false }, { "WHAT", 0, false },
		{ "RESULT", 6, false } };
	char title[64], at[WHEN_TIME_SIZE];
	struct table *table;
	struct buf text;
	int rc;

	snprintf(title, sizeof(title), "TIME %s", when_zone());
	columns[0].title = title;
	buf_init(&text, TEXT_MAX);
	table_append_wrapped(&text, buf_slice(&s->heading), 0, p->terminal.width);
	table = table_new(columns, sizeof(columns) / sizeof(*columns), p->terminal.width,
	    p->terminal.color, &text);
	for (size_t i = 0; table != NULL && i < s->n; i++) {
		when_time(s->moments[i].at, at);
		table_cell(table, slice_from(at), TABLE_PLAIN);
		table_cell(table, slice_from(s->moments[i].title), color_of(s->moments[i].look));
		table_cell(table, slice_from(s->moments[i].words), TABLE_PLAIN);
	}
	rc = table == NULL || table_end(table) != 0 || text.failed ? -1 : 0;
	if (rc == 0)
		printf("%s%s", p->follows_another ? "\n" : "", text.p);
	buf_free(&text);
	return rc;
}

void
story_printer_init(struct story_printer *p, bool json)
{
	*p = (struct story_printer){ .json = json };
	terminal_look(stdout, &p->terminal);
}

int
story_print(struct story_printer *p, struct outbox_audit *audit, int64_t id, struct err *e)
{
	struct story s;
	int rc = story_collect(&s, audit, id, JSON_LINES, e);

	if (rc == 1 && (p->json ? print_json(&s) : print_text(p, &s)) != 0)
		rc = err_nomem(e);
	story_free(&s);
	p->follows_another |= rc == 1;
	return rc;
}
