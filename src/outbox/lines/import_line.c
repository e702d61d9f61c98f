/*
 * Reads and writes an event's line. One table has the name, the type and the place in struct
 * import_line of each member. Unknown members are skipped; a wrong value is ERR_INPUT.
 */
#include "outbox/lines/import_line.h"

#include <stddef.h>

#include "base/isotime.h"
#include "event/box_name.h"
#include "outbox/lines/line_json.h"

enum member_type {
	MEMBER_TEXT,
	MEMBER_NUMBER,
	MEMBER_TIME,        /* 0 means that there is none */
	MEMBER_TIME_ALWAYS, /* always present, and may be 0 */
	MEMBER_RAW,
	MEMBER_OBJECT
};

#define NO_TIME INT64_MIN

/* A line while it is read: kind and status are texts until they are checked. */
struct members {
	struct import_line line;
	struct slice kind;
	struct slice status;
};

#define MEMBER(name, type)                                                                         \
	{                                                                                          \
#name, type, offsetof(struct members, line.name)                                   \
	}

static const struct {
	const char *name;
	enum member_type type;
	size_t offset; /* offset of the slice or number */
} members[] = {
	MEMBER(site, MEMBER_TEXT),
	MEMBER(message_id, MEMBER_TEXT),
	{ "kind", MEMBER_TEXT, offsetof(struct members, kind) },
	MEMBER(name, MEMBER_TEXT),
	MEMBER(email, MEMBER_TEXT),
	{ "status", MEMBER_TEXT, offsetof(struct members, status) },
	MEMBER(reason, MEMBER_TEXT),
	MEMBER(attempts, MEMBER_NUMBER),
	MEMBER(maybe_sent, MEMBER_NUMBER),
	MEMBER(received_at, MEMBER_TIME_ALWAYS),
	MEMBER(occurred_at, MEMBER_TIME_ALWAYS),
	MEMBER(via, MEMBER_TEXT),
	MEMBER(arrived_at, MEMBER_TIME),
	MEMBER(settled_at, MEMBER_TIME),
	MEMBER(error, MEMBER_TEXT),
	MEMBER(browser, MEMBER_NUMBER),
	MEMBER(context, MEMBER_RAW),
	MEMBER(integrations, MEMBER_RAW),
	MEMBER(sent_at, MEMBER_RAW),
	MEMBER(body, MEMBER_OBJECT),
};

#define N_MEMBERS (sizeof(members) / sizeof(*members))

