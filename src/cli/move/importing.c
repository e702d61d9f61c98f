/*
 * The output of import and adopt. Each of the first few lines that cannot be stored gets an error
 * message, and makes the exit code 1; the other lines are stored. An import that stops says after
 * which line, and that running it again stores nothing twice.
 */
#include "cli/move/importing.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/act/acting.h"

static void
tell_refused(void *arg, int64_t number, const char *why)
{
	struct importing *s = arg;

	progress_end(&s->progress);
	fprintf(stderr, "bentospool: %s %lld: %s\n", s->unit, (long long)number, why);
}

static void
tell_progress(void *arg, int64_t lines)
{
	struct importing *s = arg;

	progress_tell(&s->progress, lines);
}

static void
tell_wait(void *arg, const struct err *why)
{
	(void)arg;
	fprintf(stderr, "bentospool: %s; trying again for a minute\n", why->text);
}

int
importing_begin(struct importing *s, const struct config *c, const struct options *o,
    const char *verb, const char *unit, const char *from, struct err *e)
{
	const struct importer_options options = {
		.config = c,
		.verb = verb,
		.from = from,
		.site = o->to_site,
		.note = o->note,
		.dry_run = o->dry_run,
		.on_refused = tell_refused,
		.on_progress = tell_progress,
		.on_wait = tell_wait,
		.arg = s,
	};

	s->c = c;
	s->o = o;
	s->verb = verb;
	s->unit = unit;
	s->from = from;
	s->progress = (struct progress){ .what = "events" };
	return importer_open(&s->importer, &options, e);
}

int
importing_end(struct importing *s, int rc, struct err *e)
{
	rc = importer_close(&s->importer, rc, e);
	progress_end(&s->progress);
	if (rc == 0)
		return 0;
	return err_wrap(e,
	    "stopped after %s %lld (%lld stored); run it again: nothing is stored twice", s->unit,
	    (long long)s->importer.last_number, (long long)s->importer.results.counts.stored);
}

/* ---- the result ------------------------------------------------------------------------------ */

static int
print_json(const struct importing *s, cJSON *stay)
{
	cJSON *line = cJSON_CreateObject();

	if (stay != NULL)
		cJSON_AddItemToObject(line, "stay", stay);
	return acting_print_json(s->o, exchange_import.results, &s->importer.results.msg, line);
}

static void
print_count(int64_t n, const char *what)
{
	if (n > 0)
		printf("  %lld %s\n", (long long)n, what);
}

static void
print_text(const struct importing *s)
{
	const struct import_counts *c = &s->importer.results.counts;

	printf("%lld event%s %s", (long long)c->stored, words_plural(c->stored),
	    s->o->dry_run ? "would be stored" : "stored");
	acting_print_operation(s->importer.results.operation_id);
	print_count(c->identities,
	    s->o->dry_run ? "ids of persons would be known" : "ids of persons are known now");
	print_count(c->duplicates, "are here already");
	print_count(c->delivered, "left out: delivered");
	print_count(c->bodyless, "left out: settled, and without a body");
	print_count(c->bad, "cannot be stored: see above");
}

int
importing_print(const struct importing *s, cJSON *stay)
{
	const struct import_counts *c = &s->importer.results.counts;
	int rc = VERB_DONE;

	if (importer_lines(&s->importer) + c->identities == 0) {
		fprintf(stderr, "bentospool: there is nothing in %s to %s\n", s->from, s->verb);
		cJSON_Delete(stay);
		return VERB_NOTHING;
	}
	if (s->o->json) {
		rc = print_json(s, stay);
	} else {
		cJSON_Delete(stay);
		print_text(s);
	}
	return c->bad == 0 ? rc : VERB_ERROR;
}
