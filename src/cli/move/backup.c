#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "outbox/read/export.h"

static int
tell(const struct options *o, int64_t bytes)
{
	cJSON *answer;

	if (!o->json) {
		printf("%s: %lld bytes, synced\n", o->operands[0], (long long)bytes);
		return VERB_DONE;
	}
	answer = cJSON_CreateObject();
	cJSON_AddStringToObject(answer, "file", o->operands[0]);
	cJSON_AddNumberToObject(answer, "bytes", (double)bytes);
	return verb_print_json(answer) == 0 ? VERB_DONE : VERB_ERROR;
}

int
verb_backup(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	struct err e = { 0 };
	int64_t bytes;
	int rc;

	if (o->n_operands != 1)
		return verb_usage("backup: name the file to write; see bentospool backup --help");
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = outbox_backup(audit, o->operands[0], &bytes, &e);
	outbox_audit_close(audit);
	config_free(c);
	return rc == 0 ? tell(o, bytes) : verb_fail(&e);
}