bool
import_line_is_ours(struct slice line)
{
	bool kind = false, status = false, type = false;
	struct json_value value;
	struct slice key;
	struct json j;

	json_init(&j, line, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return false;
	while (json_object_next(&j, &key) == 1 && json_skip(&j, &value) == 0) {
		kind = kind || json_string_is(key, "kind");
		status = status || json_string_is(key, "status");
		type = type || json_string_is(key, "type");
	}
	return json_finish(&j) == 0 && kind && status && !type;
}

static int
read_time(const struct json_value *value, struct buf *scratch, int64_t *ret_time)
{
	struct slice text;

	if (line_json_text(value, scratch, &text) != 0)
		return -1;
	return isotime_parse(text, ret_time);
}

static int
read_value(enum member_type type, const struct json_value *value, void *to, struct buf *scratch)
{
	switch (type) {
	case MEMBER_TEXT:
		return line_json_text(value, scratch, to);
	case MEMBER_NUMBER:
		return line_json_number(value, to);
	case MEMBER_TIME:
	case MEMBER_TIME_ALWAYS:
		return read_time(value, scratch, to);
	case MEMBER_OBJECT:
		if (value->type != JSON_OBJECT)
			return -1;
		*(struct slice *)to = value->raw;
		return 0;
	case MEMBER_RAW:
		*(struct slice *)to = value->raw;
		return 0;
	}
	return -1;
}

static int
read_member(struct members *m, struct slice key, const struct json_value *value,
    struct buf *scratch, struct err *e)
{
	if (json_string_is(key, "redacted"))
		return err_set(e, ERR_INPUT, "it is redacted: nothing is left to send");
	if (json_string_is(key, "provisional") && value->type != JSON_NULL)
		return err_set(e, ERR_INPUT,
		    "its times are from a clock that was not set: export it again once they are "
		    "corrected");
	for (size_t i = 0; i < N_MEMBERS && value->type != JSON_NULL; i++)
		if (json_string_is(key, members[i].name))
			return read_value(
				   members[i].type, value, (char *)m + members[i].offset, scratch)
				       == 0
				   ? 0
				   : err_set(
				       e, ERR_INPUT, "its %s cannot be read", members[i].name);
	return 0; /* event_id, http_status, or a member of a later version */
}

static int
check(struct members *m, struct err *e)
{
	struct import_line *line = &m->line;

	if (m->status.p == NULL || status_parse(m->status, &line->status) != 0)
		return err_set(e, ERR_INPUT, "its status is missing or unknown");
	line->kind = kind_parse(m->kind);
	if (m->kind.p == NULL
	    || (line->kind == KIND_UNKNOWN
		&& !slice_equals(m->kind, slice_from(kind_name(KIND_UNKNOWN)))))
		return err_set(e, ERR_INPUT, "its kind is missing or unknown");
	if (line->message_id.n == 0)
		return err_set(e, ERR_INPUT, "it has no message_id");
	if (line->received_at == NO_TIME || line->occurred_at == NO_TIME)
		return err_set(e, ERR_INPUT, "its received_at or occurred_at is missing");
	if (line->via.p != NULL && !box_name_is_valid(line->via))
		return err_set(e, ERR_INPUT, "its via is not the name of a box");
	return 0;
}

int
import_line_parse(
    struct slice line, struct import_line *ret_line, struct buf *scratch, struct err *e)
{
	struct members m = {
		.line = { .status = STATUS_PENDING,
		    .received_at = NO_TIME,
		    .occurred_at = NO_TIME },
	};
	struct json_value value;
	struct slice key;
	struct json j;

	if (line_json_begin(&j, line, scratch, e) != 0)
		return -1;
	if (json_object_begin(&j) == 0)
		while (json_object_next(&j, &key) == 1 && json_skip(&j, &value) == 0)
			if (read_member(&m, key, &value, scratch, e) != 0)
				return -1;
	if (json_finish(&j) != 0)
		return err_set(e, ERR_INPUT, "%s at byte %zu", j.error, json_offset(&j));
	if (check(&m, e) != 0)
		return -1;
	*ret_line = m.line;
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void
append_member(const struct members *m, size_t i, struct buf *to)
{
	const void *from = (const char *)m + members[i].offset;
	const struct slice *text = from;
	const int64_t *number = from;
	char time[ISOTIME_SIZE];

	buf_printf(to, ",\"%s\":", members[i].name);
	switch (members[i].type) {
	case MEMBER_TEXT:
		json_string_append(to, *text);
		return;
	case MEMBER_NUMBER:
		buf_printf(to, "%lld", (long long)*number);
		return;
	case MEMBER_TIME:
	case MEMBER_TIME_ALWAYS:
		isotime_format(*number, time);
		buf_printf(to, "\"%s\"", time);
		return;
	case MEMBER_RAW:
	case MEMBER_OBJECT:
		buf_append_slice(to, *text);
		return;
	}
}

static bool
has_value(const struct members *m, size_t i)
{
	const void *from = (const char *)m + members[i].offset;

	if (members[i].type == MEMBER_TIME_ALWAYS)
		return true;
	if (members[i].type == MEMBER_NUMBER || members[i].type == MEMBER_TIME)
		return *(const int64_t *)from != 0;
	return ((const struct slice *)from)->p != NULL;
}

void
import_line_append(const struct import_line *line, struct buf *to)
{
	const struct members m = {
		.line = *line,
		.kind = slice_from(kind_name(line->kind)),
		.status = slice_from(status_name(line->status)),
	};
	size_t before = to->n;

	for (size_t i = 0; i < N_MEMBERS; i++)
		if (has_value(&m, i))
			append_member(&m, i, to);
	buf_append_byte(to, '}');
	if (!to->failed)
		to->p[before] = '{';
}
