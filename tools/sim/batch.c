/* Finds the members in the body of a batch request. Fails on a body that is not JSON or not a
 * batch. */
#include "sim/batch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "event/json/json.h"
#include "sim/item.h"

void
batch_init(struct batch *b)
{
	*b = (struct batch){ .item = NULL };
	buf_init(&b->scratch, SIZE_MAX / 4);
}

void
batch_free(struct batch *b)
{
	free(b->item);
	buf_free(&b->scratch);
}

static const struct {
	const char *list;
	const char *member;
} names[] = {
	[BATCH_EVENTS] = { "events", "event" },
	[BATCH_SUBSCRIBERS] = { "subscribers", "subscriber" },
	[BATCH_COMMANDS] = { "command", "command" },
};

const char *
batch_list_name(enum batch_kind kind)
{
	return names[kind].list;
}

const char *
batch_member_name(enum batch_kind kind)
{
	return names[kind].member;
}

static struct batch_item *
add_item(struct batch *b, size_t most, struct err *e)
{
	if (b->n == most) {
		err_set(e, ERR_LIMIT, "more than %zu in one batch", most);
		return NULL;
	}
	if (b->n == b->cap) {
		size_t cap = b->cap == 0 ? 256 : b->cap * 2;
		struct batch_item *item = realloc(b->item, cap * sizeof(*item));

		if (item == NULL) {
			err_nomem(e);
			return NULL;
		}
		b->item = item;
		b->cap = cap;
	}
	b->item[b->n] = (struct batch_item){ .bad_field = NULL };
	return &b->item[b->n++];
}

static int
parse_item(struct batch *b, enum batch_kind kind, struct json *j, size_t most, struct err *e)
{
	struct batch_item *item = add_item(b, most, e);

	if (item == NULL)
		return -1;
	switch (kind) {
	case BATCH_EVENTS:
		item_parse_event(item, j, &b->scratch);
		break;
	case BATCH_SUBSCRIBERS:
		item_parse_subscriber(item, j, &b->scratch);
		break;
	case BATCH_COMMANDS:
		item_parse_command(item, j, &b->scratch);
		break;
	}
	return 0;
}

static int
parse_list(struct batch *b, enum batch_kind kind, struct json *j, size_t most, struct err *e)
{
	struct json_value other;

	b->n = 0; /* when a key occurs twice, its last value counts */
	/* The official clients send one command as an object. */
	if (kind == BATCH_COMMANDS && json_peek(j) == JSON_OBJECT) {
		b->has_list = true;
		return parse_item(b, kind, j, most, e);
	}
	b->has_list = json_peek(j) == JSON_ARRAY;
	if (!b->has_list)
		return json_skip(j, &other) == 0 ? 0 : err_set(e, ERR_INPUT, "not JSON");
	json_array_begin(j);
	while (json_array_next(j) == 1)
		if (parse_item(b, kind, j, most, e) != 0)
			return -1;
	return 0;
}

static void
parse_site(struct batch *b, struct json *j)
{
	struct json_value v;

	if (json_skip(j, &v) != 0)
		return;
	b->site_uuid = SLICE_NONE;
	if (v.type == JSON_STRING)
		json_string_decode(v.raw, &b->scratch, &b->site_uuid);
}

static int
parse_object(struct batch *b, enum batch_kind kind, struct json *j, size_t most, struct err *e)
{
	struct json_value other;
	struct slice key;

	while (json_object_next(j, &key) == 1) {
		if (json_string_is(key, batch_list_name(kind))) {
			if (parse_list(b, kind, j, most, e) != 0)
				return -1;
		} else if (json_string_is(key, "site_uuid")) {
			parse_site(b, j);
		} else {
			json_skip(j, &other);
		}
	}
	return 0;
}

int
batch_parse(struct batch *b, enum batch_kind kind, struct slice body, size_t most, struct err *e)
{
	struct json j;

	b->n = 0;
	b->has_list = false;
	b->site_uuid = SLICE_NONE;
	buf_clear(&b->scratch);
	/* Decoded strings are never longer than their text. With room for all of them scratch never
	 * moves, and slices into it stay valid. */
	if (memchr(body.p, '\\', body.n) != NULL && buf_reserve(&b->scratch, body.n) == NULL)
		return err_nomem(e);
	json_init(&j, body, JSON_MAX_DEPTH);
	if (json_object_begin(&j) == 0 && parse_object(b, kind, &j, most, e) != 0)
		return -1;
	if (json_finish(&j) != 0)
		return err_set(e, ERR_INPUT, "the body is not a JSON object: %s at byte %zu",
		    j.error, json_offset(&j));
	return 0;
}
