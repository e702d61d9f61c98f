/* Reads and writes a person's line. Anything that is not such a line is ERR_INPUT. */
#include "outbox/lines/person_line.h"

#include <string.h>

#include "outbox/lines/line_json.h"

#define HEAD "{\"person\":"

bool
person_line_is(struct slice line)
{
	return line.n > strlen(HEAD) && memcmp(line.p, HEAD, strlen(HEAD)) == 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int
read_text(struct json *j, size_t most, struct buf *scratch, struct slice *ret_text)
{
	struct json_value value;

	if (json_skip(j, &value) != 0 || line_json_text(&value, scratch, ret_text) != 0)
		return -1;
	return ret_text->n > 0 && ret_text->n <= most ? 0 : -1;
}

static int
read_time(struct json *j, int64_t *ret_time)
{
	struct json_value value;

	return json_skip(j, &value) == 0 ? line_json_number(&value, ret_time) : -1;
}

static int
read_id(struct json *j, struct buf *scratch, struct identity_id *id)
{
	struct slice kind;

	*id = (struct identity_id){ .with_user = SLICE_NONE };
	if (json_array_begin(j) != 0 || json_array_next(j) != 1
	    || read_text(j, SEGMENT_ID_MAX, scratch, &kind) != 0 || json_array_next(j) != 1
	    || read_text(j, SEGMENT_ID_MAX, scratch, &id->id) != 0)
		return -1;
	id->is_user = SLICE_IS(kind, "user");
	if (!id->is_user && !SLICE_IS(kind, "anonymous"))
		return -1;
	if (json_array_next(j) != 1)
		return 0;
	return read_text(j, SEGMENT_ID_MAX, scratch, &id->with_user) == 0 && json_array_next(j) == 0
		   ? 0
		   : -1;
}

static int
read_ids(struct json *j, struct buf *scratch, struct identity_person *person)
{
	if (json_array_begin(j) != 0)
		return -1;
	while (json_array_next(j) == 1) {
		if (person->n_ids == IDENTITY_PERSON_MAX
		    || read_id(j, scratch, &person->ids[person->n_ids]) != 0)
			return -1;
		person->n_ids++;
	}
	return 0;
}

static int
read_member(struct json *j, struct slice key, struct person_line *line, struct buf *scratch)
{
	struct identity_person *person = &line->person;
	struct json_value value;

	if (json_string_is(key, "site"))
		return read_text(j, SIZE_MAX, scratch, &line->site);
	if (json_string_is(key, "email"))
		return read_text(j, IDENTITY_EMAIL_SIZE - 1, scratch, &person->email);
	if (json_string_is(key, "identified_at"))
		return read_time(j, &person->identified_at);
	if (json_string_is(key, "ids"))
		return read_ids(j, scratch, person);
	return json_skip(j, &value);
}

int
person_line_parse(
    struct slice line, struct person_line *ret_line, struct buf *scratch, struct err *e)
{
	struct slice key;
	struct json j;

	if (line_json_begin(&j, line, scratch, e) != 0)
		return -1;
	*ret_line = (struct person_line){ .site = SLICE_NONE };
	if (json_object_begin(&j) == 0 && json_object_next(&j, &key) == 1
	    && json_object_begin(&j) == 0)
		while (json_object_next(&j, &key) == 1)
			if (read_member(&j, key, ret_line, scratch) != 0)
				return err_set(
				    e, ERR_INPUT, "its %.*s cannot be read", (int)key.n, key.p);
	if (json_object_next(&j, &key) != 0 || json_finish(&j) != 0)
		return err_set(e, ERR_INPUT, "it is not a person at byte %zu", json_offset(&j));
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void
append_id(const struct identity_id *id, struct buf *to)
{
	buf_printf(to, "[\"%s\",", id->is_user ? "user" : "anonymous");
	json_string_append(to, id->id);
	if (id->with_user.p != NULL) {
		buf_append_byte(to, ',');
		json_string_append(to, id->with_user);
	}
	buf_append_byte(to, ']');
}

void
person_line_append(const struct person_line *line, struct buf *to)
{
	const struct identity_person *person = &line->person;

	buf_append_literal(to, HEAD "{\"site\":");
	json_string_append(to, line->site);
	if (person->email.p != NULL) {
		buf_append_literal(to, ",\"email\":");
		json_string_append(to, person->email);
		buf_printf(to, ",\"identified_at\":%lld", (long long)person->identified_at);
	}
	buf_append_literal(to, ",\"ids\":[");
	for (size_t i = 0; i < person->n_ids; i++) {
		if (i > 0)
			buf_append_byte(to, ',');
		append_id(&person->ids[i], to);
	}
	buf_append_literal(to, "]}}");
}
