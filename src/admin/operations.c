/* One page of operations. A row more than a page is read, to know whether there are older ones. */
#include "admin/operations.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/state.h"
#include "base/number.h"

#define BEFORE "before="
#define ID_SIZE 24 /* bytes of an id as text */

struct page {
	cJSON *list;
	size_t n;
	bool failed; /* without memory */
};

int
operations_parse(struct slice query, int64_t *ret_before)
{
	const size_t skip = sizeof(BEFORE) - 1;
	char id[ID_SIZE];

	if (query.n == 0) {
		*ret_before = INT64_MAX;
		return 0;
	}
	if (query.n < skip || memcmp(query.p, BEFORE, skip) != 0 || query.n - skip >= sizeof(id))
		return -1;
	memcpy(id, query.p + skip, query.n - skip);
	id[query.n - skip] = '\0';
	return number_parse(id, 1, INT64_MAX, ret_before);
}

static void
add_slice(struct page *p, cJSON *to, const char *name, struct slice text)
{
	char *copy = strndup(text.p == NULL ? "" : text.p, text.n);

	p->failed |= copy == NULL || cJSON_AddStringToObject(to, name, copy) == NULL;
	free(copy);
}

static void
add_int64(cJSON *to, const char *name, int64_t n)
{
	char text[ID_SIZE];

	snprintf(text, sizeof(text), "%" PRId64, n);
	cJSON_AddStringToObject(to, name, text);
}

static void
add_operation(void *arg, const struct audit_operation_row *row)
{
	struct page *p = arg;
	cJSON *o;

	if (p->n++ == OPERATIONS_PAGE)
		return;
	o = cJSON_CreateObject();
	add_int64(o, "operation_id", row->operation_id);
	cJSON_AddNumberToObject(o, "at", (double)row->at);
	add_slice(p, o, "actor", row->actor);
	add_slice(p, o, "verb", row->verb);
	add_int64(o, "events", row->events);
	add_int64(o, "undone_by", row->undone_by);
	add_int64(o, "undoes", row->undoes);
	p->failed |= !cJSON_AddItemToArray(p->list, o);
}

static void
refuse(struct admin_reply *reply, int status, const char *code, const char *text)
{
	reply->status = status;
	reply->code = code;
	reply->type = "text/plain; charset=utf-8";
	buf_printf(&reply->body, "%s\n", text);
}

static int
read_page(struct admin *a, int64_t before, struct page *p)
{
	struct err e;
	struct outbox_audit *audit = admin_audit(a, &e);
	size_t n;

	if (audit != NULL
	    && outbox_audit_operation_list(
		   audit, before, OPERATIONS_PAGE + 1, add_operation, p, &n, &e)
		   == 0)
		return 0;
	admin_audit_failed(a, &e);
	return -1;
}

static void
print(struct admin_reply *reply, const cJSON *o, bool failed)
{
	char *text = failed ? NULL : cJSON_PrintUnformatted(o);

	reply->type = "application/json";
	reply->body.failed |= text == NULL;
	if (text != NULL)
		buf_append(&reply->body, text, strlen(text));
	cJSON_free(text);
}

void
operations_get(const struct admin_request *r, struct admin_reply *reply)
{
	cJSON *o;
	struct page p = { 0 };
	int64_t before;

	if (operations_parse(slice_from(r->query), &before) != 0) {
		refuse(reply, 400, "bad_query", "the query must be empty, or before=ID");
		return;
	}
	o = cJSON_CreateObject();
	p.list = cJSON_AddArrayToObject(o, "operations");
	if (read_page(r->admin, before, &p) != 0) {
		refuse(reply, 503, "database_unreadable", "the database cannot be read now");
	} else {
		cJSON_AddBoolToObject(o, "more", p.n > OPERATIONS_PAGE);
		print(reply, o, p.failed || p.list == NULL);
	}
	cJSON_Delete(o);
}
