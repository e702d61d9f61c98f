/*
 * Writes traits as Bento's flat fields. A recursive walk collects paths, their field names and
 * values, within bounds on depth, name length and number; then the fields are written in their
 * original order. Nothing is refused: a trait that does not fit is left out.
 */
#include "event/mapping/traits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/bento/acts.h"
#include "event/json/json.h"

#define JOINED_MAX 65536 /* bytes of an array that becomes one text */

struct field {
	char path[TRAITS_NAME_MAX]; /* decoded keys, separated by 0x1f */
	char name[TRAITS_NAME_MAX];
	unsigned path_n;
	unsigned name_n;
	struct json_value value;
};

struct flattening {
	const struct traits_options *options;
	struct field *fields;
	unsigned n;
};

static void flatten(struct flattening *f, struct slice object, struct slice path, struct slice name,
    unsigned depth);

static struct slice
renamed(struct slice key)
{
	if (SLICE_IS(key, "firstName"))
		return SLICE("first_name");
	return SLICE_IS(key, "lastName") ? SLICE("last_name") : key;
}

/* Returns the site's name for the field; an empty name leaves the field out. */
static struct slice
named_by_site(const struct trait_names *names, struct slice name)
{
	for (unsigned i = 0; names != NULL && i < names->n; i++) {
		const char *text = names->name[i].text;
		unsigned n = names->name[i].from_n;

		if (n == name.n && memcmp(text, name.p, n) == 0)
			return slice_from(text + n + 1);
	}
	return name;
}

/* ---- collecting ----------------------------------------------------------------------------- */

static struct field *
find_path(struct flattening *f, struct slice path)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->fields[i].path_n == path.n && memcmp(f->fields[i].path, path.p, path.n) == 0)
			return &f->fields[i];
	return NULL;
}

static bool
is_taken(const struct flattening *f, struct slice name)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->fields[i].name_n == name.n && memcmp(f->fields[i].name, name.p, name.n) == 0)
			return true;
	return false;
}

static bool
is_allowed(const struct traits_options *o, struct slice name, const struct json_value *value)
{
	if (name.n == 0 || act_is_address(name))
		return false;
	if (act_takes_tags(name) && json_is_empty_array(value))
		return false;
	return o->allow_acts || !act_is(ACT_FIELD, name);
}

static void
take_field(
    struct flattening *f, struct slice path, struct slice flat, const struct json_value *value)
{
	struct field *field = find_path(f, path);
	struct slice name = named_by_site(f->options->names, flat);

	if (field == NULL) {
		if (f->n == TRAITS_MAX || !is_allowed(f->options, name, value) || is_taken(f, name))
			return;
		field = &f->fields[f->n++];
		memcpy(field->path, path.p, path.n);
		field->path_n = (unsigned)path.n;
		memcpy(field->name, name.p, name.n);
		field->name_n = (unsigned)name.n;
	}
	field->value = *value;
}

static void
take_value(struct flattening *f, struct slice path, struct slice name,
    const struct json_value *value, unsigned depth)
{
	if (value->type != JSON_OBJECT) {
		if (value->type != JSON_ARRAY || !f->options->omit_arrays)
			take_field(f, path, name, value);
	} else if (depth < TRAITS_DEPTH) {
		flatten(f, value->raw, path, name, depth + 1);
	}
}

/* Joins prefix, separator and key in text; n is 0 when that is too long. */
static struct slice
join(char text[TRAITS_NAME_MAX], struct slice prefix, char mark, struct slice key)
{
	size_t n = prefix.n > 0 ? prefix.n + 1 : 0;

	if (n + key.n > TRAITS_NAME_MAX)
		return SLICE_NONE;
	memcpy(text, prefix.p == NULL ? "" : prefix.p, prefix.n);
	if (prefix.n > 0)
		text[prefix.n] = mark;
	memcpy(text + n, key.p, key.n);
	return (struct slice){ text, n + key.n };
}

