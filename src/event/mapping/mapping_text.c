/*
 * Writes the mapping options as a line of JSON, which each attempt keeps, and reads it back. An
 * option that is missing, because an older version wrote the text, counts as not set. Reading fails
 * on text of a newer version.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "event/json/json.h"
#include "event/mapping/mapping.h"

static const char *const identify_names[] = {
	[MAPPING_IDENTIFY_NONE] = "none",
	[MAPPING_IDENTIFY_UPDATE_FIELDS] = "update_fields",
	[MAPPING_IDENTIFY_SUBSCRIBERS] = "subscribers",
};

static const char *const reserved_names[] = {
	[MAPPING_RESERVED_SERVER] = "server",
	[MAPPING_RESERVED_PASS] = "pass",
	[MAPPING_RESERVED_BLOCK] = "block",
};

#define COUNT(names) (sizeof(names) / sizeof(*(names)))

static int
find_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

int
mapping_identify_parse(const char *name, enum mapping_identify *ret)
{
	int i = find_name(identify_names, COUNT(identify_names), name);

	if (i >= 0)
		*ret = (enum mapping_identify)i;
	return i >= 0 ? 0 : -1;
}

int
mapping_reserved_parse(const char *name, enum mapping_reserved *ret)
{
	int i = find_name(reserved_names, COUNT(reserved_names), name);

	if (i >= 0)
		*ret = (enum mapping_reserved)i;
	return i >= 0 ? 0 : -1;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
describe_bool(const char *key, bool yes, struct buf *to)
{
	buf_printf(to, "\"%s\":%s", key, yes ? "true" : "false");
}

static void
describe_text(const char *key, const char *text, struct buf *to)
{
	if (text[0] == '\0')
		return;
	buf_printf(to, ",\"%s\":", key);
	json_string_append(to, slice_from(text));
}

static void
describe_rules(const struct rules *rules, struct buf *to)
{
	for (unsigned i = 0; i < rules->n; i++) {
		if (i == 0)
			buf_append_literal(to, ",\"rules\":[");
		else
			buf_append_byte(to, ',');
		json_string_append(to, slice_from(rules->rule[i].text));
	}
	if (rules->n > 0)
		buf_append_byte(to, ']');
}

static void
describe_fields(const struct trait_names *fields, struct buf *to)
{
	for (unsigned i = 0; i < fields->n; i++) {
		if (i == 0)
			buf_append_literal(to, ",\"fields\":[");
		else
			buf_append_byte(to, ',');
		json_string_append(to, slice_from(fields->name[i].text));
	}
	if (fields->n > 0)
		buf_append_byte(to, ']');
}

void
mapping_describe(const struct mapping_options *o, struct buf *to)
{
	buf_append_byte(to, '{');
	if (o->forward) {
		describe_bool("forward", true, to);
		buf_append_byte(to, ',');
	}
	describe_bool("unique_key", o->unique_key, to);
	buf_append_byte(to, ',');
	describe_bool("send_date", o->send_date, to);
	if (o->identify != MAPPING_IDENTIFY_NONE)
		describe_text("identify", identify_names[o->identify], to);
	if (o->reserved != MAPPING_RESERVED_SERVER)
		describe_text("reserved_types", reserved_names[o->reserved], to);
	if (o->omit_arrays)
		describe_text("arrays", "omit", to);
	if (o->change_email)
		describe_text("alias", "change_email", to);
	describe_text("page", o->page, to);
	describe_text("screen", o->screen, to);
	describe_text("group", o->group, to);
	describe_text("integration_name", o->integration, to);
	describe_fields(&o->fields, to);
	describe_rules(&o->rules, to);
	buf_append_byte(to, '}');
}

/* ---- reading --------------------------------------------------------------------------------- */

static int
parse_bool(const cJSON *object, const char *key, bool *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsBool(item))
		return -1;
	*ret = cJSON_IsTrue(item);
	return 0;
}

static int
parse_text(const cJSON *object, const char *key, char ret[MAPPING_NAME_SIZE])
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (item == NULL)
		return 0;
	if (!cJSON_IsString(item) || strlen(item->valuestring) >= MAPPING_NAME_SIZE)
		return -1;
	snprintf(ret, MAPPING_NAME_SIZE, "%s", item->valuestring);
	return 0;
}

static int
parse_words(const cJSON *object, struct mapping_options *o)
{
	char identify[MAPPING_NAME_SIZE] = "none", reserved[MAPPING_NAME_SIZE] = "server";
	char arrays[MAPPING_NAME_SIZE] = "join", alias[MAPPING_NAME_SIZE] = "none";

	if (parse_text(object, "identify", identify) != 0
	    || parse_text(object, "reserved_types", reserved) != 0
	    || parse_text(object, "arrays", arrays) != 0 || parse_text(object, "alias", alias) != 0)
		return -1;
	o->omit_arrays = strcmp(arrays, "omit") == 0;
	o->change_email = strcmp(alias, "change_email") == 0;
	if ((!o->omit_arrays && strcmp(arrays, "join") != 0)
	    || (!o->change_email && strcmp(alias, "none") != 0))
		return -1;
	return mapping_identify_parse(identify, &o->identify) == 0
		       && mapping_reserved_parse(reserved, &o->reserved) == 0
		   ? 0
		   : -1;
}

/* This version cannot show options that a newer version wrote. */
static bool
is_known(const char *key)
{
	static const char *const known[] = { "forward", "unique_key", "send_date", "identify",
		"reserved_types", "arrays", "alias", "page", "screen", "group", "integration_name",
		"fields", "rules" };

	return find_name(known, COUNT(known), key) >= 0;
}

static int
parse_rules(const cJSON *object, struct rules *rules)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "rules"), *item;

	if (list != NULL && !cJSON_IsArray(list))
		return -1;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || rules_add(rules, item->valuestring, NULL) != 0)
			return -1;
	}
	return 0;
}

static int
parse_fields(const cJSON *object, struct trait_names *fields)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "fields"), *item;

	if (list != NULL && !cJSON_IsArray(list))
		return -1;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || trait_names_add(fields, item->valuestring, NULL) != 0)
			return -1;
	}
	return 0;
}

static int
parse_object(const cJSON *object, struct mapping_options *o)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		if (!is_known(item->string))
			return -1;
	}
	if (cJSON_HasObjectItem(object, "forward")
	    && parse_bool(object, "forward", &o->forward) != 0)
		return -1;
	if (parse_bool(object, "unique_key", &o->unique_key) != 0
	    || parse_bool(object, "send_date", &o->send_date) != 0 || parse_words(object, o) != 0)
		return -1;
	return parse_text(object, "page", o->page) == 0
		       && parse_text(object, "screen", o->screen) == 0
		       && parse_text(object, "group", o->group) == 0
		       && parse_text(object, "integration_name", o->integration) == 0
		       && parse_fields(object, &o->fields) == 0
		       && parse_rules(object, &o->rules) == 0
		   ? 0
		   : -1;
}

int
mapping_parse(struct slice text, struct mapping_options *ret_o)
{
	struct mapping_options o = { .unique_key = false };
	const char *end = NULL;
	cJSON *object = text.n == 0 ? NULL : cJSON_ParseWithLengthOpts(text.p, text.n, &end, false);
	int rc = -1;

	if (cJSON_IsObject(object) && end == text.p + text.n)
		rc = parse_object(object, &o);
	cJSON_Delete(object);
	if (rc == 0)
		*ret_o = o;
	return rc;
}
