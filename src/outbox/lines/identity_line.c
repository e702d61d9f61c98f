/*
 * Reads and writes the lines in which adopt carries statements about ids. A line of another form is
 * ERR_INPUT; the error names the wrong member.
 */
#include "outbox/lines/identity_line.h"

#include <string.h>

#include "outbox/lines/line_json.h"

#define HEAD "{\"identity\":"

bool
identity_line_is(struct slice line)
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
read_kind(struct json *j, struct buf *scratch, enum identity_kind *ret_kind)
{
	struct slice name;

	if (read_text(j, SEGMENT_ID_MAX, scratch, &name) != 0)
		return -1;
	for (int kind = IDENTITY_USER; kind <= IDENTITY_DEVICE; kind++)
		if (slice_equals(name, slice_from(identity_kind_name((enum identity_kind)kind)))) {
			*ret_kind = (enum identity_kind)kind;
			return 0;
		}
	return -1;
}

static int
read_member(struct json *j, struct slice key, struct identity_line *line, struct buf *scratch)
{
	struct identity_fact *fact = &line->fact;
	struct json_value value;

	if (json_string_is(key, "site"))
		return read_text(j, SIZE_MAX, scratch, &line->site);
	if (json_string_is(key, "kind"))
		return read_kind(j, scratch, &fact->kind);
	if (json_string_is(key, "id"))
		return read_text(j, SEGMENT_ID_MAX, scratch, &fact->id);
	if (json_string_is(key, "email"))
		return read_text(j, IDENTITY_EMAIL_SIZE - 1, scratch, &fact->email);
	if (json_string_is(key, "user_id"))
		return read_text(j, SEGMENT_ID_MAX, scratch, &fact->user_id);
	if (json_string_is(key, "identified_at"))
		return read_time(j, &fact->identified_at);
	if (json_string_is(key, "since"))
		return read_time(j, &fact->since);
	if (json_string_is(key, "said_at"))
		return read_time(j, &fact->said_at);
	return json_skip(j, &value);
}

int
identity_line_parse(
    struct slice line, struct identity_line *ret_line, struct buf *scratch, struct err *e)
{
	struct slice key;
	struct json j;

	if (line_json_begin(&j, line, scratch, e) != 0)
		return -1;
	*ret_line = (struct identity_line){ .site = SLICE_NONE };
	if (json_object_begin(&j) == 0 && json_object_next(&j, &key) == 1
	    && json_object_begin(&j) == 0)
		while (json_object_next(&j, &key) == 1)
			if (read_member(&j, key, ret_line, scratch) != 0)
				return err_set(
				    e, ERR_INPUT, "its %.*s cannot be read", (int)key.n, key.p);
	if (json_object_next(&j, &key) != 0 || json_finish(&j) != 0)
		return err_set(e, ERR_INPUT, "it is not a statement about an id, at byte %zu",
		    json_offset(&j));
	if (ret_line->fact.id.p == NULL)
		return err_set(e, ERR_INPUT, "it has no id");
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void
append_text(struct buf *to, const char *key, struct slice text)
{
	if (text.p == NULL)
		return;
	buf_printf(to, ",\"%s\":", key);
	json_string_append(to, text);
}

void
identity_line_append(const struct identity_line *line, struct buf *to)
{
	const struct identity_fact *fact = &line->fact;

	buf_append_literal(to, HEAD "{\"site\":");
	json_string_append(to, line->site);
	buf_printf(to, ",\"kind\":\"%s\"", identity_kind_name(fact->kind));
	append_text(to, "id", fact->id);
	append_text(to, "email", fact->email);
	if (fact->email.p != NULL)
		buf_printf(to, ",\"identified_at\":%lld", (long long)fact->identified_at);
	append_text(to, "user_id", fact->user_id);
	if (fact->user_id.p != NULL)
		buf_printf(to, ",\"since\":%lld,\"said_at\":%lld", (long long)fact->since,
		    (long long)fact->said_at);
	buf_append_literal(to, "}}");
}
