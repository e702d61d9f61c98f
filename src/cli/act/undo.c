/*
 * undo: undoes an operation. Each event that is still as the operation left it gets its former
 * state; the others stay, and the answer says why. An id that is not an operation, or one that
 * changed no events, is an error.
 */
#include <stdio.h>

#include "base/plural.h"
#include "cli/act/acting.h"
#include "outbox/operate/operate.h"
#include "outbox/read/audit.h"

struct undo {
	struct acting acting;
	int64_t undoes;
	struct outbox_operation operation;
};

static void
make(struct acting *a, bool dry_run)
{
	struct undo *u = (struct undo *)a;

	u->operation = (struct outbox_operation){
		.verb = OPERATE_UNDO,
		.undoes = u->undoes,
		.note = a->options->note,
		.actor = client_actor(),
		.dry_run = dry_run,
	};
}

static int
look(struct acting *a, struct outbox_audit *audit, struct err *e)
{
	return outbox_audit_undo(audit, &((struct undo *)a)->operation, e);
}

static void
describe(const struct acting *a, char *to, size_t size)
{
	long long n = ((const struct undo *)a)->operation.n_events;

	snprintf(to, size, "restore %lld event%s", n, words_plural(n));
}

static void
print_left(int64_t n, const char *why)
{
	if (n > 0)
		printf("  %lld left as %s: %s\n", (long long)n, n == 1 ? "it is" : "they are", why);
}

static void
print(const struct acting *a)
{
	const struct outbox_operation *op = &((const struct undo *)a)->operation;
	const struct undo_left *left = &op->left;
	char later[80];

	printf("%lld event%s %s", (long long)op->n_events, words_plural(op->n_events),
	    a->options->dry_run ? "would be restored" : "restored");
	acting_print_operation(op->operation_id);
	snprintf(later, sizeof(later), "changed since, last by operation %lld: undo that first",
	    (long long)left->changed_by);
	print_left(left->delivered, "delivered meanwhile");
	print_left(left->settled, "settled meanwhile, not by an operator");
	print_left(left->changed, later);
	print_left(left->undone, "restored before");
	print_left(left->gone, "removed by retention");
}

int
verb_undo(const struct options *o)
{
	struct undo u = {
		.acting = {
			.options = o,
			.past = operate_verb_past(OPERATE_UNDO),
			.make = make,
			.look = look,
			.describe = describe,
			.print = print,
		},
	};

	if (o->n_operands == 0)
		return verb_usage("undo: no operation given; bentospool operations lists them");
	if (verb_read_id(o->operands[0], &u.undoes) != 0)
		return verb_usage("undo: \"%.40s\" is not the id of an operation", o->operands[0]);
	u.acting.act = (struct act){ .exchange = &exchange_undo, .msg = &u.operation.msg };
	u.acting.operation_id = &u.operation.operation_id;
	return acting_run(&u.acting);
}
