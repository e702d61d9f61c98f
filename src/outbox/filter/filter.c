/*
 * Turns a filter's criteria into SQL: a FROM and a WHERE clause with named parameters. Only
 * statuses and kinds are literals: they let SQLite skip parts of the view `state`. Fails without
 * memory, and when a buffer is full.
 */
#include "outbox/filter/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "outbox/file/db.h"

void
outbox_filter_init(struct outbox_filter *f)
{
	*f = (struct outbox_filter){ 0 };
}

void
outbox_filter_free(struct outbox_filter *f)
{
	free(f->ids);
	for (int i = 0; i < FILTER_TEXTS; i++)
		free(f->text[i]);
	outbox_filter_init(f);
}

bool
outbox_filter_is_empty(const struct outbox_filter *f)
{
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL)
			return false;
	return !f->all && f->n_ids == 0 && f->statuses == 0 && f->kinds == 0 && f->since == 0
	       && f->until == 0 && f->http_status == 0;
}

static bool
has_id(const struct outbox_filter *f, int64_t id)
{
	for (size_t i = 0; i < f->n_ids; i++)
		if (f->ids[i] == id)
			return true;
	return false;
}

static int
grow_ids(struct outbox_filter *f, struct err *e)
{
	size_t cap = f->cap_ids == 0 ? 16 : f->cap_ids * 2;
	int64_t *ids;

	if (f->n_ids < f->cap_ids)
		return 0;
	ids = realloc(f->ids, cap * sizeof(*ids));
	if (ids == NULL)
		return err_nomem(e);
	f->ids = ids;
	f->cap_ids = cap;
	return 0;
}

int
outbox_filter_add_id(struct outbox_filter *f, int64_t id, struct err *e)
{
	if (id < 1)
		return err_set(e, ERR_INPUT, "an id is a whole number from 1 upward");
	if (has_id(f, id))
		return 0;
	if (f->n_ids >= FILTER_MAX_IDS)
		return err_set(e, ERR_LIMIT, "at most %d ids at once", FILTER_MAX_IDS);
	if (grow_ids(f, e) != 0)
		return -1;
	f->ids[f->n_ids++] = id;
	return 0;
}

static bool
is_utf8(struct slice text)
{
	while (text.n > 0)
		if (utf8_next(&text) == 0)
			return false;
	return true;
}

int
outbox_filter_set_text(
    struct outbox_filter *f, enum filter_text which, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n == 0)
		return err_set(e, ERR_INPUT, "must not be empty");
	if (n > FILTER_MAX_TEXT)
		return err_set(e, ERR_INPUT, "is longer than %d bytes", FILTER_MAX_TEXT);
	/* Nothing that is stored is not UTF-8, and JSON would make another text of it. */
	if (!is_utf8((struct slice){ text, n }))
		return err_set(e, ERR_INPUT, "is not UTF-8");
	if (f->text[which] != NULL)
		return strcmp(f->text[which], text) == 0
			   ? 0
			   : err_set(e, ERR_INPUT, "is given twice, with different values");
	f->text[which] = strdup(text);
	return f->text[which] == NULL ? err_nomem(e) : 0;
}

/* ---- SQL ------------------------------------------------------------------------------------ */

/* Writes a chain of OR, not IN (...): with a list SQLite would test every row. */
static void
append_any(struct buf *sql, const char *column, unsigned set, const char *(*name)(unsigned))
{
	const char *before = " AND (";

	if (set == 0)
		return;
	for (unsigned i = 0; set >> i != 0; i++)
		if (set >> i & 1) {
			buf_printf(sql, "%sd.%s = '%s'", before, column, name(i));
			before = " OR ";
		}
	buf_append_literal(sql, ")");
}

const char *
filter_status_name(unsigned i)
{
	return status_name((enum event_status)i);
}

const char *
filter_kind_name(unsigned i)
{
	return kind_name((enum event_kind)i);
}

/* Whether a box forwarded the event: the last request that begins at or before it must reach it. */
static const char box_of_event[] =
    "(SELECT b.name FROM via v JOIN box b ON b.box_id = v.box_id"
    " WHERE v.first_event_id = (SELECT max(x.first_event_id) FROM via x"
    " WHERE x.first_event_id <= d.event_id)"
    " AND v.last_event_id >= d.event_id) = :via";

void
filter_sql(const struct outbox_filter *f, struct buf *sql)
{
	static const char *const conditions[FILTER_TEXTS] = {
		[FILTER_MESSAGE_ID] = "d.message_id = :message_id",
		[FILTER_REASON] = "d.reason = :reason",
		[FILTER_NAME] = "d.name GLOB :name",
		[FILTER_EMAIL] = "lower(d.email) GLOB lower(:email)",
		[FILTER_ERROR] = "coalesce(d.error, d.detail) GLOB :error",
		[FILTER_SITE] = "d.site = :site",
		[FILTER_VIA] = box_of_event,
	};

	buf_append_literal(sql, " FROM state d WHERE d.event_id >= :low");
	if (f->n_ids > 0)
		buf_append_literal(sql, " AND d.event_id IN (SELECT value FROM json_each(:ids))");
	append_any(sql, "status", f->statuses, filter_status_name);
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL)
			buf_printf(sql, " AND %s", conditions[i]);
	append_any(sql, "kind", f->kinds, filter_kind_name);
	if (f->since != 0)
		buf_append_literal(sql, " AND d.received_at >= :since");
	if (f->until != 0)
		buf_append_literal(sql, " AND d.received_at < :until");
	if (f->http_status != 0)
		buf_append_literal(sql, " AND d.http_status = :http_status");
}

void
filter_bind_ids(struct db_rows *rows, const char *name, const int64_t *ids, size_t n, struct err *e)
{
	struct buf text;

	buf_init(&text, FILTER_MAX_IDS * 22);
	buf_append_byte(&text, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%lld", i == 0 ? "" : ",", (long long)ids[i]);
	buf_append_byte(&text, ']');
	if (text.failed) {
		err_nomem(e);
		db_rows_fail(rows);
	}
	db_bind_text_as(rows, name, buf_slice(&text), e);
	buf_free(&text);
}

void
filter_bind(const struct outbox_filter *f, struct db_rows *rows, int64_t low, struct err *e)
{
	static const char *const names[FILTER_TEXTS] = {
		[FILTER_MESSAGE_ID] = ":message_id",
		[FILTER_REASON] = ":reason",
		[FILTER_NAME] = ":name",
		[FILTER_EMAIL] = ":email",
		[FILTER_ERROR] = ":error",
		[FILTER_SITE] = ":site",
		[FILTER_VIA] = ":via",
	};

	db_bind_int_as(rows, ":low", low, e);
	if (f->n_ids > 0)
		filter_bind_ids(rows, ":ids", f->ids, f->n_ids, e);
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL)
			db_bind_text_as(rows, names[i], slice_from(f->text[i]), e);
	if (f->since != 0)
		db_bind_int_as(rows, ":since", f->since, e);
	if (f->until != 0)
		db_bind_int_as(rows, ":until", f->until, e);
	if (f->http_status != 0)
		db_bind_int_as(rows, ":http_status", f->http_status, e);
}
