#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "client/operating.h"
#include "outbox/read/audit.h"
#include "term/terminal.h"

static int
print_json(const struct options *o, const struct outbox_operation *op)
{
	const struct undo_left *left = &op->left;
	cJSON *line = cJSON_CreateObject();

	cJSON_AddNumberToObject(line, "events", (double)op->n_events);
	cJSON_AddBoolToObject(line, "dry_run", o->dry_run);
	cJSON_AddNumberToObject(line, "delivered", (double)left->delivered);
	cJSON_AddNumberToObject(line, "settled", (double)left->settled);
	cJSON_AddNumberToObject(line, "changed", (double)left->changed);
	if (left->changed > 0)
		cJSON_AddNumberToObject(line, "changed_by", (double)left->changed_by);
	cJSON_AddNumberToObject(line, "undone", (double)left->undone);
	cJSON_AddNumberToObject(line, "gone", (double)left->gone);
	if (op->operation_id != 0)
		cJSON_AddNumberToObject(line, "operation_id", (double)op->operation_id);
	return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
}

static void
print_left(int64_t n, const char *why)
{
	if (n > 0)
		printf("  %lld left as %s: %s\n", (long long)n, n == 1 ? "it is" : "they are", why);
}

static int
print(const struct options *o, const struct outbox_operation *op)
{
	const struct undo_left *left = &op->left;
	char later[80];

	if (o->json)
		return print_json(o, op);
	printf("%lld event%s %s", (long long)op->n_events, words_plural(op->n_events),
	    o->dry_run ? "would be restored" : "restored");
	if (op->operation_id != 0)
		printf(" (operation %lld)", (long long)op->operation_id);
	putchar('\n');
	snprintf(later, sizeof(later), "changed since, last by operation %lld: undo that first",
	    (long long)left->changed_by);
	print_left(left->delivered, "delivered meanwhile");
	print_left(left->settled, "settled meanwhile, by no operator");
	print_left(left->changed, later);
	print_left(left->undone, "restored before");
	print_left(left->gone, "removed by retention");
	return VERB_DONE;
}

static int
confirm(const struct options *o, const struct outbox_operation *found)
{
	char question[80];

	if (o->yes || found->n_events <= 1)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage("%lld events would be restored; nothing was done: say --yes",
		    (long long)found->n_events);
	snprintf(question, sizeof(question), "restore %lld events?", (long long)found->n_events);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

/* found: what a dry run says. */
static int
undo(const struct config *c, const struct options *o, const struct outbox_operation *found)
{
	struct outbox_operation op = {
		.verb = OPERATE_UNDO,
		.undoes = found->undoes,
		.note = o->note,
	};
	struct err e;
	int rc;

	if (o->dry_run || found->n_events == 0) {
		print(o, found);
		return found->n_events == 0 ? VERB_NOTHING : VERB_DONE;
	}
	rc = confirm(o, found);
	if (rc != VERB_DONE)
		return rc;
	if (operating_run(c, &op, found->n_events, &e) != 0)
		return verb_fail(&e);
	print(o, &op);
	return op.n_events == 0 ? VERB_NOTHING : VERB_DONE;
}

int
verb_undo(const struct options *o)
{
	struct outbox_operation found = { .verb = OPERATE_UNDO };
	struct outbox_audit *audit;
	struct config *c;
	struct err e;
	int rc;

	if (o->n_operands == 0)
		return verb_usage("undo: say which operation; bentospool operations lists them");
	if (verb_read_id(o->operands[0], &found.undoes) != 0)
		return verb_usage("undo: \"%.40s\" is no id of an operation", o->operands[0]);
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = outbox_audit_undo(audit, &found, &e);
	/* Before this process may become the writer: doc/sqlite.md, Files and processes. */
	outbox_audit_close(audit);
	rc = rc == 0 ? undo(c, o, &found) : verb_fail(&e);
	config_free(c);
	return rc;
}
