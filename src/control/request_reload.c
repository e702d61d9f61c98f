/*
 * reload: has the daemon read its configuration again, and answers with what changed. An error in
 * the configuration is the answer, and then nothing has changed.
 */
#include <cjson/cJSON.h>

#include "control/control_private.h"

static int
answer(struct control *c, cJSON *to, struct err *e)
{
	cJSON *changed = c->options.on_reload(c->options.on_reload_arg, e);

	if (changed == NULL)
		return -1;
	cJSON_AddItemToObject(to, "changed", changed);
	return 0;
}

const struct request_kind request_reload = { .name = "reload", .answer = answer };
