/*
 * purge: applies retention now: removes bodies first and rows later. It cannot be undone, so it
 * always asks. A running daemon's settings and clocks decide what is old enough; without a daemon,
 * this process's.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/act/acting.h"
#include "daemon/jobs/retention.h"
#include "outbox/operate/purge.h"
#include "outbox/read/audit.h"

struct purge {
	struct acting acting;
	struct outbox_purge message;
	struct purge_limits limits;
};

/* Continues from what the last daemon knew of the clocks. When that cannot be read, the purge
 * fails, too. */
static void
find_limits(const struct config *c, struct purge_limits *ret_limits)
{
	const struct age_reading now = {
		.boot = clock_boot(),
		.wall = clock_wall(&clock_system),
		.mono = clock_mono(&clock_system),
		.trust = clock_trust(&clock_system),
	};
	struct clock_note note = { .unset_boot = 0 };
	struct outbox_audit *audit;
	struct err e;

	if (outbox_audit_open(c->database, &audit, &e) == 0) {
		outbox_audit_clocks(audit, &note, &e);
		outbox_audit_close(audit);
	}
	age_look(&note.history, &now);
	retention_limits(&c->retention, &note.history, ret_limits);
}

static void
make(struct acting *a, bool dry_run)
{
	struct purge *p = (struct purge *)a;

	find_limits(a->config, &p->limits);
	p->message = (struct outbox_purge){
		.limits = &p->limits,
		.archive = a->config->retention.archive,
		.actor = client_actor(),
		.dry_run = dry_run,
	};
}

static void
describe(const struct acting *a, char *to, size_t size)
{
	const struct outbox_purge *p = &((const struct purge *)a)->message;

	snprintf(to, size, "remove the bodies of %lld event%s and %lld whole row%s",
	    (long long)p->n_payloads, words_plural(p->n_payloads), (long long)p->n_rows,
	    words_plural(p->n_rows));
}

static void
print(const struct acting *a)
{
	const struct outbox_purge *p = &((const struct purge *)a)->message;

	printf("the bodies of %lld event%s, and %lld whole row%s, %s", (long long)p->n_payloads,
	    words_plural(p->n_payloads), (long long)p->n_rows, words_plural(p->n_rows),
	    a->options->dry_run ? "would be removed" : "were removed");
	acting_print_operation(p->operation_id);
}

int
verb_purge(const struct options *o)
{
	struct purge v = {
		.acting = {
			.options = o,
			.past = "removed",
			.nothing = "nothing is old enough to remove",
			.for_good = true,
			.make = make,
			.describe = describe,
			.print = print,
		},
	};

	v.acting.act = (struct act){ .exchange = &exchange_purge, .msg = &v.message.msg };
	v.acting.operation_id = &v.message.operation_id;
	return acting_run(&v.acting);
}
