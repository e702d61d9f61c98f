/*
 * verify: looks for damage in the database, beside the daemon or without one, and prints each
 * finding with its remedy.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "outbox/file/lock.h"
#include "outbox/read/verify.h"
#include "term/progress.h"

struct verifying {
	bool json;
	bool failed; /* output */
	struct progress progress;
};

static void
print_finding(void *arg, const struct verify_finding *f)
{
	struct verifying *v = arg;
	cJSON *line;

	progress_end(&v->progress);
	if (!v->json) {
		printf("%s: %s\n    %s\n", f->check, f->what, f->remedy);
		return;
	}
	line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "check", f->check);
	if (f->event_id != 0)
		cJSON_AddNumberToObject(line, "event_id", (double)f->event_id);
	cJSON_AddStringToObject(line, "what", f->what);
	cJSON_AddStringToObject(line, "remedy", f->remedy);
	v->failed = verb_print_json(line) != 0 || v->failed;
}

static void
tell(void *arg, int64_t events)
{
	struct verifying *v = arg;

	progress_tell(&v->progress, events);
}

static int
print_end(struct verifying *v, const char *path, int64_t findings, int64_t events)
{
	cJSON *line;

	if (v->json) {
		line = cJSON_CreateObject();
		cJSON_AddNumberToObject(line, "events", (double)events);
		cJSON_AddNumberToObject(line, "findings", (double)findings);
		v->failed = verb_print_json(line) != 0 || v->failed;
	} else if (findings == 0) {
		printf(
		    "%s is intact: %lld event%s\n", path, (long long)events, words_plural(events));
	} else {
		printf("%lld finding%s\n", (long long)findings, words_plural(findings));
	}
	return findings == 0 && !v->failed ? VERB_DONE : VERB_ERROR;
}

static int
verify(const struct config *c, const struct options *o)
{
	struct verifying v = { .json = o->json, .progress = { .what = "events" } };
	const struct verify_options options = {
		.offline = lock_holder(c->database, NULL) == 0,
		.each = print_finding,
		.progress = tell,
		.arg = &v,
	};
	int64_t findings, events;
	struct err e;
	int rc = outbox_verify(c->database, &options, &findings, &events, &e);

	progress_end(&v.progress);
	return rc == 0 ? print_end(&v, c->database, findings, events) : verb_fail(&e);
}

int
verb_verify(const struct options *o)
{
	struct config *c;
	int rc;

	if (verb_config(o, &c) != 0)
		return VERB_ERROR;
	rc = verify(c, o);
	config_free(c);
	return rc;
}
