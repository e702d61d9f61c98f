/*
 * import: stores events from a file of JSON lines: an event as export and archives write it, a
 * Segment call, or a list of calls. A line that cannot be stored is reported and counted. An import
 * that stops can be run again, because a messageId is stored only once.
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/act/acting.h"
#include "cli/move/importing.h"
#include "cli/move/segment_line.h"
#include "cli/verbs.h"
#include "event/json/json.h"
#include "outbox/lines/import_line.h"
#include "outbox/lines/line_reader.h"

struct import_file {
	struct importing importing;
	struct segment_lines segment; /* valid once has_segment is set, at the first call */
	bool has_segment;
	const char *site; /* the site of Segment calls; NULL: unknown */
	int64_t number;   /* number of the line */
};

static int
open_segment(struct import_file *f, struct err *e)
{
	if (f->has_segment)
		return 0;
	if (f->site == NULL)
		return err_set(e, ERR_INPUT,
		    "the file has Segment calls, and there are several sites: choose one with "
		    "--site");
	if (clock_wall(&clock_system) < CLOCK_FLOOR)
		return err_set(e, ERR_STATE,
		    "the clock of this machine is not set, and the times of Segment calls "
		    "depend on it: set it first");
	if (segment_lines_open(&f->segment, f->importing.c, f->site, e) != 0)
		return -1;
	f->has_segment = true;
	return 0;
}

static int
add_segment(struct import_file *f, struct slice line, struct err *e)
{
	struct slice event;
	int n;

	if (open_segment(f, e) != 0)
		return -1;
	n = segment_lines_read(&f->segment, line, clock_wall(&clock_system), e);
	if (n < 0 && e->code == ERR_INPUT) {
		importer_refuse(&f->importing.importer, f->number, e->text);
		return 0;
	}
	for (int i = 0; i < n; i++)
		if (segment_lines_event(&f->segment, (size_t)i, &event, e) != 0
		    || importer_add(&f->importing.importer, event, f->number, e) != 0)
			return -1;
	return n < 0 ? -1 : 0;
}

/* ret_at gets the position where the text stops being JSON. */
static bool
is_object(struct slice line, size_t *ret_at)
{
	struct json_value value;
	struct slice key;
	struct json j;

	json_init(&j, line, JSON_MAX_DEPTH);
	if (json_object_begin(&j) == 0)
		while (json_object_next(&j, &key) == 1 && json_skip(&j, &value) == 0)
			;
	*ret_at = json_offset(&j);
	return json_finish(&j) == 0;
}

static bool
is_blank(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return false;
	return true;
}

static int
add_line(struct import_file *f, struct slice line, struct err *e)
{
	char why[64];
	size_t at;

	if (line.p == NULL) {
		importer_refuse(&f->importing.importer, f->number, "longer than any event can be");
		return 0;
	}
	if (is_blank(line))
		return 0;
	if (import_line_is_ours(line))
		return importer_add(&f->importing.importer, line, f->number, e);
	if (!is_object(line, &at)) {
		snprintf(why, sizeof(why), "not a JSON object, or cut off, at byte %zu", at);
		importer_refuse(&f->importing.importer, f->number, why);
		return 0;
	}
	return add_segment(f, line, e);
}

static int
add_lines(struct import_file *f, struct line_reader *lines, struct err *e)
{
	struct slice line;
	struct err later;
	int rc;

	while ((rc = line_reader_next(lines, &line, e)) == 1) {
		f->number++;
		if (add_line(f, line, e) != 0)
			return -1;
	}
	/* What comes before the damage is stored; if this fails too, the damage is what counts. */
	if (rc < 0)
		importer_flush(&f->importing.importer, &later);
	return rc;
}

static int
import_lines(const struct config *c, const struct options *o, const char *site,
    struct line_reader *lines, const char *file)
{
	struct import_file f = { .site = site };
	struct err e = { 0 };
	int rc;

	if (importing_begin(&f.importing, c, o, "import", "line", file, &e) != 0)
		return verb_fail(&e);
	rc = importing_end(&f.importing, add_lines(&f, lines, &e), &e);
	if (f.has_segment)
		segment_lines_close(&f.segment);
	return rc == 0 ? importing_print(&f.importing, NULL) : verb_fail(&e);
}

/* Without --site, returns the only site. */
static const char *
choose_site(const struct config *c, const struct options *o)
{
	if (o->to_site != NULL)
		return o->to_site;
	return c->n_sites == 1 ? c->sites[0].name : NULL;
}

int
verb_import(const struct options *o)
{
	struct line_reader *lines;
	struct config *c;
	struct err e;
	int rc;

	if (o->n_operands == 0)
		return verb_usage("import: name the file, or - for standard input");
	if (acting_open(o, &c) != 0)
		return VERB_ERROR;
	if (line_reader_open(o->operands[0], &lines, &e) != 0) {
		config_free(c);
		return verb_fail(&e);
	}
	rc = import_lines(c, o, choose_site(c, o), lines, o->operands[0]);
	line_reader_close(lines);
	config_free(c);
	return rc;
}
