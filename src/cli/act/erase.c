/*
 * erase: removes a person, named by the complete address, from the whole database. It cannot be
 * undone, so it always asks. After an interruption, running it again removes the rest.
 */
#include <stdio.h>

#include "base/plural.h"
#include "cli/act/acting.h"
#include "outbox/operate/erase.h"

struct erase {
	struct acting acting;
	struct outbox_erase message;
};

static void
make(struct acting *a, bool dry_run)
{
	((struct erase *)a)->message = (struct outbox_erase){
		.email = a->options->event_email,
		.actor = client_actor(),
		.dry_run = dry_run,
	};
}

static void
describe(const struct acting *a, char *to, size_t size)
{
	long long n = ((const struct erase *)a)->message.n_events;

	snprintf(to, size, "erase %lld event%s for good", n, words_plural(n));
}

static void
print(const struct acting *a)
{
	const struct outbox_erase *erase = &((const struct erase *)a)->message;
	bool dry_run = a->options->dry_run;

	printf("%lld event%s %s (%lld waited and %s discarded), %lld other row%s quoted the "
	       "address\n",
	    (long long)erase->n_events, words_plural(erase->n_events),
	    dry_run ? "would be erased" : "erased", (long long)erase->n_discarded,
	    dry_run ? "would be" : "are", (long long)erase->n_quotes,
	    words_plural(erase->n_quotes));
	if (!dry_run)
		printf("Bento, archives, backups and copies made before a migration "
		       "(.v1, .v2, ...) still have it\n");
}

int
verb_erase(const struct options *o)
{
	struct erase v = {
		.acting = {
			.options = o,
			.past = "erased",
			.nothing = "nothing in the database contains that address",
			.for_good = true,
			.make = make,
			.describe = describe,
			.print = print,
		},
	};

	if (o->event_email == NULL)
		return verb_usage("erase: name the person with --email ADDRESS");
	v.acting.act = (struct act){ .exchange = &exchange_erase, .msg = &v.message.msg };
	v.acting.operation_id = &v.message.operation_id;
	return acting_run(&v.acting);
}
