#include "outbox/ndjson.h"

#include "base/isotime.h"
#include "event/json.h"

/* The columns of STMT_NDJSON_EVENT, in their order. */
enum column_type { COLUMN_NUMBER, COLUMN_TEXT, COLUMN_TIME, COLUMN_RAW };

static const struct {
	const char *name;
	enum column_type type;
} columns[] = {
	{ "event_id", COLUMN_NUMBER },
	{ "site", COLUMN_TEXT },
	{ "message_id", COLUMN_TEXT },
	{ "kind", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },
	{ "email", COLUMN_TEXT },
	{ "status", COLUMN_TEXT },
	{ "reason", COLUMN_TEXT },
	{ "attempts", COLUMN_NUMBER },
	{ "maybe_sent", COLUMN_NUMBER },
	{ "received_at", COLUMN_TIME },
	{ "occurred_at", COLUMN_TIME },
	{ "settled_at", COLUMN_TIME },
	{ "http_status", COLUMN_NUMBER },
	{ "error", COLUMN_TEXT },
	{ "context", COLUMN_RAW },
	{ "integrations", COLUMN_RAW },
	{ "sent_at", COLUMN_RAW },
	{ "body", COLUMN_RAW },
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
		json_string_append(to, db_text(stmt, column));
		return;
	case COLUMN_TIME:
		append_time(db_int(stmt, column), to);
		return;
	case COLUMN_RAW:
		buf_append_slice(to, db_text(stmt, column));
		return;
	}
}

/* What was received may have line breaks between its parts: they become spaces, which mean the
 * same there; inside of strings JSON has none. */
static void
join_lines(struct buf *to, size_t from)
{
	for (size_t i = from; i < to->n; i++)
		if (to->p[i] == '\n' || to->p[i] == '\r')
			to->p[i] = ' ';
}

static void
append_row(sqlite3_stmt *stmt, struct buf *to)
{
	size_t before = to->n;
	char mark = '{';

	for (int i = 0; i < (int)(sizeof(columns) / sizeof(*columns)); i++) {
		if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
			continue;
		buf_printf(to, "%c\"%s\":", mark, columns[i].name);
		append_value(stmt, i, columns[i].type, to);
		mark = ',';
	}
	buf_append_byte(to, '}');
	if (!to->failed)
		join_lines(to, before);
	buf_append_byte(to, '\n');
}

int
ndjson_append(struct db *db, int64_t event_id, struct buf *to, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_NDJSON_EVENT, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	rc = db_step(db, stmt, e);
	if (rc != 1)
		return rc;
	append_row(stmt, to);
	db_done(stmt);
	return to->failed ? err_set(
		   e, ERR_NOMEM, "event %lld is too large for a line", (long long)event_id)
			  : 1;
}
