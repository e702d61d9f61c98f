/*
 * status: shows the state of the daemon and of each site. report/status.h makes the report; this
 * file has the options and the exit code of --check.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/report/status.h"
#include "cli/verbs.h"

static int
print(const struct status *s, bool json)
{
	struct terminal terminal;

	if (json)
		return verb_print_json(status_json(s));
	terminal_look(stdout, &terminal);
	status_print(s, &terminal);
	return 0;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct status *s = calloc(1, sizeof(*s));
	struct err e;
	int code;

	if (s == NULL)
		err_nomem(&e);
	if (s == NULL || status_collect(s, audit, c, o->max_age, &e) != 0) {
		free(s);
		return verb_fail(&e);
	}
	code = print(s, o->json) != 0 || (o->check && s->n_problems > 0) ? VERB_ERROR : VERB_DONE;
	status_free(s);
	free(s);
	return code;
}

int
verb_status(const struct options *o)
{
	if (o->max_age >= 0 && !o->check)
		return verb_usage("status: --max-age needs --check");
	return verb_read(o, run);
}
