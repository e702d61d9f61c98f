/*
 * history: prints everything that happened to the matching events. The ids are read in pages, so
 * that no transaction is open while stories are printed; an event that retention removes meanwhile
 * is skipped.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/report/story_print.h"
#include "cli/verbs.h"
#include "outbox/read/audit.h"

#define LIMIT_DEFAULT 50
#define PAGE 100

struct page_of_ids {
	int64_t ids[PAGE];
	size_t n;
};

static void
add_id(void *arg, const struct audit_event *event)
{
	struct page_of_ids *page = arg;

	page->ids[page->n++] = event->event_id;
}

static int
print_page(struct outbox_audit *audit, const struct page_of_ids *page, struct story_printer *story,
    int64_t *printed, struct err *e)
{
	for (size_t i = 0; i < page->n; i++) {
		int rc = story_print(story, audit, page->ids[i], e);

		if (rc < 0)
			return -1;
		*printed += rc;
	}
	return 0;
}

static int
print_all(struct outbox_audit *audit, const struct options *o, struct story_printer *story,
    int64_t *ret_printed, struct err *e)
{
	int64_t limit = o->has_limit ? o->filter.limit : LIMIT_DEFAULT, seen = 0, printed = 0;
	struct audit_page page = { 0 };
	struct page_of_ids ids;

	do {
		page.rows = PAGE;
		if (limit != 0 && limit - seen < PAGE)
			page.rows = (size_t)(limit - seen);
		ids.n = 0;
		if (outbox_audit_list(audit, &o->filter, &page, add_id, &ids, e) != 0
		    || print_page(audit, &ids, story, &printed, e) != 0)
			return -1;
		seen += (int64_t)ids.n;
	} while (page.rows > 0 && (limit == 0 || seen < limit));
	*ret_printed = printed;
	return 0;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct story_printer story;
	int64_t printed = 0;
	struct err e;

	(void)c;
	story_printer_init(&story, o->json);
	if (print_all(audit, o, &story, &printed, &e) != 0)
		return verb_fail(&e);
	return printed == 0 ? verb_no_match() : VERB_DONE;
}

int
verb_history(const struct options *o)
{
	if (outbox_filter_is_empty(&o->filter))
		return verb_usage("history: no filter given; use --id, --message-id or another "
				  "filter, or --all for every event");
	return verb_read(o, run);
}
