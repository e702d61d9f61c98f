/*
 * The filter as JSON, for the control socket and the row of an operation. Reading is strict:
 * ERR_INPUT for anything unknown.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/isotime.h"
#include "base/number.h"
#include "event/json/json.h"
#include "outbox/filter/filter.h"

#define MAX_EXACT 9007199254740992.0 /* 2^53: from here on, a double may stand for another one */

static const char *const text_keys[FILTER_TEXTS] = {
	[FILTER_MESSAGE_ID] = "message-id",
	[FILTER_REASON] = "reason",
	[FILTER_NAME] = "name",
	[FILTER_EMAIL] = "email",
	[FILTER_ERROR] = "error",
	[FILTER_SITE] = "site",
	[FILTER_VIA] = "via",
};

/*
 * A failed append is recorded in the buffer, which the caller checks: a lost criterion would make
 * the filter select more events.
 */
static void
put_key(struct buf *to, const char *key)
{
	if (to->n > 0 && to->p[to->n - 1] != '{')
		buf_append_byte(to, ',');
	buf_printf(to, "\"%s\":", key);
}

static void
put_names(struct buf *to, const char *key, unsigned set, const char *(*name)(unsigned))
{
	char before = '[';

	if (set == 0)
		return;
	put_key(to, key);
	for (unsigned i = 0; set >> i != 0; i++)
		if (set >> i & 1) {
			buf_printf(to, "%c\"%s\"", before, name(i));
			before = ',';
		}
	buf_append_byte(to, ']');
}

static void
put_ids(struct buf *to, const struct outbox_filter *f)
{
	if (f->n_ids == 0)
		return;
	put_key(to, "id");
	for (size_t i = 0; i < f->n_ids; i++) {
		const char *quote = f->ids[i] >= (int64_t)MAX_EXACT ? "\"" : "";

		buf_printf(
		    to, "%c%s%lld%s", i == 0 ? '[' : ',', quote, (long long)f->ids[i], quote);
	}
	buf_append_byte(to, ']');
}

static void
put_time(struct buf *to, const char *key, int64_t at)
{
	char text[ISOTIME_SIZE];

	if (at == 0)
		return;
	isotime_format(at, text);
	put_key(to, key);
	buf_printf(to, "\"%s\"", text);
}

static void
put_number(struct buf *to, const char *key, int64_t value)
{
	if (value == 0)
		return;
	put_key(to, key);
	buf_printf(to, "%lld", (long long)value);
}

void
outbox_filter_to_json(const struct outbox_filter *f, struct buf *to)
{
	buf_append_byte(to, '{');
	put_ids(to, f);
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL) {
			put_key(to, text_keys[i]);
			json_string_append(to, slice_from(f->text[i]));
		}
	put_names(to, "status", f->statuses, filter_status_name);
	put_names(to, "kind", f->kinds, filter_kind_name);
	put_time(to, "since", f->since);
	put_time(to, "until", f->until);
	put_number(to, "http-status", f->http_status);
	put_number(to, "limit", f->limit);
	if (f->all) {
		put_key(to, "all");
		buf_append_literal(to, "true");
	}
	buf_append_byte(to, '}');
}

static int
must_be(struct err *e, const char *key, const char *wanted)
{
	return err_set(e, ERR_INPUT, "filter: %s must be %s", key, wanted);
}

static int
read_number(const cJSON *item, int64_t max, int64_t *ret_value, struct err *e)
{
	double v = item->valuedouble;

	if (!cJSON_IsNumber(item) || !(v >= 1 && v < MAX_EXACT) || v > (double)max || v != floor(v))
		return must_be(e, item->string == NULL ? "id" : item->string,
		    "a positive whole number in range");
	*ret_value = (int64_t)v;
	return 0;
}

/* A text is exact beyond 2^53. */
static int
read_id(const cJSON *item, int64_t *ret_id, struct err *e)
{
	if (!cJSON_IsString(item))
		return read_number(item, INT64_MAX, ret_id, e);
	if (number_parse(item->valuestring, 1, INT64_MAX, ret_id) == 0)
		return 0;
	return must_be(e, "id", "a positive whole number in range");
}

