/*
 * Visits events: reads a page of ids in one transaction, which ends before the first of them is
 * handled. The caller notices when an event is removed in between.
 */
#include "cli/move/each_event.h"

#include "outbox/read/audit.h"

#define PAGE 200

struct page {
	int64_t id[PAGE];
	size_t n;
};

static void
add_id(void *arg, const struct audit_event *event)
{
	struct page *page = arg;

	page->id[page->n++] = event->event_id;
}

int
each_event(struct outbox_audit *audit, const struct outbox_filter *f, int64_t *after,
    int (*fn)(void *arg, int64_t event_id, struct err *e), void *arg, struct err *e)
{
	struct audit_page position = { .from = *after };
	int64_t counted = 0;
	struct page page;

	do {
		page.n = 0;
		position.rows = PAGE;
		if (f->limit != 0 && f->limit - counted < PAGE)
			position.rows = (size_t)(f->limit - counted);
		if (outbox_audit_list(audit, f, &position, add_id, &page, e) != 0)
			return -1;
		for (size_t i = 0; i < page.n; i++) {
			int rc;

			if (page.id[i] <= *after)
				return err_set(e, ERR_IO, "the events are out of order");
			rc = fn(arg, page.id[i], e);

			if (rc < 0)
				return -1;
			*after = page.id[i];
			counted += rc;
		}
	} while (position.rows > 0 && (f->limit == 0 || counted < f->limit));
	return 0;
}
