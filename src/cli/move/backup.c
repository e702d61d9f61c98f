/*
 * backup: writes a consistent copy of the database to a new file while the daemon runs. An existing
 * file is never replaced; after an error there is no copy.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "outbox/read/export.h"

static int
print(const struct options *o, int64_t bytes)
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

static int
backup(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct err e = { 0 };
	int64_t bytes;

	(void)c;
	return outbox_backup(audit, o->operands[0], &bytes, &e) == 0 ? print(o, bytes)
								     : verb_fail(&e);
}

int
verb_backup(const struct options *o)
{
	if (o->n_operands != 1)
		return verb_usage("backup: name the file to write; see bentospool backup --help");
	return verb_read(o, backup);
}
