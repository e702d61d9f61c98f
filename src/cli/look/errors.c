/* errors: failures grouped by Bento's error, the group with the most events first. */
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "report/complaints.h"
#include "report/mend.h"
#include "report/tally.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define LINES_DEFAULT 20
#define TEXT_MAX 65536
#define INDENT 2
#define COMMAND_WIDTH 80
#define CONTINUED 2 /* columns of the end of a line that is continued */

/* Wraps the command between its options, as a shell continues a line, so that it can be copied. */
static void
append_command(const struct complaint *c, struct buf *to)
{
	size_t column = INDENT;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	mend_command(c, '\n', &text);
	buf_append_literal(to, "  ");
	for (const char *p = buf_slice(&text).p, *end; *p != '\0';
	     p = *end != '\0' ? end + 1 : end) {
		size_t n = (size_t)((end = strchrnul(p, '\n')) - p);

		if (column > INDENT && column + 1 + n + CONTINUED > COMMAND_WIDTH) {
			buf_append_literal(to, " \\\n     ");
			column = 2 * INDENT;
		}
		if (column > INDENT)
			buf_append_byte(to, ' ');
		buf_append(to, p, n);
		column += 1 + n;
	}
	buf_append_byte(to, '\n');
	to->failed |= text.failed;
	buf_free(&text);
}

static void
append_mend(const struct complaint *c, const struct terminal *terminal, struct buf *to)
{
	struct mend mend = mend_of(c);

	table_append_wrapped(to, slice_from(mend.why), INDENT, terminal->width);
	if (mend.verb != NULL)
		append_command(c, to);
}

static void
print_text(const struct complaint *c, const struct terminal *terminal)
{
	const char *said = c->events > 1 ? c->error : c->example;
	char first[WHEN_TIME_SIZE], last[WHEN_TIME_SIZE];
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_printf(&text, "%s%lld event%s%s ", table_paint(terminal->color, TABLE_BAD),
	    (long long)c->events, words_plural(c->events), table_paint_end(terminal->color));
	complaint_describe(c, &text);
	if (c->site[0] != '\0') {
		buf_append_literal(&text, ", site ");
		table_append_clean(&text, slice_from(c->site));
	}
	buf_append_byte(&text, '\n');
	table_append_wrapped(&text, slice_from(said), INDENT, terminal->width);
	when_time(c->first_at, first);
	when_time(c->last_at, last);
	buf_printf(&text, "  %s", first);
	if (c->first_at != c->last_at)
		buf_printf(&text, " to %s", last);
	buf_printf(&text, "; bentospool show %lld\n", (long long)c->example_id);
	if (c->status[0] != '\0')
		append_mend(c, terminal, &text);
	buf_append_byte(&text, '\n');
	fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

static int
print(const struct options *o, struct tally *tally)
{
	int64_t limit = o->has_limit ? o->filter.limit : LINES_DEFAULT;
	size_t n = tally_count(tally), shown = n;
	const struct complaint *rest = tally_rest(tally);
	struct terminal terminal;

	terminal_look(stdout, &terminal);
	if (limit > 0 && (size_t)limit < n)
		shown = (size_t)limit;
	for (size_t i = 0; i < shown; i++)
		if (!o->json)
			print_text(tally_value(tally, i), &terminal);
		else if (verb_print_json(complaint_json(tally_value(tally, i), JSON_LINES)) != 0)
			return VERB_ERROR;
	if (o->json)
		return rest->events == 0 || verb_print_json(complaint_json(rest, JSON_LINES)) == 0
			   ? VERB_DONE
			   : VERB_ERROR;
	if (rest->events > 0)
		print_text(rest, &terminal);
	if (shown < n)
		printf("%zu of %zu shown; --limit 0 shows all\n", shown, n);
	printf("times in %s\n", when_zone());
	return VERB_DONE;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct tally *tally;
	struct err e;
	int rc;

	(void)c;
	if (complaints_collect(audit, &o->filter, &tally, &e) != 0)
		return verb_fail(&e);
	if (tally_count(tally) == 0) {
		fprintf(stderr, "bentospool: no failure matches\n");
		rc = VERB_NOTHING;
	} else {
		rc = print(o, tally);
	}
	tally_free(tally);
	return rc;
}

int
verb_errors(const struct options *o)
{
	return verb_read(o, run);
}
