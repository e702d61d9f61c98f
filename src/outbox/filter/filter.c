/*
 * Turns a filter's criteria into SQL: a FROM and a WHERE clause with named parameters. Only
 * statuses and kinds are literals, because SQLite chooses partial indexes by their text. Fails
 * without memory, and when a buffer is full.
 */
#include "outbox/filter/filter.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/file/db.h"

/* The statuses in the indexes delivery_trouble and delivery_aside: see append_statuses. */
#define TROUBLE ((1u << STATUS_FAILED) | (1u << STATUS_INVALID) | (1u << STATUS_HELD))
#define ASIDE ((1u << STATUS_UNSUPPORTED) | (1u << STATUS_DISCARDED))

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

int
outbox_filter_set_text(
    struct outbox_filter *f, enum filter_text which, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n == 0)
		return err_set(e, ERR_INPUT, "must not be empty");
	if (n > FILTER_MAX_TEXT)
		return err_set(e, ERR_INPUT, "is longer than %d bytes", FILTER_MAX_TEXT);
	if (f->text[which] != NULL)
		return strcmp(f->text[which], text) == 0
			   ? 0
			   : err_set(e, ERR_INPUT, "is given twice, with different values");
	f->text[which] = strdup(text);
	return f->text[which] == NULL ? err_nomem(e) : 0;
}

/* ---- SQL ------------------------------------------------------------------------------------ */

static unsigned
tables_wanted(const struct outbox_filter *f)
{
	unsigned want = 0;

	if (f->text[FILTER_MESSAGE_ID] != NULL || f->text[FILTER_NAME] != NULL
	    || f->text[FILTER_EMAIL] != NULL || f->kinds != 0 || f->since != 0 || f->until != 0)
		want |= FILTER_WANT_EVENT;
	if (f->text[FILTER_SITE] != NULL)
		want |= FILTER_WANT_SITE;
	if (f->text[FILTER_ERROR] != NULL || f->http_status != 0)
		want |= FILTER_WANT_ATTEMPT;
	return want;
}

static void
append_list(struct buf *sql, unsigned set, const char *(*name)(unsigned))
{
	const char *comma = "";

	for (unsigned i = 0; set >> i != 0; i++)
		if (set >> i & 1) {
			buf_printf(sql, "%s'%s'", comma, name(i));
			comma = ", ";
		}
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

/*
 * Statuses are literals, because SQLite matches a partial index by the text of its condition.
 * delivery_due needs `=`; the other two indexes need exactly the index's condition beside the
 * filter's.
 */
static void
append_statuses(unsigned statuses, struct buf *sql)
{
	if (statuses == 0)
		return;
	if ((statuses & (statuses - 1)) == 0)
		buf_append_literal(sql, " AND d.status = ");
	else
		buf_append_literal(sql, " AND d.status IN (");
	append_list(sql, statuses, filter_status_name);
	if ((statuses & (statuses - 1)) != 0)
		buf_append_literal(sql, ")");
	if ((statuses & ~TROUBLE) == 0)
		buf_append_literal(
		    sql, " AND (d.status = 'failed' OR d.status = 'invalid' OR d.status = 'held')");
	if ((statuses & ~ASIDE) == 0)
		buf_append_literal(
		    sql, " AND (d.status = 'unsupported' OR d.status = 'discarded')");
}

void
filter_sql(const struct outbox_filter *f, unsigned want, struct buf *sql)
{
	static const char *const conditions[FILTER_TEXTS] = {
		[FILTER_MESSAGE_ID] = "e.message_id = :message_id",
		[FILTER_REASON] = "d.reason = :reason",
		[FILTER_NAME] = "e.name GLOB :name",
		[FILTER_EMAIL] = "lower(coalesce(d.email, e.email)) GLOB lower(:email)",
		[FILTER_ERROR] = "coalesce(a.error, d.detail) GLOB :error",
		[FILTER_SITE] = "s.name = :site",
	};

	want |= tables_wanted(f);
	/* CROSS JOIN makes SQLite walk the narrow table and look up rows of the wide one, never the
	 * reverse. */
	buf_append_literal(sql, " FROM delivery d");
	if ((want & FILTER_BY_SETTLED) != 0)
		buf_append_literal(sql, " INDEXED BY delivery_settled");
	else if ((want & FILTER_ANY_ORDER) != 0 && f->statuses == 1u << STATUS_PENDING
		 && f->n_ids == 0)
		buf_append_literal(sql, " INDEXED BY delivery_due");
	if (want & FILTER_WANT_EVENT)
		buf_append_literal(sql, " CROSS JOIN event e ON e.event_id = d.event_id");
	if (want & FILTER_WANT_SITE)
		buf_append_literal(sql, " LEFT JOIN site s ON s.site_id = d.site_id");
	if (want & FILTER_WANT_ATTEMPT)
		buf_append_literal(sql, " LEFT JOIN attempt a ON a.attempt_id = d.last_attempt_id");
	buf_append_literal(sql, " WHERE d.event_id > :after");
	if (f->n_ids > 0)
		buf_append_literal(sql, " AND d.event_id IN (SELECT value FROM json_each(:ids))");
	append_statuses(f->statuses, sql);
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL)
			buf_printf(sql, " AND %s", conditions[i]);
	if (f->kinds != 0) {
		buf_append_literal(sql, " AND e.kind IN (");
		append_list(sql, f->kinds, filter_kind_name);
		buf_append_literal(sql, ")");
	}
	if (f->since != 0)
		buf_append_literal(sql, " AND e.received_at >= :since");
	if (f->until != 0)
		buf_append_literal(sql, " AND e.received_at < :until");
	if (f->http_status != 0)
		buf_append_literal(sql, " AND a.http_status = :http_status");
}

/* All ids as one JSON array: one parameter, however many they are. */
static void
bind_ids(const struct outbox_filter *f, struct db_rows *rows, struct err *e)
{
	struct buf text;

	buf_init(&text, FILTER_MAX_IDS * 22);
	for (size_t i = 0; i < f->n_ids; i++)
		buf_printf(&text, "%c%lld", i == 0 ? '[' : ',', (long long)f->ids[i]);
	buf_append_byte(&text, ']');
	if (text.failed) {
		err_nomem(e);
		db_rows_fail(rows);
	}
	db_bind_text_as(rows, ":ids", buf_slice(&text), e);
	buf_free(&text);
}

void
filter_bind(const struct outbox_filter *f, struct db_rows *rows, int64_t after, struct err *e)
{
	static const char *const names[FILTER_TEXTS] = {
		[FILTER_MESSAGE_ID] = ":message_id",
		[FILTER_REASON] = ":reason",
		[FILTER_NAME] = ":name",
		[FILTER_EMAIL] = ":email",
		[FILTER_ERROR] = ":error",
		[FILTER_SITE] = ":site",
	};

	db_bind_int_as(rows, ":after", after, e);
	if (f->n_ids > 0)
		bind_ids(f, rows, e);
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