static void
take_member(struct flattening *f, struct slice key, struct slice prefix_path,
    struct slice prefix_name, const struct json_value *value, unsigned depth)
{
	char path_text[TRAITS_NAME_MAX], name_text[TRAITS_NAME_MAX];
	struct slice path = join(path_text, prefix_path, 0x1f, key);
	struct slice name = join(name_text, prefix_name, '_', depth == 1 ? renamed(key) : key);

	if (key.n > 0 && path.n > 0 && name.n > 0)
		take_value(f, path, name, value, depth);
}

static void
flatten(
    struct flattening *f, struct slice object, struct slice path, struct slice name, unsigned depth)
{
	struct json_value value;
	struct slice raw_key, key;
	struct buf scratch;
	struct json j;

	buf_init(&scratch, 6 * TRAITS_NAME_MAX);
	json_init(&j, object, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return;
	while (json_object_next(&j, &raw_key) > 0 && json_skip(&j, &value) == 0) {
		buf_clear(&scratch);
		if (raw_key.n <= 6 * TRAITS_NAME_MAX
		    && json_string_decode(raw_key, &scratch, &key) == 0)
			take_member(f, key, path, name, &value, depth);
	}
	buf_free(&scratch);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int
next_value(struct json *j, bool object)
{
	struct slice key;

	return object ? json_object_next(j, &key) : json_array_next(j);
}

void
traits_append_joined(struct slice list, const char *between, struct buf *to)
{
	bool object = list.p[0] == '{', first = true;
	size_t before = to->n;
	struct json_value item;
	struct json j;

	buf_append_byte(to, '"');
	json_init(&j, list, JSON_MAX_DEPTH);
	if ((object ? json_object_begin(&j) : json_array_begin(&j)) != 0)
		return;
	while (next_value(&j, object) > 0 && json_skip(&j, &item) == 0) {
		struct slice text = item.type == JSON_STRING
					? (struct slice){ item.raw.p + 1, item.raw.n - 2 }
					: item.raw;

		if (item.type == JSON_OBJECT || item.type == JSON_ARRAY || item.type == JSON_NULL
		    || text.n == 0 || to->n - before + text.n > JOINED_MAX)
			continue;
		if (!first)
			buf_append_slice(to, slice_from(between));
		buf_append_slice(to, text);
		first = false;
	}
	buf_append_byte(to, '"');
}

static void
append_field(const struct field *field, struct buf *to)
{
	struct slice name = { field->name, field->name_n };

	json_string_append(to, name);
	buf_append_byte(to, ':');
	if (field->value.type == JSON_ARRAY)
		traits_append_joined(field->value.raw, act_takes_tags(name) ? "," : ", ", to);
	else
		buf_append_slice(to, field->value.raw);
}

unsigned
traits_append(struct slice traits, const struct traits_options *options, bool first, struct buf *to)
{
	struct flattening f = { .options = options };

	f.fields = calloc(TRAITS_MAX, sizeof(*f.fields));
	if (f.fields == NULL) {
		to->failed = true;
		return 0;
	}
	flatten(&f, traits, SLICE_NONE, SLICE_NONE, 1);
	for (unsigned i = 0; i < f.n && !to->failed; i++) {
		if (!first || i > 0)
			buf_append_byte(to, ',');
		append_field(&f.fields[i], to);
	}
	free(f.fields);
	return f.n;
}

int
trait_names_add(struct trait_names *names, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');

	if (names->n == TRAIT_NAMES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d names", TRAIT_NAMES_MAX);
	if (equals == NULL || equals == text || strlen(text) >= TRAIT_NAME_SIZE)
		return err_set(e, ERR_INPUT,
		    "must be TRAIT=FIELD, such as address_city=city, and shorter than %d bytes",
		    TRAIT_NAME_SIZE);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
			return err_set(
			    e, ERR_INPUT, "must not contain quotes, \\ or control characters");
	snprintf(names->name[names->n].text, TRAIT_NAME_SIZE, "%s", text);
	names->name[names->n++].from_n = (unsigned)(equals - text);
	return 0;
}
