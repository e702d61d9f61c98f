/*
 * A strict parser reads a body first, and bounds its depth; then cJSON builds the tree, and may
 * refuse what the parser took, such as half of a surrogate pair. An escaped NUL is refused, too: it
 * would end a text of cJSON early.
 */
#include "admin/body_json.h"

#include <cjson/cJSON.h>

#include "admin/state.h"
#include "event/json/json.h"
#include "event/json/json_memory.h"

static const char unreadable[] = "a text in it is not Unicode";

static int
check(struct slice text, const char **ret_why)
{
	struct json j;
	struct json_value value;

	json_init(&j, text, BODY_JSON_DEPTH);
	if (json_peek(&j) != JSON_OBJECT)
		*ret_why = j.error != NULL ? j.error : "it is not an object";
	else if (json_skip(&j, &value) != 0 || json_finish(&j) != 0)
		*ret_why = j.error;
	else if (memmem(text.p, text.n, "\\u0000", 6) != NULL)
		*ret_why = "it contains a NUL character";
	else
		return 0;
	return -1;
}

cJSON *
body_json_read(const struct admin_request *r, struct admin_reply *reply)
{
	const char *why;
	cJSON *o;

	if (check((struct slice){ r->body.p == NULL ? "" : r->body.p, r->body.n }, &why) != 0) {
		admin_reply_refuse(
		    reply, 400, "invalid_json", "the body must be one JSON object: %s", why);
		return NULL;
	}
	json_memory_lacked(); /* forget an earlier lack */
	o = cJSON_ParseWithLength(r->body.p, r->body.n);
	if (o == NULL && json_memory_lacked())
		admin_reply_refuse(reply, 503, "busy", "out of memory; try again");
	else if (o == NULL)
		admin_reply_refuse(
		    reply, 400, "invalid_json", "the body must be one JSON object: %s", unreadable);
	return o;
}

void
body_json_print(struct admin_reply *reply, cJSON *o)
{
	char *text = cJSON_PrintUnformatted(o);

	reply->type = "application/json";
	reply->body.failed |= text == NULL;
	if (text != NULL)
		buf_append(&reply->body, text, strlen(text));
	cJSON_free(text);
	cJSON_Delete(o);
}
