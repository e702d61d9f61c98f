/*
 * list: prints the matching events, page by page. Each page is read in its own transaction and
 * printed after it, so that a waiting pager does not keep the database's log from being cut.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/report/event_table.h"
#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "term/terminal.h"

#define LIMIT_DEFAULT 50
#define PAGE 200
#define COUNT_MAX 10000 /* counting more must not delay the last line */
#define PAGE_TEXT_MAX 16777216

struct listing {
	bool json;
	struct event_table table;
	struct buf text; /* the output for one page */
	int64_t shown;
};

static void
add_event(void *arg, const struct audit_event *event)
{
	struct listing *l = arg;

	l->shown++;
	if (l->json)
		json_append_line(&l->text, event_json(event, JSON_LINES));
	else
		event_table_add(&l->table, event);
}

static int
list_pages(struct outbox_audit *audit, const struct options *o, int64_t limit, struct listing *l,
    struct err *e)
{
	struct audit_page page = { .newest = o->newest };

	do {
		page.rows = PAGE;
		if (limit != 0 && limit - l->shown < PAGE)
			page.rows = (size_t)(limit - l->shown);
		if (outbox_audit_list(audit, &o->filter, &page, add_event, l, e) != 0
		    || verb_print_text(&l->text, e) != 0)
			return -1;
	} while (page.rows > 0 && (limit == 0 || l->shown < limit));
	return 0;
}

/* Says how many events match; counts them only when the limit was reached. */
static int
print_rest(struct outbox_audit *audit, const struct options *o, int64_t limit,
    const struct listing *l, struct err *e)
{
	int64_t max = l->shown > COUNT_MAX ? l->shown : COUNT_MAX, shown = l->shown;
	struct filter_count all;

	if (l->json || limit == 0 || shown < limit)
		return 0;
	if (outbox_audit_count_about(audit, &o->filter, max, &all, e) != 0)
		return -1;
	if (all.events > shown + all.more)
		printf("%lld of %s%lld shown; --limit 0 shows all\n", (long long)shown,
		    all.more ? "more than " : "", (long long)(all.events - all.more));
	else if (all.more)
		printf("the first %lld shown; --limit 0 shows all\n", (long long)shown);
	return 0;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	int64_t limit = o->has_limit ? o->filter.limit : LIMIT_DEFAULT;
	struct listing l = { .json = o->json };
	struct terminal terminal;
	struct err e = { 0 };
	int rc;

	(void)c;
	terminal_look(stdout, &terminal);
	buf_init(&l.text, PAGE_TEXT_MAX);
	rc = event_table_init(&l.table, audit, &terminal, &l.text, &e);
	if (rc == 0) {
		rc = list_pages(audit, o, limit, &l, &e);
		if (table_end(l.table.table) != 0 && rc == 0)
			rc = err_nomem(&e);
	}
	if (rc == 0)
		rc = verb_print_text(&l.text, &e);
	if (rc == 0)
		rc = print_rest(audit, o, limit, &l, &e);
	buf_free(&l.text);
	if (rc != 0)
		return verb_fail(&e);
	return l.shown == 0 ? verb_no_match() : VERB_DONE;
}

int
verb_list(const struct options *o)
{
	return verb_read(o, run);
}
