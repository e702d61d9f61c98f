/* reload: asks the daemon to reload its configuration, and prints the changes it reports. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "client/control_client.h"

#define ANSWER_TIMEOUT_MS 60000

static int
print(const struct options *o, cJSON *changed)
{
	const cJSON *item;
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddItemToObject(line, "changed", changed);
		return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
	}
	cJSON_ArrayForEach(item, changed)
	{
		printf("%s\n", cJSON_IsString(item) ? item->valuestring : "");
	}
	if (cJSON_GetArraySize(changed) == 0)
		printf("nothing changed\n");
	cJSON_Delete(changed);
	return VERB_DONE;
}

int
verb_reload(const struct options *o)
{
	struct config_request r = { .file = o->config, .database = o->database, .reading = true };
	struct config *c;
	cJSON *answer;
	struct err e;
	int rc;

	if (config_load(&r, &c, &e) != 0) {
		err_wrap(&e, "nothing was reloaded");
		return verb_fail(&e);
	}
	rc = control_client_ask(
	    c->control, control_request("reload"), ANSWER_TIMEOUT_MS, &answer, &e);
	config_free(c);
	if (rc != 0) {
		if (e.code == ERR_NOTFOUND)
			err_wrap(&e, "start `bentospool serve` first");
		return verb_fail(&e);
	}
	rc = print(o, cJSON_DetachItemFromObjectCaseSensitive(answer, "changed"));
	cJSON_Delete(answer);
	return rc;
}
