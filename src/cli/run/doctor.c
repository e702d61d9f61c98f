/*
 * doctor: runs the checks of cli/doctor in order and prints each finding at once. Exits 1 when one
 * is a problem. When serve would refuse the configuration, as much of it as possible is read, so
 * that the checks that need no secrets still run.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/doctor/doctor.h"
#include "cli/verbs.h"
#include "term/table.h"
#include "term/terminal.h"

#define COLUMN 9 /* columns for the grade */

static const struct {
	const char *name;
	enum table_color color;
} grades[] = {
	[DOCTOR_OK] = { "ok", TABLE_GOOD },
	[DOCTOR_NOTE] = { "note", TABLE_NOTE },
	[DOCTOR_WARNING] = { "warning", TABLE_WAITING },
	[DOCTOR_PROBLEM] = { "problem", TABLE_BAD },
};

struct printing {
	const struct options *options;
	struct terminal terminal;
	int counts[DOCTOR_PROBLEM + 1]; /* findings of each grade */
};

static void
print_json(const struct doctor_finding *f)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddStringToObject(line, "grade", grades[f->grade].name);
	cJSON_AddStringToObject(line, "what", f->what);
	cJSON_AddStringToObject(line, "found", f->found);
	if (f->remedy[0] != '\0')
		cJSON_AddStringToObject(line, "remedy", f->remedy);
	else
		cJSON_AddNullToObject(line, "remedy");
	verb_print_json(line);
}

static void
print_finding(void *arg, const struct doctor_finding *f)
{
	struct printing *p = arg;
	bool color = p->terminal.color;
	char text[DOCTOR_TEXT + 64];

	p->counts[f->grade]++;
	if (p->options->json) {
		print_json(f);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", f->what, f->found);
	printf("%s%-*s%s", table_paint(color, grades[f->grade].color), COLUMN,
	    grades[f->grade].name, table_paint_end(color));
	terminal_print_wrapped(&p->terminal, COLUMN, slice_from(text));
	if (f->remedy[0] != '\0') {
		printf("%*s-> ", COLUMN, "");
		terminal_print_wrapped(&p->terminal, COLUMN + 3, slice_from(f->remedy));
	}
	fflush(stdout);
}

/* Says what the list comes to, below it. */
static void
print_sum(const struct printing *p)
{
	int problems = p->counts[DOCTOR_PROBLEM], warnings = p->counts[DOCTOR_WARNING],
	    notes = p->counts[DOCTOR_NOTE];

	if (problems == 0)
		fputs("\nno problem", stdout);
	else
		printf("\n%d problem%s", problems, words_plural(problems));
	if (warnings > 0)
		printf(", %d warning%s", warnings, words_plural(warnings));
	if (notes > 0)
		printf(", %d note%s", notes, words_plural(notes));
	puts(problems > 1 ? ": begin with the first" : "");
}

/*
 * Loads the configuration as serve would. When that is refused, reports why and loads it without
 * secrets; NULL when that fails, too.
 */
static void
load_config(struct doctor *d, struct config_request *r, struct config **ret_config)
{
	const char *file = config_choose_file(r);
	struct err why;

	d->refused = config_load(r, ret_config, &why) != 0;
	if (d->refused) {
		r->reading = true;
		if (config_load(r, ret_config, NULL) != 0)
			*ret_config = NULL;
	}
	d->config = *ret_config;
	if (d->refused)
		doctor_settings_refused(d, file, &why);
}

static void
check_settings(struct doctor *d)
{
	const struct config *c = d->config;

	if (c->warning[0] != '\0')
		doctor_report(
		    d, DOCTOR_WARNING, "settings", "see bentospool.conf(5)", "%s", c->warning);
	else
		doctor_report(d, DOCTOR_OK, "settings", NULL, "%s",
		    c->file[0] != '\0' ? c->file : "taken from the environment alone");
}

int
verb_doctor(const struct options *o)
{
	struct config_request r = { .file = o->config, .database = o->database };
	struct printing p = { .options = o };
	struct doctor d = { .report = print_finding, .arg = &p };
	struct config *c;

	terminal_look(stdout, &p.terminal);
	load_config(&d, &r, &c);
	if (!d.refused)
		check_settings(&d);
	doctor_machine(&d);
	if (c != NULL) {
		if (doctor_disk(&d))
			doctor_database(&d);
		doctor_network(&d);
	}
	if (!d.refused && !o->offline)
		doctor_bento(&d);
	config_free(c);
	if (!o->json)
		print_sum(&p);
	return d.worst == DOCTOR_PROBLEM ? VERB_ERROR : VERB_DONE;
}
