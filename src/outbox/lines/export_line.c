/*
 * Writes an event's row as a line of JSON. One table has the columns of the statement ndjson_event
 * and how each is written, plain or redacted.
 */
#include "outbox/lines/export_line.h"

#include <string.h>

#include "base/isotime.h"
#include "event/json/json.h"

/* The columns of the statement, in their order. */
enum column_type { COLUMN_NUMBER, COLUMN_TEXT, COLUMN_EMAIL, COLUMN_TIME, COLUMN_RAW, COLUMN_BODY };

static const struct {
	const char *name;
	enum column_type type;
} columns[] = {
	{ "event_id", COLUMN_NUMBER },
	{ "site", COLUMN_TEXT },
	{ "message_id", COLUMN_TEXT },
	{ "kind", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },
	{ "email", COLUMN_EMAIL },
	{ "status", COLUMN_TEXT },
	{ "reason", COLUMN_TEXT },
	{ "attempts", COLUMN_NUMBER },
	{ "maybe_sent", COLUMN_NUMBER },
	{ "received_at", COLUMN_TIME },
	{ "occurred_at", COLUMN_TIME },
	{ "settled_at", COLUMN_TIME },
	{ "http_status", COLUMN_NUMBER },
	{ "error", COLUMN_TEXT },
	{ "browser", COLUMN_NUMBER },
	{ "context", COLUMN_RAW },
	{ "integrations", COLUMN_RAW },
	{ "sent_at", COLUMN_RAW },
	{ "body", COLUMN_BODY },
};

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
append_value(sqlite3_stmt *stmt, int column, enum column_type type, struct buf *to)
{
	switch (type) {
	case COLUMN_NUMBER:
		buf_printf(to, "%lld", (long long)db_int(stmt, column));
		return;
	case COLUMN_TEXT:
	case COLUMN_EMAIL:
		json_string_append(to, db_text(stmt, column));
		return;
	case COLUMN_TIME:
		append_time(db_int(stmt, column), to);
		return;
	case COLUMN_RAW:
	case COLUMN_BODY:
		buf_append_slice(to, db_text(stmt, column));
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

	buf_init(&clean, 10 * text.n + 1); /* "(address)" for each "@" and a space between */
	append_without_addresses(text, &clean);
	if (clean.failed)
		to->failed = true;
	else
		json_string_append(to, buf_slice(&clean));
	buf_free(&clean);
}

static void
append_redacted(sqlite3_stmt *stmt, int column, const struct siphash_key *key, struct buf *to)
{
	struct slice text;

	switch (columns[column].type) {
	case COLUMN_TEXT:
		append_redacted_text(db_text(stmt, column), to);
		return;
	case COLUMN_EMAIL:
		text = db_text(stmt, column);
		buf_printf(to, "\"%016llx@redacted.invalid\"",
		    (unsigned long long)siphash(key, text.p, text.n));
		return;
	case COLUMN_NUMBER:
	case COLUMN_TIME:
		append_value(stmt, column, columns[column].type, to);
		return;
	case COLUMN_RAW:
		buf_printf(to, "null");
		return;
	case COLUMN_BODY:
		buf_printf(to, "null,\"redacted\":%zu", db_text(stmt, column).n);
		return;
	}
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* Received JSON may have line breaks between its values, but not inside strings: they become
 * spaces, which mean the same. */
static void
make_one_line(struct buf *to, size_t from)
{
	for (size_t i = from; i < to->n; i++)
		if (to->p[i] == '\n' || to->p[i] == '\r')
			to->p[i] = ' ';
}

static void
append_row(sqlite3_stmt *stmt, const struct siphash_key *redact, struct buf *to)
{
	size_t before = to->n;
	char mark = '{';

	for (int i = 0; i < (int)(sizeof(columns) / sizeof(*columns)); i++) {
		if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
			continue;
		buf_printf(to, "%c\"%s\":", mark, columns[i].name);
		if (redact != NULL)
			append_redacted(stmt, i, redact, to);
		else
			append_value(stmt, i, columns[i].type, to);
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
	sqlite3_stmt *stmt = db_stmt(db, STMT_NDJSON_EVENT, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	rc = db_step(db, stmt, e);
	if (rc != 1)
		return rc;
	append_row(stmt, redact, to);
	db_done(stmt);
	return to->failed ? err_set(
		   e, ERR_NOMEM, "event %lld is too large for a line", (long long)event_id)
			  : 1;
}

int
export_line_append(struct db *db, int64_t event_id, struct buf *to, struct err *e)
{
	return export_line_append_redacted(db, event_id, NULL, to, e);
}
