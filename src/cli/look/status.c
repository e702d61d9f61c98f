/*
 * status: shows the state of the daemon and of each site. cli/report/status.h makes the report;
 * this file has the options and the exit code of --check.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/report/status.h"
#include "cli/verbs.h"

static int
print(const struct status *s, const struct options *o)
{
	struct terminal terminal;

	if (o->json)
		return verb_print_json(status_json(s));
	if (o->check) {
		status_print_check(s);
		return 0;
	}
	terminal_look(stdout, &terminal);
	status_print(s, &terminal);
	return 0;
}

static int64_t
given_or(int64_t given, int64_t fallback)
{
	return given >= 0 ? given : fallback;
}

static struct needs_limits
choose_limits(const struct options *o, const struct config *c)
{
	struct needs_limits limits = needs_limits_of(c, clock_wall(&clock_system));

	limits.max_age = given_or(o->max_age, limits.max_age);
	limits.max_backoff = given_or(o->max_backoff, limits.max_backoff);
	limits.failed_since = given_or(o->failed_since, limits.failed_since);
	limits.max_failed = given_or(o->max_failed, limits.max_failed);
	limits.max_refused = (int)given_or(o->max_refused, limits.max_refused);
	limits.min_certificate = given_or(o->min_certificate, limits.min_certificate);
	return limits;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct status *s = calloc(1, sizeof(*s));
	struct needs_limits limits;
	struct err e;
	int code;

	if (s == NULL)
		err_nomem(&e);
	limits = choose_limits(o, c);
	if (s == NULL || status_collect(s, audit, c, &limits, &e) != 0) {
		free(s);
		return verb_fail(&e);
	}
	code = print(s, o) != 0 || (o->check && s->needs.n > 0) ? VERB_ERROR : VERB_DONE;
	status_free(s);
	free(s);
	return code;
}

int
verb_status(const struct options *o)
{
	if (!o->check
	    && (o->max_age >= 0 || o->max_backoff >= 0 || o->failed_since >= 0 || o->max_failed >= 0
		|| o->max_refused >= 0 || o->min_certificate >= 0))
		return verb_usage("status: this option needs --check");
	return verb_read(o, run);
}
