/*
 * Reads each member by its name, and refuses unknown ones: a page of another version may send a
 * member that narrows the change, and ignoring it would change too much.
 */
#include "admin/act/act_request.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static const char *const members[] = { "verb", "filter", "id", "site", "note", "name", "dry_run",
	"expect" };

static int
check_members(const cJSON *o, struct err *e)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, o)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
			known |= strcmp(item->string, members[i]) == 0;
		if (!known)
			return err_set(e, ERR_INPUT, "\"%.40s\" is not known", item->string);
	}
	return 0;
}

/* Reads an optional text. */
static int
read_text(const cJSON *o, const char *name, size_t max, const char **ret_text, struct err *e)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	*ret_text = NULL;
	if (item == NULL || cJSON_IsNull(item))
		return 0;
	if (!cJSON_IsString(item))
		return err_set(e, ERR_INPUT, "%s must be a string", name);
	if (strlen(item->valuestring) > max)
		return err_set(e, ERR_INPUT, "%s must have at most %zu bytes", name, max);
	*ret_text = item->valuestring[0] == '\0' ? NULL : item->valuestring;
	return 0;
}

/* Reads a number, or one in a string, as the answers have it, which is exact beyond 2^53. */
static int
read_number(
    const cJSON *o, const char *name, int64_t min, int64_t max, int64_t *ret_n, struct err *e)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	double n = cJSON_IsNumber(item) ? item->valuedouble : -1;

	if (cJSON_IsString(item) && number_parse(item->valuestring, min, max, ret_n) == 0)
		return 0;
	if (!(n >= (double)min && n < ACT_EXACT && n == floor(n)))
		return err_set(e, ERR_INPUT,
		    "%s must be a whole number from %" PRId64 " on; from 2^53 on as a string", name,
		    min);
	*ret_n = (int64_t)n;
	return 0;
}

static int
read_flag(const cJSON *o, const char *name, bool *ret_flag, struct err *e)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	if (item != NULL && !cJSON_IsBool(item))
		return err_set(e, ERR_INPUT, "%s must be true or false", name);
	*ret_flag = cJSON_IsTrue(item);
	return 0;
}

static int
read_verb(const cJSON *o, struct act_request *r, struct err *e)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, "verb");
	struct slice verb = cJSON_IsString(item) ? slice_from(item->valuestring) : SLICE_NONE;

	if (verb.p != NULL && operate_verb_parse(verb, &r->verb) == 0
	    && r->verb != OPERATE_EXPIRE) {
		r->kind = r->verb == OPERATE_UNDO ? ACT_UNDO : ACT_EVENTS;
		r->word = operate_verb_name(r->verb);
		return 0;
	}
	r->kind = ACT_SITES;
	if (verb.p != NULL && site_control_verb_parse(verb, &r->site_verb) == 0) {
		r->word = site_control_verb_name(r->site_verb);
		return 0;
	}
	return err_set(e, ERR_INPUT,
	    "verb must be requeue, hold, release, discard, undo, pause, resume or flush");
}

/* A member that belongs to another kind of verb is an error; it is never ignored. */
static int
check_alien(const cJSON *o, const struct act_request *r, struct err *e)
{
	static const char *const alien[][4] = {
		[ACT_EVENTS] = { "id", "site" },
		[ACT_UNDO] = { "filter", "site" },
		[ACT_SITES] = { "id", "filter", "expect" },
	};

	for (const char *const *name = alien[r->kind]; *name != NULL; name++)
		if (cJSON_GetObjectItemCaseSensitive(o, *name) != NULL)
			return err_set(e, ERR_INPUT, "%s does not belong to this verb", *name);
	return 0;
}

static int
read_filter(const cJSON *o, struct act_request *r, struct err *e)
{
	if (outbox_filter_from_json(cJSON_GetObjectItemCaseSensitive(o, "filter"), &r->filter, e)
	    != 0)
		return -1;
	if (outbox_filter_is_empty(&r->filter))
		return err_set(
		    e, ERR_INPUT, "filter must choose events; {\"all\":true} chooses every event");
	return 0;
}

/* The number of the dry run: the person agreed to no more events. */
static int
read_expect(const cJSON *o, struct act_request *r, struct err *e)
{
	r->expect = -1;
	if (r->dry_run || r->kind == ACT_SITES)
		return 0;
	if (cJSON_GetObjectItemCaseSensitive(o, "expect") == NULL)
		return err_set(
		    e, ERR_INPUT, "expect is missing: it is the number of events from the dry run");
	return read_number(o, "expect", 0, (int64_t)ACT_EXACT - 1, &r->expect, e);
}

int
act_request_read(const cJSON *o, struct act_request *r, struct err *e)
{
	*r = (struct act_request){ .expect = -1 };
	outbox_filter_init(&r->filter);
	if (check_members(o, e) != 0 || read_verb(o, r, e) != 0 || check_alien(o, r, e) != 0
	    || read_text(o, "note", ACT_NOTE_MAX, &r->note, e) != 0
	    || read_text(o, "name", ACT_NOTE_MAX, &r->name, e) != 0
	    || read_text(o, "site", ACT_SITE_MAX, &r->site, e) != 0
	    || read_flag(o, "dry_run", &r->dry_run, e) != 0 || read_expect(o, r, e) != 0)
		return -1;
	switch (r->kind) {
	case ACT_EVENTS:
		return read_filter(o, r, e);
	case ACT_UNDO:
		return read_number(o, "id", 1, INT64_MAX, &r->undoes, e);
	case ACT_SITES:
		break;
	}
	return 0;
}

void
act_request_free(struct act_request *r)
{
	outbox_filter_free(&r->filter);
}

/* ---- the control socket ---------------------------------------------------------------------- */

/* A filter by ids alone cannot match more events than it has ids. */
static bool
needs_limit(const struct act_request *r)
{
	const struct outbox_filter *f = &r->filter;

	return (f->n_ids == 0 || (int64_t)f->n_ids > r->expect)
	       && (f->limit == 0 || f->limit > r->expect);
}

static bool
add_filter(cJSON *o, const struct act_request *r)
{
	struct outbox_filter f = r->filter; /* borrows its texts and ids */
	struct buf text;
	bool added;

	if (needs_limit(r))
		f.limit = r->expect;
	buf_init(&text, FILTER_MAX_JSON);
	outbox_filter_to_json(&f, &text);
	added = !text.failed && cJSON_AddRawToObject(o, "filter", text.p) != NULL;
	buf_free(&text);
	return added;
}

static bool
add_text(cJSON *o, const char *name, const char *text)
{
	return text == NULL || cJSON_AddStringToObject(o, name, text) != NULL;
}

static bool
add_kind(cJSON *o, const struct act_request *r)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, r->undoes);
	switch (r->kind) {
	case ACT_EVENTS:
		return add_text(o, "do", "operate")
		       && add_text(o, "verb", operate_verb_name(r->verb)) && add_filter(o, r);
	case ACT_UNDO:
		return add_text(o, "do", "operate")
		       && add_text(o, "verb", operate_verb_name(r->verb)) && add_text(o, "id", id);
	case ACT_SITES:
		break;
	}
	return add_text(o, "do", "site_control")
	       && add_text(o, "verb", site_control_verb_name(r->site_verb))
	       && add_text(o, "site", r->site);
}

char *
act_request_line(const struct act_request *r, const char *name)
{
	cJSON *o = cJSON_CreateObject();
	char *line = NULL;

	if (add_kind(o, r) && add_text(o, "note", r->note) && add_text(o, "as", name))
		line = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return line;
}
