/*
 * Traits as Bento's flat fields. One recursive walk with bounds on depth, names and number of
 * fields: each value gets its flat name, the name that the site gives it, and is written unless
 * that name was written before. Nothing fails: what does not fit is left out.
 */
#include "event/mapping/traits.h"

#include <stdio.h>
#include <string.h>

#include "event/json/json.h"

#define JOINED_MAX 65536 /* bytes of an array as one text */

struct name {
	size_t at; /* in `to`, with its quotes */
	size_t n;
};

struct flattening {
	struct buf *to;
	bool join_arrays;
	bool first;
	const struct trait_names *other; /* NULL: none */
	struct name names[TRAITS_MAX];
	unsigned n;
};

static void flatten(
    struct flattening *f, struct slice object, const char *prefix, size_t prefix_n, unsigned depth);

/* The bytes between the quotes; two spellings of one name are two names. */
static struct slice
inside(struct slice raw)
{
	return (struct slice){ raw.p + 1, raw.n - 2 };
}

static struct slice
renamed(struct slice key)
{
	if (SLICE_IS(key, "firstName"))
		return SLICE("first_name");
	return SLICE_IS(key, "lastName") ? SLICE("last_name") : key;
}

/* What the site calls the field; empty: it is left out. */
static struct slice
named_by_site(const struct flattening *f, struct slice name)
{
	for (unsigned i = 0; f->other != NULL && i < f->other->n; i++) {
		const char *text = f->other->name[i].text;
		unsigned n = f->other->name[i].from_n;

		if (n == name.n && memcmp(text, name.p, n) == 0)
			return slice_from(text + n + 1);
	}
	return name;
}

static bool
is_taken(const struct flattening *f, const char *name, size_t n)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->names[i].n == n && memcmp(f->to->p + f->names[i].at, name, n) == 0)
			return true;
	return false;
}

/* Whether the name is new and was written; then its value must follow. */
static bool
begin_field(struct flattening *f, const char *flat, size_t flat_n)
{
	struct slice field = named_by_site(f, (struct slice){ flat, flat_n });
	const char *name = field.p;
	size_t n = field.n;

	if (n == 0 || f->n == TRAITS_MAX || f->to->failed || is_taken(f, name, n))
		return false;
	if (!f->first)
		buf_append_byte(f->to, ',');
	f->first = false;
	buf_append_byte(f->to, '"');
	f->names[f->n++] = (struct name){ f->to->n, n };
	buf_append(f->to, name, n);
	buf_append_literal(f->to, "\":");
	return true;
}

/* Texts and numbers of an array, with ", " between them; what is deeper is left out. */
static void
append_joined(struct slice array, struct buf *to)
{
	struct json_value item;
	size_t before = to->n;
	bool first = true;
	struct json j;

	buf_append_byte(to, '"');
	json_init(&j, array, JSON_MAX_DEPTH);
	if (json_array_begin(&j) != 0)
		return;
	while (json_array_next(&j) > 0 && json_skip(&j, &item) == 0) {
		struct slice text = item.type == JSON_STRING ? inside(item.raw) : item.raw;

		if (item.type == JSON_OBJECT || item.type == JSON_ARRAY || item.type == JSON_NULL
		    || to->n - before + text.n > JOINED_MAX)
			continue;
		if (!first)
			buf_append_literal(to, ", ");
		buf_append_slice(to, text);
		first = false;
	}
	buf_append_byte(to, '"');
}

static void
take_value(struct flattening *f, const char *name, size_t n, const struct json_value *value,
    unsigned depth)
{
	if (value->type == JSON_OBJECT) {
		if (depth < TRAITS_DEPTH)
			flatten(f, value->raw, name, n, depth + 1);
	} else if (value->type == JSON_ARRAY) {
		if (f->join_arrays && begin_field(f, name, n))
			append_joined(value->raw, f->to);
	} else if (begin_field(f, name, n)) {
		buf_append_slice(f->to, value->raw);
	}
}

static void
flatten(
    struct flattening *f, struct slice object, const char *prefix, size_t prefix_n, unsigned depth)
{
	char name[TRAITS_NAME_MAX];
	struct json_value value;
	struct slice raw_key;
	struct json j;

	json_init(&j, object, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return;
	while (json_object_next(&j, &raw_key) > 0 && json_skip(&j, &value) == 0) {
		struct slice key = depth == 1 ? renamed(inside(raw_key)) : inside(raw_key);
		size_t n = prefix_n > 0 ? prefix_n + 1 : 0;

		if (key.n == 0 || n + key.n > sizeof(name)
		    || (depth == 1 && SLICE_IS(key, "email")))
			continue;
		memcpy(name, prefix, prefix_n);
		if (prefix_n > 0)
			name[prefix_n] = '_';
		memcpy(name + n, key.p, key.n);
		take_value(f, name, n + key.n, &value, depth);
	}
}

unsigned
traits_append(struct slice traits, bool join_arrays, const struct trait_names *names, bool first,
    struct buf *to)
{
	struct flattening f = {
		.to = to, .join_arrays = join_arrays, .first = first, .other = names
	};

	flatten(&f, traits, "", 0, 1);
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
		    "must be TRAIT=FIELD, such as address_city=city, of fewer than %d bytes",
		    TRAIT_NAME_SIZE);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
			return err_set(e, ERR_INPUT, "must have no quotes and no \\ in it");
	snprintf(names->name[names->n].text, TRAIT_NAME_SIZE, "%s", text);
	names->name[names->n++].from_n = (unsigned)(equals - text);
	return 0;
}
