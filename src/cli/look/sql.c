/*
 * sql: runs one read-only query and prints its rows as a table or as JSON. The query comes from the
 * command line, a file or standard input. A query that writes, is not a single statement, or
 * exceeds --timeout is an error.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "cli/test_event.h"
#include "cli/verbs.h"
#include "event/json/json.h"
#include "outbox/read/sql.h"
#include "term/table.h"
#include "term/terminal.h"

#define TIMEOUT_DEFAULT_MS 30000
#define TEXT_MAX (1u << 30) /* bytes of one row, or of all rows of a table */

struct output {
	bool json;
	struct terminal terminal;
	FILE *file;
	struct buf text;
	char **names; /* owned copies of the columns' names */
	size_t n;
	struct table_column *columns;
	struct table *table; /* NULL when there are too many columns: then each value is a line */
	int64_t rows;
};

/* ---- one value ------------------------------------------------------------------------------- */

static void
append_json(struct buf *to, const struct query_value *v)
{
	switch (v->type) {
	case QUERY_INTEGER:
		buf_printf(to, "%" PRId64, v->integer);
		return;
	case QUERY_REAL:
		if (isfinite(v->real))
			buf_printf(to, "%.17g", v->real);
		else
			buf_append_literal(to, "null");
		return;
	case QUERY_TEXT:
		json_string_append(to, v->bytes);
		return;
	case QUERY_BLOB:
		buf_append_byte(to, '"');
		encode_hex(to, v->bytes.p, v->bytes.n);
		buf_append_byte(to, '"');
		return;
	case QUERY_NULL:
		break;
	}
	buf_append_literal(to, "null");
}

static void
append_text(struct buf *to, const struct query_value *v)
{
	if (v->type == QUERY_BLOB)
		encode_hex(to, v->bytes.p, v->bytes.n);
	else if (v->type != QUERY_NULL)
		table_append_clean(to, v->bytes);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int
flush(struct output *out, struct err *e)
{
	if (out->text.failed)
		return err_nomem(e);
	if (out->text.n > 0 && fwrite(out->text.p, 1, out->text.n, out->file) != out->text.n)
		return err_sys(e, "cannot write a temporary file");
	buf_clear(&out->text);
	return 0;
}

static int
take_columns(void *arg, const char *const *names, size_t n, struct err *e)
{
	struct output *out = arg;

	out->names = calloc(n + 1, sizeof(*out->names));
	out->columns = calloc(n + 1, sizeof(*out->columns));
	if (out->names == NULL || out->columns == NULL)
		return err_nomem(e);
	for (out->n = 0; out->n < n; out->n++) {
		out->names[out->n] = strdup(names[out->n]);
		if (out->names[out->n] == NULL)
			return err_nomem(e);
		out->columns[out->n] = (struct table_column){ out->names[out->n], 4, false };
	}
	if (out->json || n > TABLE_COLUMNS_MAX)
		return 0;
	out->table =
	    table_new(out->columns, n, out->terminal.width, out->terminal.color, &out->text);
	return out->table == NULL ? err_nomem(e) : 0;
}

static void
add_object(struct output *out, const struct query_value *values)
{
	for (size_t i = 0; i < out->n; i++) {
		buf_append_byte(&out->text, i == 0 ? '{' : ',');
		json_string_append(&out->text, slice_from(out->names[i]));
		buf_append_byte(&out->text, ':');
		append_json(&out->text, &values[i]);
	}
	buf_append_literal(&out->text, "}\n");
}

static void
add_lines(struct output *out, const struct query_value *values)
{
	if (out->rows > 1)
		buf_append_byte(&out->text, '\n');
	for (size_t i = 0; i < out->n; i++) {
		table_append_clean(&out->text, slice_from(out->names[i]));
		buf_append_literal(&out->text, ": ");
		append_text(&out->text, &values[i]);
		buf_append_byte(&out->text, '\n');
	}
}

static int
add_cells(struct output *out, const struct query_value *values, struct err *e)
{
	for (size_t i = 0; i < out->n; i++) {
		struct buf cell;
		bool failed;

		buf_init(&cell, TEXT_MAX);
		append_text(&cell, &values[i]);
		table_cell(out->table, buf_slice(&cell), TABLE_PLAIN);
		failed = cell.failed;
		buf_free(&cell);
		if (failed)
			return err_nomem(e);
	}
	return 0;
}

static int
take_row(void *arg, const struct query_value *values, size_t n, struct err *e)
{
	struct output *out = arg;

	(void)n;
	out->rows++;
	if (out->json)
		add_object(out, values);
	else if (out->table == NULL)
		add_lines(out, values);
	else if (add_cells(out, values, e) != 0)
		return -1;
	return flush(out, e);
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int
copy_out(struct output *out, struct err *e)
{
	char chunk[65536];
	size_t n;

	rewind(out->file);
	while ((n = fread(chunk, 1, sizeof(chunk), out->file)) > 0)
		if (fwrite(chunk, 1, n, stdout) != n)
			return err_sys(e, "cannot write the output");
	return ferror(out->file) ? err_sys(e, "cannot read a temporary file") : 0;
}

static int
query(struct outbox_audit *audit, const struct options *o, const char *sql, struct output *out,
    struct err *e)
{
	const struct query_sink sink = { take_columns, take_row, out };
	int64_t timeout = o->timeout >= 0 ? o->timeout : TIMEOUT_DEFAULT_MS;
	int rc = outbox_query(audit, sql, timeout, &sink, e);

	if (out->table != NULL && table_end(out->table) != 0 && rc == 0)
		rc = err_nomem(e);
	if (rc == 0)
		rc = flush(out, e);
	return rc == 0 ? copy_out(out, e) : rc;
}

static void
release(struct output *out)
{
	for (size_t i = 0; i < out->n; i++)
		free(out->names[i]);
	free(out->names);
	free(out->columns);
	buf_free(&out->text);
	if (out->file != NULL)
		fclose(out->file);
}

static int
run(const struct options *o, const char *sql)
{
	struct output out = { .json = o->json };
	struct outbox_audit *audit;
	struct config *c;
	struct err e;
	int rc;

	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	terminal_look(stdout, &out.terminal);
	buf_init(&out.text, TEXT_MAX);
	out.file = tmpfile();
	rc = out.file == NULL ? err_sys(&e, "cannot make a temporary file")
			      : query(audit, o, sql, &out, &e);
	outbox_audit_close(audit);
	config_free(c);
	release(&out);
	if (rc != 0)
		return verb_fail(&e) == VERB_ERROR && e.code == ERR_INPUT ? VERB_USAGE : VERB_ERROR;
	return out.rows == 0 ? VERB_NOTHING : VERB_DONE;
}

int
verb_sql(const struct options *o)
{
	struct buf text;
	struct err e;
	int rc;

	if (o->n_operands == 0)
		return verb_usage("sql: no statement given; - reads one from standard input");
	if (strcmp(o->operands[0], "-") != 0)
		return run(o, o->operands[0]);
	buf_init(&text, TEST_EVENT_MAX);
	rc = test_event_read("-", &text, &e) != 0 ? verb_fail(&e) : VERB_DONE;
	buf_append_byte(&text, '\0');
	if (rc == VERB_DONE)
		rc = text.failed ? verb_usage(
			 "sql: the statement is longer than %d bytes", TEST_EVENT_MAX - 1)
				 : run(o, text.p);
	buf_free(&text);
	return rc;
}
