/*
 * import: stores lines of another outbox or of a file. One request is one transaction; the client
 * sends the next lines after the answer. A line that cannot be stored is counted, and the first few
 * are reported with a reason; the others are stored.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "outbox/operate/import.h"

struct import_task {
	struct task task;
	struct outbox_import import;
	struct slice *lines;
	char *text; /* the memory that the lines point into */
	char *site;
	char *from;
	char *note;
};

/* ---- the client's end ------------------------------------------------------------------------ */

static int
write_lines(const struct outbox_import *import, cJSON *request)
{
	cJSON *lines = cJSON_AddArrayToObject(request, "lines"), *line;

	for (size_t i = 0; lines != NULL && i < import->n_lines; i++) {
		/* A NUL follows each line, so no line needs to be copied here. */
		line = cJSON_CreateStringReference(import->lines[i].p);
		if (line == NULL || !cJSON_AddItemToArray(lines, line))
			return -1;
	}
	return lines == NULL ? -1 : 0;
}

static int
write_request(const struct outbox_msg *msg, cJSON *request)
{
	const struct outbox_import *import = (const struct outbox_import *)msg;

	if (exchange_add_text(request, "verb", import->verb) != 0
	    || exchange_add_text(request, "site", import->site) != 0
	    || exchange_add_text(request, "from", import->from) != 0
	    || exchange_add_text(request, "note", import->note) != 0
	    || exchange_add_flag(request, "dry_run", import->dry_run) != 0
	    || exchange_add_number(request, "operation_id", import->operation) != 0)
		return -1;
	return write_lines(import, request);
}

static const struct result_field results[] = {
	RESULT(struct outbox_import, "stored", counts.stored),
	RESULT(struct outbox_import, "duplicates", counts.duplicates),
	RESULT(struct outbox_import, "delivered", counts.delivered),
	RESULT(struct outbox_import, "bodyless", counts.bodyless),
	RESULT(struct outbox_import, "bad", counts.bad),
	RESULT(struct outbox_import, "identities", counts.identities),
	RESULT_ID(struct outbox_import, "operation_id", operation_id),
	RESULTS_END,
};

static void
write_told(const struct outbox_msg *msg, cJSON *answer)
{
	const struct outbox_import *import = (const struct outbox_import *)msg;
	cJSON *told = cJSON_AddArrayToObject(answer, "told"), *one;

	for (size_t i = 0; i < import->n_told; i++) {
		one = cJSON_CreateObject();
		cJSON_AddNumberToObject(one, "line", (double)import->told[i].line);
		cJSON_AddStringToObject(one, "why", import->told[i].why);
		if (!cJSON_AddItemToArray(told, one))
			cJSON_Delete(one);
	}
}

static void
read_told(const cJSON *answer, struct outbox_msg *msg)
{
	struct outbox_import *import = (struct outbox_import *)msg;
	const cJSON *told = cJSON_GetObjectItemCaseSensitive(answer, "told"), *one;

	import->n_told = 0;
	cJSON_ArrayForEach(one, told)
	{
		const cJSON *line = cJSON_GetObjectItemCaseSensitive(one, "line");
		const cJSON *why = cJSON_GetObjectItemCaseSensitive(one, "why");
		struct import_bad *bad = &import->told[import->n_told];

		if (import->n_told == IMPORT_TOLD_MAX || !cJSON_IsNumber(line)
		    || line->valuedouble < 0 || !cJSON_IsString(why))
			break;
		bad->line = (size_t)line->valuedouble;
		snprintf(bad->why, sizeof(bad->why), "%s", why->valuestring);
		import->n_told++;
	}
}

const struct exchange exchange_import = {
	.request = "import",
	.type = OUTBOX_IMPORT,
	.results = results,
	.write = write_request,
	.write_more = write_told,
	.read_more = read_told,
};

/* ---- the daemon's end ------------------------------------------------------------------------ */

/* Checks the verb. The message borrows a static string, one of the two verbs that the audit
 * records. */
static int
read_verb(struct import_task *t, const cJSON *request, struct err *e)
{
	static const char *const verbs[] = { "import", "adopt" };
	struct slice verb = request_read_verb(request);

	for (size_t i = 0; verb.p != NULL && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verb.p, verbs[i]) == 0) {
			t->import.verb = verbs[i];
			return 0;
		}
	return request_refuse_verb(verb, e);
}

/* Copies all lines into one block of memory. */
static int
copy_lines(struct import_task *t, const cJSON *lines, size_t n, size_t bytes, struct err *e)
{
	const cJSON *line;
	char *to;

	t->lines = calloc(n + 1, sizeof(*t->lines));
	t->text = malloc(bytes + 1);
	if (t->lines == NULL || t->text == NULL)
		return err_nomem(e);
	to = t->text;
	cJSON_ArrayForEach(line, lines)
	{
		size_t length = strlen(line->valuestring);

		memcpy(to, line->valuestring, length);
		t->lines[t->import.n_lines++] = (struct slice){ to, length };
		to += length;
	}
	t->import.lines = t->lines;
	t->import.msg.mail.cost = bytes;
	return 0;
}

static int
read_lines(struct import_task *t, const cJSON *request, struct err *e)
{
	const cJSON *lines = cJSON_GetObjectItemCaseSensitive(request, "lines"), *line;
	size_t n = 0, bytes = 0;

	if (!cJSON_IsArray(lines))
		return err_set(e, ERR_INPUT, "lines must be a list of strings");
	cJSON_ArrayForEach(line, lines)
	{
		if (!cJSON_IsString(line))
			return err_set(e, ERR_INPUT, "lines must be a list of strings");
		bytes += strlen(line->valuestring);
		n++;
	}
	return copy_lines(t, lines, n, bytes, e);
}

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct import_task *t = (struct import_task *)task;
	const cJSON *operation = cJSON_GetObjectItemCaseSensitive(request, "operation_id");

	if (read_verb(t, request, e) != 0 || read_lines(t, request, e) != 0
	    || request_read_text(request, "site", &t->site, e) != 0
	    || request_read_text(request, "from", &t->from, e) != 0
	    || request_read_text(request, "note", &t->note, e) != 0)
		return -1;
	if (cJSON_IsNumber(operation))
		t->import.operation = (int64_t)operation->valuedouble;
	t->import.dry_run = request_read_flag(request, "dry_run");
	t->import.actor = task->actor;
	t->import.site = t->site;
	t->import.from = t->from;
	t->import.note = t->note;
	task->msg = &t->import.msg;
	return 0;
}

static void
free_task(struct task *task)
{
	struct import_task *t = (struct import_task *)task;

	free(t->lines);
	free(t->text);
	free(t->site);
	free(t->from);
	free(t->note);
}

const struct request_kind request_import = {
	.exchange = &exchange_import,
	.size = sizeof(struct import_task),
	.parse = parse,
	.free = free_task,
};