static int
read_ids(const cJSON *list, struct outbox_filter *f, struct err *e)
{
	const cJSON *item;
	int64_t id;

	if (!cJSON_IsArray(list) || list->child == NULL)
		return must_be(e, "id", "a list of numbers");
	cJSON_ArrayForEach(item, list)
	{
		if (read_id(item, &id, e) != 0 || outbox_filter_add_id(f, id, e) != 0)
			return -1;
	}
	return 0;
}

static int
read_statuses(const cJSON *list, unsigned *ret_set, struct err *e)
{
	enum event_status status;
	const cJSON *item;

	if (!cJSON_IsArray(list) || list->child == NULL)
		return must_be(e, "status", "a list of statuses");
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item)
		    || status_parse(slice_from(item->valuestring), &status) != 0)
			return must_be(e, "status", "a list of statuses");
		*ret_set |= 1u << status;
	}
	return 0;
}

static int
read_kinds(const cJSON *list, unsigned *ret_set, struct err *e)
{
	const cJSON *item;

	if (!cJSON_IsArray(list) || list->child == NULL)
		return must_be(e, "kind", "a list of kinds");
	cJSON_ArrayForEach(item, list)
	{
		enum event_kind kind = KIND_UNKNOWN;

		if (cJSON_IsString(item))
			kind = kind_parse(slice_from(item->valuestring));
		if (!cJSON_IsString(item)
		    || (kind == KIND_UNKNOWN
			&& strcmp(item->valuestring, kind_name(KIND_UNKNOWN)) != 0))
			return must_be(e, "kind", "a list of kinds");
		*ret_set |= 1u << kind;
	}
	return 0;
}

static int
read_time(const cJSON *item, int64_t *ret_at, struct err *e)
{
	if (!cJSON_IsString(item) || isotime_parse(slice_from(item->valuestring), ret_at) != 0
	    || *ret_at <= 0)
		return must_be(e, item->string, "an ISO 8601 time after 1970");
	return 0;
}

static int
read_text(const cJSON *item, struct outbox_filter *f, enum filter_text which, struct err *e)
{
	if (!cJSON_IsString(item))
		return must_be(e, item->string, "a text");
	if (outbox_filter_set_text(f, which, item->valuestring, e) != 0)
		return err_wrap(e, "filter: %s", item->string);
	return 0;
}

static int
read_http_status(const cJSON *item, struct outbox_filter *f, struct err *e)
{
	int64_t value;

	if (read_number(item, 999, &value, e) != 0)
		return -1;
	f->http_status = (int)value;
	return 0;
}

static int
read_member(const cJSON *item, struct outbox_filter *f, struct err *e)
{
	const char *key = item->string;

	for (int i = 0; i < FILTER_TEXTS; i++)
		if (strcmp(key, text_keys[i]) == 0)
			return read_text(item, f, (enum filter_text)i, e);
	if (strcmp(key, "id") == 0)
		return read_ids(item, f, e);
	if (strcmp(key, "status") == 0)
		return read_statuses(item, &f->statuses, e);
	if (strcmp(key, "kind") == 0)
		return read_kinds(item, &f->kinds, e);
	if (strcmp(key, "since") == 0)
		return read_time(item, &f->since, e);
	if (strcmp(key, "until") == 0)
		return read_time(item, &f->until, e);
	if (strcmp(key, "http-status") == 0)
		return read_http_status(item, f, e);
	if (strcmp(key, "limit") == 0)
		return read_number(item, INT64_MAX, &f->limit, e);
	if (strcmp(key, "all") != 0)
		return err_set(e, ERR_INPUT, "filter: no criterion is called %s", key);
	if (!cJSON_IsTrue(item))
		return must_be(e, "all", "true");
	f->all = true;
	return 0;
}

int
outbox_filter_from_json(const cJSON *object, struct outbox_filter *f, struct err *e)
{
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return err_set(e, ERR_INPUT, "filter: must be an object");
	cJSON_ArrayForEach(item, object)
	{
		if (read_member(item, f, e) != 0)
			return -1;
	}
	return 0;
}
