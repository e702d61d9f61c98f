/*
 * Writes an event's row as a line of JSON. One table has the columns of the statement event_export
 * and how to write each, plain or redacted. Fails on errors of the database and when the buffer is
 * full.
 */
#include "outbox/lines/export_line.h"

#include <string.h>

#include "base/isotime.h"
#include "event/json/json.h"

enum member_type { MEMBER_NUMBER, MEMBER_TEXT, MEMBER_EMAIL, MEMBER_TIME, MEMBER_RAW, MEMBER_BODY };

#define MEMBER(name, type)                                                                         \
	{                                                                                          \
#name, type, offsetof(struct stmt_event_export_row, name)                          \
	}

/* In the order of the line. Numbers and times are a struct db_int of the row, all others a
 * slice. */
static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
} members[] = {
	MEMBER(event_id, MEMBER_NUMBER),
	MEMBER(site, MEMBER_TEXT),
	MEMBER(message_id, MEMBER_TEXT),
	MEMBER(kind, MEMBER_TEXT),
	MEMBER(name, MEMBER_TEXT),
	MEMBER(email, MEMBER_EMAIL),
	MEMBER(status, MEMBER_TEXT),
	MEMBER(reason, MEMBER_TEXT),
	MEMBER(attempts, MEMBER_NUMBER),
	MEMBER(maybe_sent, MEMBER_NUMBER),
	MEMBER(received_at, MEMBER_TIME),
	MEMBER(occurred_at, MEMBER_TIME),
	MEMBER(via, MEMBER_TEXT),
	MEMBER(arrived_at, MEMBER_TIME),
	MEMBER(settled_at, MEMBER_TIME),
	MEMBER(http_status, MEMBER_NUMBER),
	MEMBER(error, MEMBER_TEXT),
	MEMBER(browser, MEMBER_NUMBER),
	MEMBER(provisional, MEMBER_NUMBER),
	MEMBER(context, MEMBER_RAW),
	MEMBER(integrations, MEMBER_RAW),
	MEMBER(sent_at, MEMBER_RAW),
	MEMBER(body, MEMBER_BODY),
};

/* The value of a member in a row. */
struct value {
	enum member_type type;
	bool there;
	int64_t number;
	struct slice text;
};

static struct value
value_of(const struct stmt_event_export_row *row, const struct member *m)
{
	struct value v = { .type = m->type };
	struct db_int number;

	if (m->type == MEMBER_NUMBER || m->type == MEMBER_TIME) {
		memcpy(&number, (const char *)row + m->offset, sizeof(number));
		v.there = number.there;
		v.number = number.value;
	} else {
		memcpy(&v.text, (const char *)row + m->offset, sizeof(v.text));
		v.there = v.text.p != NULL;
	}
	return v;
}

static void
append_time(int64_t ms, struct buf *to)
{
	char text[ISOTIME_SIZE];

	isotime_format(ms, text);
	buf_append_byte(to, '"');
	buf_append(to, text, ISOTIME_SIZE - 1);
	buf_append_byte(to, '"');
}

static void
append_value(const struct value *v, struct buf *to)
{
	switch (v->type) {
	case MEMBER_NUMBER:
		buf_printf(to, "%lld", (long long)v->number);
		return;
	case MEMBER_TEXT:
	case MEMBER_EMAIL:
		json_string_append(to, v->text);
		return;
	case MEMBER_TIME:
		append_time(v->number, to);
		return;
	case MEMBER_RAW:
	case MEMBER_BODY:
		buf_append_slice(to, v->text);
		return;
	}
}

/* ---- without personal data ---------------------------------------------------------------------
 */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Replaces each word that has an @, because an answer may quote an address. */
static void
append_without_addresses(struct slice text, struct buf *to)
{
	static const char stand_in[] = "(address)";
	size_t begin = 0;

	while (begin < text.n) {
		size_t end = begin + 1;

		if (is_space(text.p[begin])) {
			buf_append_byte(to, text.p[begin++]);
			continue;
		}
		while (end < text.n && !is_space(text.p[end]))
			end++;
		if (memchr(text.p + begin, '@', end - begin) != NULL)
			buf_append(to, stand_in, sizeof(stand_in) - 1);
		else
			buf_append(to, text.p + begin, end - begin);
		begin = end;
	}
}

static void
append_redacted_text(struct slice text, struct buf *to)
{
	struct buf clean;

	buf_init(&clean,
	    10 * text.n + 1); /* at most "(address)" for each "@", and a space between them */
	append_without_addresses(text, &clean);
	if (clean.failed)
		to->failed = true;
	else
		json_string_append(to, buf_slice(&clean));
	buf_free(&clean);
}

static void
append_redacted(const struct value *v, const struct siphash_key *key, struct buf *to)
{
	switch (v->type) {
	case MEMBER_TEXT:
		append_redacted_text(v->text, to);
		return;
	case MEMBER_EMAIL:
		buf_printf(to, "\"%016llx@redacted.invalid\"",
		    (unsigned long long)siphash(key, v->text.p, v->text.n));
		return;
	case MEMBER_NUMBER:
	case MEMBER_TIME:
		append_value(v, to);
		return;
	case MEMBER_RAW:
		buf_printf(to, "null");
		return;
	case MEMBER_BODY:
		buf_printf(to, "null,\"redacted\":%zu", v->text.n);
		return;
	}
}

/* ---- lines ---------------------------------------------------------------------------------- */

/*
 * Replaces line breaks in received JSON by spaces. They only occur between values, never inside
 * strings.
 */
static void
make_one_line(struct buf *to, size_t from)
{
	for (size_t i = from; i < to->n; i++)
		if (to->p[i] == '\n' || to->p[i] == '\r')
			to->p[i] = ' ';
}

static void
append_row(
    const struct stmt_event_export_row *row, const struct siphash_key *redact, struct buf *to)
{
	size_t before = to->n;
	char mark = '{';

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct value v = value_of(row, &members[i]);

		if (!v.there)
			continue;
		buf_printf(to, "%c\"%s\":", mark, members[i].name);
		if (redact != NULL)
			append_redacted(&v, redact, to);
		else
			append_value(&v, to);
		mark = ',';
	}
	buf_append_byte(to, '}');
	if (!to->failed)
		make_one_line(to, before);
	buf_append_byte(to, '\n');
}

int
export_line_append_redacted(struct db *db, int64_t event_id, const struct siphash_key *redact,
    struct buf *to, struct err *e)
{
	struct db_rows rows = stmt_event_export(db, event_id, e);
	struct stmt_event_export_row row;
	int rc = stmt_event_export_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	append_row(&row, redact, to);
	db_rows_end(&rows);
	return to->failed ? err_set(
		   e, ERR_NOMEM, "event %lld is too large for a line", (long long)event_id)
			  : 1;
}

int
export_line_append(struct db *db, int64_t event_id, struct buf *to, struct err *e)
{
	return export_line_append_redacted(db, event_id, NULL, to, e);
}
