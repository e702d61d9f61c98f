/*
 * recover: makes a new database from what is left of a damaged one, and reports what is missing.
 * Both files are named: no configuration is needed, and no daemon may have either file open.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/move/recovered.h"
#include "cli/verbs.h"
#include "outbox/file/lock.h"
#include "term/progress.h"

static void
tell(void *arg, int64_t pages, int64_t all)
{
	struct progress *p = arg;

	p->all = all;
	progress_tell(p, pages);
}

static int
print(const struct options *o, const struct recover_report *r)
{
	cJSON *answer;

	if (o->json) {
		answer = cJSON_CreateObject();
		cJSON_AddStringToObject(answer, "file", o->operands[1]);
		recovered_json(r, answer);
		if (verb_print_json(answer) != 0)
			return VERB_ERROR;
	} else {
		printf("%s: %lld event%s recovered from %s\n", o->operands[1], (long long)r->events,
		    words_plural(r->events), o->operands[0]);
		recovered_print(r);
	}
	return recover_is_complete(r) ? VERB_DONE : VERB_ERROR;
}

static int
check_unused(const char *path, struct err *e)
{
	long pid = lock_holder(path, e);

	if (pid < 0)
		return -1;
	return pid == 0 ? 0
			: err_set(e, ERR_BUSY,
			    "a bentospool (process %ld) has %s open: stop it first", pid, path);
}

int
verb_recover(const struct options *o)
{
	struct progress progress = { .what = "pages" };
	const struct recover_progress each = { tell, &progress };
	struct recover_report report;
	struct err e;
	int rc;

	if (o->n_operands != 2)
		return verb_usage("recover: name the damaged database and the new one; see "
				  "bentospool recover --help");
	rc = check_unused(o->operands[0], &e);
	if (rc == 0)
		rc = outbox_recover(
		    o->operands[0], o->operands[1], clock_wall(&clock_system), &each, &report, &e);
	progress_end(&progress);
	return rc == 0 ? print(o, &report) : verb_fail(&e);
}
