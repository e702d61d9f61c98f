/* Requests to store what another outbox or a file has: some lines each. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"

static const char *const verbs[] = { "import", "adopt" };

static int
read_verb(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "verb");

	for (size_t i = 0; cJSON_IsString(verb) && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verb->valuestring, verbs[i]) == 0) {
			task->import.verb = verbs[i];
			return 0;
		}
	return err_set(e, ERR_INPUT, "this daemon does not know that verb");
}

/* All texts in one piece of memory; slices point into it. */
static int
read_lines(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *lines = cJSON_GetObjectItemCaseSensitive(request, "lines"), *line;
	size_t n = 0, bytes = 0;
	char *to;

	if (!cJSON_IsArray(lines))
		return err_set(e, ERR_INPUT, "lines must be a list of texts");
	cJSON_ArrayForEach(line, lines)
	{
		if (!cJSON_IsString(line))
			return err_set(e, ERR_INPUT, "lines must be a list of texts");
		bytes += strlen(line->valuestring);
		n++;
	}
	task->lines = calloc(n + 1, sizeof(*task->lines));
	task->event = malloc(bytes + 1);
	if (task->lines == NULL || task->event == NULL)
		return err_nomem(e);
	to = task->event;
	n = 0;
	cJSON_ArrayForEach(line, lines)
	{
		size_t length = strlen(line->valuestring);

		memcpy(to, line->valuestring, length);
		task->lines[n++] = (struct slice){ to, length };
		to += length;
	}
	task->import.msg.mail.cost = bytes;
	task->import.lines = task->lines;
	task->import.n_lines = n;
	return 0;
}

static int
read_import(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *operation = cJSON_GetObjectItemCaseSensitive(request, "operation_id");

	if (read_verb(task, request, e) != 0 || read_lines(task, request, e) != 0)
		return -1;
	if (cJSON_IsNumber(operation))
		task->import.operation = (int64_t)operation->valuedouble;
	task->import.dry_run = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "dry_run"));
	if (task_read_text(request, "site", &task->site, e) != 0
	    || task_read_text(request, "from", &task->from, e) != 0)
		return -1;
	return task_read_text(request, "note", &task->note, e);
}

int
task_import(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);

	if (task == NULL)
		return -1;
	if (read_import(task, request, e) != 0) {
		task_free(task);
		return -1;
	}
	task->import.msg.type = OUTBOX_IMPORT;
	task->import.actor = task->actor;
	task->import.site = task->site;
	task->import.from = task->from;
	task->import.note = task->note;
	return task_start(task, &task->import.msg, e);
}

static void
tell_imported(struct task *task)
{
	const struct outbox_import *import = &task->import;
	cJSON *answer = cJSON_CreateObject(), *told, *one;

	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "stored", (double)import->counts.stored);
	cJSON_AddNumberToObject(answer, "duplicates", (double)import->counts.duplicates);
	cJSON_AddNumberToObject(answer, "delivered", (double)import->counts.delivered);
	cJSON_AddNumberToObject(answer, "bodyless", (double)import->counts.bodyless);
	cJSON_AddNumberToObject(answer, "bad", (double)import->counts.bad);
	cJSON_AddNumberToObject(answer, "identities", (double)import->counts.identities);
	cJSON_AddNumberToObject(answer, "operation_id", (double)import->operation_id);
	told = cJSON_AddArrayToObject(answer, "told");
	for (size_t i = 0; i < import->n_told; i++) {
		one = cJSON_CreateObject();
		cJSON_AddNumberToObject(one, "line", (double)import->told[i].line);
		cJSON_AddStringToObject(one, "why", import->told[i].why);
		cJSON_AddItemToArray(told, one);
	}
	connection_answer(task->connection, answer);
}

void
task_import_ends(struct task *task)
{
	if (task->connection != NULL && task->import.msg.rc == 0)
		tell_imported(task);
	else if (task->connection != NULL)
		connection_refuse(task->connection, &task->import.msg.err);
	task_end(task);
}
