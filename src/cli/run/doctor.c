#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/doctor/doctor.h"
#include "cli/verbs.h"
#include "term/terminal.h"

#define COLUMN 9 /* of the grade */

static const struct {
	const char *name;
	const char *colour;
} grades[] = {
	[DOCTOR_OK] = { "ok", "\033[32m" },
	[DOCTOR_NOTE] = { "note", "\033[36m" },
	[DOCTOR_WARNING] = { "warning", "\033[33m" },
	[DOCTOR_PROBLEM] = { "problem", "\033[31m" },
};

struct printing {
	const struct options *options;
	struct terminal terminal;
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
	const struct printing *p = arg;
	bool colour = p->terminal.colour;
	char text[DOCTOR_TEXT + 64];

	if (p->options->json) {
		print_json(f);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s", f->what, f->found);
	printf("%s%-*s%s", colour ? grades[f->grade].colour : "", COLUMN, grades[f->grade].name,
	    colour ? "\033[0m" : "");
	terminal_print_wrapped(&p->terminal, COLUMN, slice_from(text));
	if (f->remedy[0] != '\0') {
		printf("%*s-> ", COLUMN, "");
		terminal_print_wrapped(&p->terminal, COLUMN + 3, slice_from(f->remedy));
	}
	fflush(stdout);
}

/* What can be read of the configuration, though serve would refuse it: without secrets, or NULL. */
static void
load_what_can_be_read(struct doctor *d, struct config_request *r, struct config **ret_config)
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
tell_settings(struct doctor *d)
{
	const struct config *c = d->config;

	if (c->warning[0] != '\0')
		doctor_tell(
		    d, DOCTOR_WARNING, "settings", "see bentospool.conf(5)", "%s", c->warning);
	else
		doctor_tell(d, DOCTOR_OK, "settings", NULL, "%s",
		    c->file[0] != '\0' ? c->file : "from the environment alone");
}

int
verb_doctor(const struct options *o)
{
	struct config_request r = { .file = o->config, .database = o->database };
	struct printing p = { .options = o };
	struct doctor d = { .tell = print_finding, .arg = &p };
	struct config *c;

	terminal_look(stdout, &p.terminal);
	load_what_can_be_read(&d, &r, &c);
	if (!d.refused)
		tell_settings(&d);
	doctor_machine(&d);
	if (c != NULL) {
		doctor_files(&d);
		doctor_net(&d);
	}
	if (!d.refused && !o->offline)
		doctor_bento(&d);
	config_free(c);
	return d.worst == DOCTOR_PROBLEM ? VERB_ERROR : VERB_DONE;
}
