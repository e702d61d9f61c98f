/* Runs quick_check as a query, and keeps the first line of what it finds. */
#include "outbox/read/integrity.h"

#include <stdio.h>
#include <string.h>

#include "outbox/read/sql.h"

#define TEXT_SIZE 200

static int
take_line(void *arg, const struct query_value *values, size_t n, struct err *e)
{
	static const char head[] = "*** in database main ***\n";
	struct slice line = n > 0 ? values[0].bytes : SLICE_NONE;
	char *text = arg;

	(void)e;
	if (text[0] != '\0' || line.p == NULL)
		return 0;
	if (line.n > sizeof(head) && memcmp(line.p, head, sizeof(head) - 1) == 0)
		line = (struct slice){ line.p + sizeof(head) - 1, line.n - (sizeof(head) - 1) };
	snprintf(text, TEXT_SIZE, "%.*s", (int)line.n, line.p);
	return 0;
}

int
outbox_quick_check(struct outbox_audit *a, int64_t timeout_ms, struct err *e)
{
	char text[TEXT_SIZE] = "";
	const struct query_sink sink = { .row = take_line, .arg = text };

	if (outbox_query(a, "PRAGMA quick_check(1)", timeout_ms, &sink, e) != 0)
		return -1;
	return strcmp(text, "ok") == 0 ? 0 : err_set(e, ERR_IO, "%s", text);
}

/* A file without a right header looks like one that is not ours, and a damaged schema like a
 * mistake. */
bool
outbox_may_be_damaged(const struct err *e)
{
	return e->code == ERR_IO || e->code == ERR_INPUT || e->code == ERR_SYSTEM;
}
