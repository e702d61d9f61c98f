/*
 * reload: makes the daemon read its configuration again, and answers with the changes. When the
 * configuration has an error, the answer is that error, and nothing changes.
 */
#include <cjson/cJSON.h>

#include "control/control_private.h"

static int
answer(struct control *c, cJSON *to, struct err *e)
{
	cJSON *changed = c->options.on_reload(c->options.on_reload_arg, e);

	if (changed == NULL)
		return -1;
	if (!cJSON_AddItemToObject(to, "changed", changed))
		cJSON_Delete(changed);
	return 0;
}

const struct request_kind request_reload = { .name = "reload", .answer = answer };
