/* age: counts pending events, or those that filters select, by name and age. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "report/ages.h"

#define NAMES_DEFAULT 15
#define TEXT_MAX 16777216

static void
print_row(void *arg, struct slice name, bool others, const struct ages_row *row)
{
	int *failed = arg;

	if (verb_print_json(ages_row_json(name, others, row)) != 0)
		*failed = 1;
}

static int
print(const struct options *o, const struct ages *ages, int64_t names)
{
	struct terminal terminal;
	struct err e = { 0 };
	struct buf text;
	int failed = 0;

	if (o->json) {
		ages_each(ages, names, print_row, &failed);
		return failed ? VERB_ERROR : VERB_DONE;
	}
	terminal_look(stdout, &terminal);
	buf_init(&text, TEXT_MAX);
	if (ages_print(ages, names, &terminal, &text, &e) != 0)
		failed = 1;
	else
		fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
	return failed ? verb_fail(&e) : VERB_DONE;
}

static int
run(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct outbox_filter filter = o->filter; /* borrows the texts of o */
	int64_t now = clock_wall(&clock_system);
	struct ages *ages;
	struct err e;
	int rc;

	(void)c;
	if (now < CLOCK_FLOOR) {
		err_set(&e, ERR_STATE,
		    "the clock of this machine is not set, so ages are not known: set it, or start "
		    "systemd-timesyncd, chrony or ntpd; bentospool list shows the events");
		return verb_fail(&e);
	}
	if (filter.statuses == 0)
		filter.statuses = 1u << STATUS_PENDING;
	if (ages_collect(audit, &filter, now, &ages, &e) != 0)
		return verb_fail(&e);
	if (ages_total(ages) == 0)
		rc = verb_no_match();
	else
		rc = print(o, ages, o->has_limit ? filter.limit : NAMES_DEFAULT);
	ages_free(ages);
	return rc;
}

int
verb_age(const struct options *o)
{
	return verb_read(o, run);
}
