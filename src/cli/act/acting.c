/*
 * Runs a verb that changes events. It first counts the events, which changes nothing, and asks the
 * person unless --yes was given. Ctrl-C ends the change after the current step, and the error says
 * what was done. The audit is closed before the change, because this process may become the writer
 * (doc/sqlite.md).
 */
#include "cli/act/acting.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>

#include "base/plural.h"
#include "outbox/read/audit.h"
#include "term/progress.h"
#include "term/terminal.h"

#define QUESTION_SIZE 160

static int64_t
amount(const struct acting *a)
{
	int64_t n;

	a->act.exchange->step(a->act.msg, &n);
	return n;
}

/* ---- the answer ------------------------------------------------------------------------------ */

int
acting_print_json(const struct options *o, const struct result_field *results,
    const struct outbox_msg *msg, cJSON *line)
{
	results_write(results, msg, true, line);
	cJSON_AddBoolToObject(line, "dry_run", o->dry_run);
	return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
}

void
acting_print_operation(int64_t operation_id)
{
	if (operation_id != 0)
		printf(" (operation %lld)", (long long)operation_id);
	putchar('\n');
}

static int
print_json(struct acting *a)
{
	cJSON *line = cJSON_CreateObject();

	if (a->add_json != NULL)
		a->add_json(a, line);
	return acting_print_json(a->options, a->act.exchange->results, a->act.msg, line);
}

static int
answer(struct acting *a)
{
	int rc = VERB_DONE;

	if (amount(a) == 0 && a->nothing != NULL) {
		fprintf(stderr, "bentospool: %s\n", a->nothing);
		return VERB_NOTHING;
	}
	if (a->options->json)
		rc = print_json(a);
	else
		a->print(a);
	return rc == VERB_DONE && amount(a) == 0 ? VERB_NOTHING : rc;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Returns VERB_DONE, or the exit code. */
static int
confirm(const struct acting *a)
{
	char what[QUESTION_SIZE], question[QUESTION_SIZE + 1];

	if (a->options->yes || (!a->for_good && amount(a) <= 1))
		return VERB_DONE;
	a->describe(a, what, sizeof(what));
	if (!terminal_can_ask())
		return verb_usage("this would %s; nothing was done: add --yes to do it", what);
	snprintf(question, sizeof(question), "%s?", what);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

/* ---- changing -------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void
stop(int number)
{
	(void)number;
	stopped = 1;
}

/* Sets the error of an interrupted change. The committed steps are recorded as an operation
 * like any other. */
static int
explain_stop(const struct acting *a, struct err *e)
{
	long long n = amount(a), id = *a->operation_id;

	if (id == 0)
		return -1; /* the client has already set the error */
	if (a->for_good)
		return err_set(e, ERR_STATE,
		    "interrupted: %lld %s so far; run it again for the rest", n, a->past);
	return err_set(e, ERR_STATE,
	    "interrupted: %lld event%s %s so far; bentospool undo %lld takes that back", n,
	    words_plural(n), a->past, id);
}

static int
change(struct acting *a, struct err *e)
{
	const struct sigaction note = { .sa_handler = stop };
	struct progress progress = { .what = a->past, .all = amount(a) };
	struct sigaction before;
	int rc;

	a->make(a, false);
	a->act.on_progress = progress_tell;
	a->act.progress_arg = &progress;
	a->act.stop = &stopped;
	stopped = 0;
	sigaction(SIGINT, &note, &before);
	rc = client_act(a->config, &a->act, e);
	sigaction(SIGINT, &before, NULL);
	progress_end(&progress);
	return rc != 0 && stopped ? explain_stop(a, e) : rc;
}

static int
carry_out(struct acting *a)
{
	struct err e;
	int rc;

	if (a->options->dry_run || amount(a) == 0)
		return answer(a);
	rc = confirm(a);
	if (rc != VERB_DONE)
		return rc;
	return change(a, &e) == 0 ? answer(a) : verb_fail(&e);
}

int
acting_run(struct acting *a)
{
	struct outbox_audit *audit;
	struct config *config;
	struct err e;
	int rc = 0;

	if (verb_open(a->options, &config, &audit) != 0)
		return VERB_ERROR;
	a->config = config;
	a->make(a, true);
	if (a->look != NULL)
		rc = a->look(a, audit, &e);
	outbox_audit_close(audit);
	if (a->look == NULL)
		rc = client_act(config, &a->act, &e);
	rc = rc == 0 ? carry_out(a) : verb_fail(&e);
	config_free(config);
	return rc;
}

int
acting_open(const struct options *o, struct config **ret_config)
{
	struct outbox_audit *audit;

	if (verb_open(o, ret_config, &audit) != 0)
		return -1;
	outbox_audit_close(audit);
	return 0;
}
