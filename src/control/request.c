/* What a line asks for. */
#include <cjson/cJSON.h>
#include <string.h>
#include <unistd.h>

#include "base/isotime.h"
#include "control/control_private.h"

static const char *
health_word(enum outbox_health health)
{
	switch (health) {
	case OUTBOX_OK:
		return "ok";
	case OUTBOX_FULL:
		return "full";
	case OUTBOX_BLOCKED:
		return "blocked";
	case OUTBOX_FAILED:
		return "failed";
	}
	return "failed";
}

static void
add_counters(cJSON *answer, const struct outbox *outbox)
{
	struct outbox_counters n;

	outbox_counters(outbox, &n);
	cJSON_AddNumberToObject(answer, "stored", (double)n.stored);
	cJSON_AddNumberToObject(answer, "duplicates", (double)n.duplicates);
	cJSON_AddNumberToObject(answer, "commits", (double)n.commits);
	cJSON_AddNumberToObject(answer, "delivered", (double)n.delivered);
	cJSON_AddNumberToObject(answer, "attempts", (double)n.attempts);
}

static void
answer_ping(struct connection *conn)
{
	struct control *c = connection_control(conn);
	cJSON *answer = cJSON_CreateObject();
	char started[ISOTIME_SIZE], text[512];

	isotime_format(c->started_at, started);
	outbox_health_text(c->outbox, text, sizeof(text));
	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "pid", (double)getpid());
	cJSON_AddStringToObject(answer, "version", c->version);
	cJSON_AddStringToObject(answer, "started_at", started);
	cJSON_AddStringToObject(answer, "health", health_word(outbox_health(c->outbox)));
	cJSON_AddStringToObject(answer, "health_text", text);
	add_counters(answer, c->outbox);
	connection_answer(conn, answer);
}

static int
answer_reload(struct connection *conn, struct err *e)
{
	struct control *c = connection_control(conn);
	cJSON *changed = c->on_reload(c->on_reload_arg, e), *answer;

	if (changed == NULL)
		return -1;
	answer = cJSON_CreateObject();
	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddItemToObject(answer, "changed", changed);
	connection_answer(conn, answer);
	return 0;
}

static int
handle(struct connection *conn, const cJSON *request, struct err *e)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "do");

	if (!cJSON_IsString(verb))
		return err_set(
		    e, ERR_INPUT, "a request is one line of JSON: {\"do\":\"ping\"}, for example");
	if (strcmp(verb->valuestring, "ping") == 0) {
		answer_ping(conn);
		return 0;
	}
	if (strcmp(verb->valuestring, "operate") == 0)
		return task_operate(conn, request, e);
	if (strcmp(verb->valuestring, "site_control") == 0)
		return task_site_control(conn, request, e);
	if (strcmp(verb->valuestring, "reload") == 0)
		return answer_reload(conn, e);
	if (strcmp(verb->valuestring, "erase") == 0)
		return task_erase(conn, request, e);
	if (strcmp(verb->valuestring, "purge") == 0)
		return task_purge(conn, request, e);
	if (strcmp(verb->valuestring, "import") == 0)
		return task_import(conn, request, e);
	if (strcmp(verb->valuestring, "put") == 0)
		return task_put(conn, request, e);
	return err_set(e, ERR_INPUT, "this daemon does not know \"%.40s\"", verb->valuestring);
}

void
request_handle(struct connection *conn, const char *line, size_t n)
{
	cJSON *request = cJSON_ParseWithLength(line, n);
	struct err e = { 0 };

	if (handle(conn, request, &e) != 0)
		connection_refuse(conn, &e);
	cJSON_Delete(request);
}
