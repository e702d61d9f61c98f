/*
 * Handles one line from a client: finds the kind of request by its "do", and answers at once or
 * starts a task. A line that is not a request, and an unknown kind, get a refusal.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "control/control_private.h"
#include "event/json/json_memory.h"

static const struct request_kind *const kinds[] = {
#define ROW(name) &request_##name,
	REQUEST_KINDS(ROW)
#undef ROW
	    NULL
};

static const char *
name_of(const struct request_kind *kind)
{
	return kind->exchange != NULL ? kind->exchange->request : kind->name;
}

static int
answer_at_once(struct connection *conn, const struct request_kind *kind, struct err *e)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddTrueToObject(answer, "ok");
	if (kind->answer(connection_control(conn), answer, e) != 0) {
		cJSON_Delete(answer);
		return -1;
	}
	connection_answer(conn, answer, CONNECTION_DONE);
	return 0;
}

/* The daemon's dashboard names the person for whom it acts; no other client may choose a name. */
static int
check_as(const struct connection *conn, const cJSON *request, struct err *e)
{
	const cJSON *as = cJSON_GetObjectItemCaseSensitive(request, "as");

	if (as == NULL)
		return 0;
	if (!connection_is_own(conn))
		return err_set(e, ERR_INPUT, "\"as\" is for the daemon's own dashboard");
	if (!cJSON_IsString(as) || as->valuestring[0] == '\0'
	    || strlen(as->valuestring) > CONTROL_AS_MAX)
		return err_set(
		    e, ERR_INPUT, "\"as\" must be a name of 1 to %d bytes", CONTROL_AS_MAX);
	return 0;
}

static int
handle(struct connection *conn, const cJSON *request, struct err *e)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(request, "do");

	if (!cJSON_IsString(name))
		return err_set(
		    e, ERR_INPUT, "a request is one line of JSON: {\"do\":\"ping\"}, for example");
	if (check_as(conn, request, e) != 0)
		return -1;
	for (size_t i = 0; kinds[i] != NULL; i++)
		if (strcmp(name->valuestring, name_of(kinds[i])) == 0)
			return kinds[i]->exchange != NULL ? task_start(conn, kinds[i], request, e)
							  : answer_at_once(conn, kinds[i], e);
	return err_set(e, ERR_INPUT,
	    "the running daemon does not know the request \"%.40s\": restart it after an upgrade",
	    name->valuestring);
}

void
request_handle(struct connection *conn, const char *line, size_t n)
{
	struct err e = { 0 };
	cJSON *request;
	int rc;

	json_memory_lacked(); /* forget an earlier lack */
	request = cJSON_ParseWithLength(line, n);
	if (request == NULL && json_memory_lacked())
		rc = err_nomem(&e);
	else
		rc = handle(conn, request, &e);
	if (rc != 0)
		connection_refuse(conn, &e);
	cJSON_Delete(request);
}

int
request_read_text(const cJSON *request, const char *name, char **ret_text, struct err *e)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(request, name);
	char *copy;

	if (text == NULL)
		return 0;
	if (!cJSON_IsString(text))
		return err_set(e, ERR_INPUT, "%s must be a string", name);
	copy = strdup(text->valuestring);
	if (copy == NULL)
		return err_nomem(e);
	*ret_text = copy;
	return 0;
}

bool
request_read_flag(const cJSON *request, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, name));
}

struct slice
request_read_verb(const cJSON *request)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "verb");

	return cJSON_IsString(verb) ? slice_from(verb->valuestring) : SLICE_NONE;
}

int
request_refuse_verb(struct slice verb, struct err *e)
{
	if (verb.p == NULL)
		return err_set(e, ERR_INPUT, "the request needs a verb (a string)");
	return err_set(e, ERR_INPUT,
	    "the running daemon does not know the verb \"%.*s\": restart it after an upgrade",
	    verb.n < 40 ? (int)verb.n : 40, verb.p);
}
