/*
 * One frame of top: sites, waiting events by age, and errors, each in a third of the screen. It is
 * collected by five queries and then drawn as text or JSON without the database.
 */
#include "cli/look/top_frame.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/plural.h"
#include "report/complaints.h"
#include "report/event_json.h"
#include "report/site_state.h"
#include "report/tally.h"
#include "term/table.h"
#include "term/when.h"

#define PARTS 3        /* parts of the screen: sites, ages, errors */
#define HEAD_LINES 8   /* lines of the head, the titles and the space between */
#define LINES_LEAST 2  /* minimum number of lines of each part */
#define ERRORS_JSON 20 /* groups of errors in the JSON */
#define NAMES_JSON 20
#define LINE_MAX_BYTES 8192

int
top_frame_collect(
    struct top_frame *f, struct outbox_audit *audit, const struct config *config, struct err *e)
{
	struct outbox_filter filter;
	int rc;

	*f = (struct top_frame){ .config = config, .now = clock_wall(&clock_system) };
	peer_look(config, &f->peer);
	outbox_filter_init(&filter);
	rc = outbox_audit_site_backlogs(audit, &f->sites, &f->n_sites, e);
	if (rc == 0)
		rc = forecast_sites(audit, config, f->now, f->sites, f->n_sites, &f->forecasts, e);
	if (rc == 0)
		rc = requests_report_read(audit, f->now, &f->requests, e);
	if (rc == 0)
		rc = complaints_collect(audit, &filter, &f->complaints, e);
	filter.statuses = 1u << STATUS_PENDING;
	if (rc == 0)
		rc = ages_collect(audit, &filter, f->now, &f->ages, e);
	if (rc != 0)
		top_frame_clear(f);
	return rc;
}

void
top_frame_clear(struct top_frame *f)
{
	free(f->sites);
	free(f->forecasts);
	ages_free(f->ages);
	tally_free(f->complaints);
	*f = (struct top_frame){ 0 };
}

/* ---- for people ----------------------------------------------------------------------------- */

static void
draw_line(struct buf *to, const struct terminal *terminal, struct buf *line)
{
	table_append_cut(to, buf_slice(line), terminal->width);
	buf_append_byte(to, '\n');
	buf_clear(line);
}

static void
draw_head(const struct top_frame *f, const struct terminal *terminal, struct buf *to)
{
	uint64_t left = outbox_audit_free(f->config->database);
	char at[WHEN_TIME_SIZE];
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	when_time(f->now, at);
	buf_printf(&line, "bentospool %s %s, ", at, when_zone());
	if (f->peer.state == PEER_DOWN)
		buf_append_literal(&line, "the daemon is not running");
	else
		buf_printf(&line, "daemon %s, process %ld",
		    f->peer.state == PEER_SILENT ? "does not answer" : f->peer.health, f->peer.pid);
	draw_line(to, terminal, &line);
	buf_printf(&line, "%s", f->config->database);
	if (left != UINT64_MAX)
		buf_printf(&line, ", %.1f GB free", (double)left / 1e9);
	if (f->requests.hour.refused > 0)
		buf_printf(&line, ", %lld request%s refused in the last hour",
		    (long long)f->requests.hour.refused, words_plural(f->requests.hour.refused));
	draw_line(to, terminal, &line);
	buf_free(&line);
}

static void
describe_state(const struct top_frame *f, const struct audit_site *s, char *ret_text, size_t size)
{
	char age[WHEN_AGE_SIZE];

	if (f->now < CLOCK_FLOOR)
		snprintf(age, sizeof(age), "clock not set");
	else
		when_age(s->next_attempt_at - f->now, age);
	if (s->pause_at != 0)
		snprintf(ret_text, size, "paused by operator");
	else
		snprintf(ret_text, size, "%s%s%s", site_state_text(s->mode),
		    s->mode == OUTBOX_SITE_BACKOFF ? ", " : "",
		    s->mode == OUTBOX_SITE_BACKOFF ? age : "");
}

static void
draw_site(const struct top_frame *f, size_t i, bool chosen, struct table *table)
{
	const struct audit_site *s = &f->sites[i];
	char text[64], in[16], out[16], oldest[WHEN_AGE_SIZE] = "";
	struct buf drain;

	if (s->oldest_pending_id != 0)
		when_for(f->now, s->oldest_pending_at, oldest);
	table_printf(table, TABLE_PLAIN, "%s %s", chosen ? ">" : " ", s->name);
	describe_state(f, s, text, sizeof(text));
	table_cell(table, slice_from(text), site_state_color(s));
	ages_number(s->counts[STATUS_PENDING], text);
	table_cell(table, slice_from(text), TABLE_PLAIN);
	table_cell(table, slice_from(oldest), TABLE_PLAIN);
	forecast_number(f->forecasts[i].in, in);
	forecast_number(f->forecasts[i].out, out);
	table_cell(table, slice_from(in), TABLE_PLAIN);
	table_cell(table, slice_from(out), TABLE_PLAIN);
	buf_init(&drain, LINE_MAX_BYTES);
	forecast_describe(&f->forecasts[i], &drain);
	table_cell(table, buf_slice(&drain), TABLE_PLAIN);
	buf_free(&drain);
}

static int
draw_sites(const struct top_frame *f, size_t chosen, size_t lines, const struct terminal *terminal,
    struct buf *to)
{
	static const struct table_column columns[] = { { "  SITE", 8, false },
		{ "STATE", 6, false }, { "WAITING", 0, true }, { "OLDEST", 0, false },
		{ "IN/MIN", 0, true }, { "OUT/MIN", 0, true }, { "DRAINED", 6, false } };
	struct table *table = table_new(
	    columns, sizeof(columns) / sizeof(*columns), terminal->width, terminal->color, to);
	size_t from = chosen != SIZE_MAX && chosen >= lines ? chosen - lines + 1 : 0;

	if (table == NULL)
		return -1;
	for (size_t i = from; i < f->n_sites && i < from + lines; i++)
		draw_site(f, i, i == chosen, table);
	return table_end(table);
}

/* Explains why the chosen site is not ready. */
static void
draw_reason(
    const struct top_frame *f, size_t chosen, const struct terminal *terminal, struct buf *to)
{
	const struct audit_site *s = chosen < f->n_sites ? &f->sites[chosen] : NULL;
	char ago[WHEN_AGO_SIZE];
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	if (s != NULL && s->pause_at != 0) {
		when_ago(f->now, s->pause_at, ago);
		buf_printf(&line, "  paused by %s, %s%s%s", s->pause_by, ago,
		    s->pause_note[0] == '\0' ? "" : ": ", s->pause_note);
	} else if (s != NULL && s->mode != OUTBOX_SITE_READY) {
		buf_printf(&line, "  %s", s->reason);
	}
	if (line.n > 0)
		draw_line(to, terminal, &line);
	buf_free(&line);
}

static void
draw_errors(
    const struct top_frame *f, size_t lines, const struct terminal *terminal, struct buf *to)
{
	struct buf line;
	char n[8];

	buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < tally_count(f->complaints) && i < lines; i++) {
		const struct complaint *c = tally_value(f->complaints, i);

		ages_number(c->events, n);
		buf_printf(&line, "%5s  ", n);
		complaint_describe(c, &line);
		buf_printf(&line, ", %s, event %lld: %s", c->site, (long long)c->example_id,
		    c->error[0] == '\0' ? "-" : c->error);
		draw_line(to, terminal, &line);
	}
	if (tally_count(f->complaints) == 0)
		buf_append_literal(to, "       none\n");
	buf_free(&line);
}

static void
draw_title(struct buf *to, const struct terminal *terminal, const char *title)
{
	buf_printf(to, "\n%s%s%s\n", table_paint(terminal->color, TABLE_FAINT), title,
	    table_paint_end(terminal->color));
}

static int
draw_ages(const struct top_frame *f, size_t lines, const struct terminal *terminal, struct buf *to,
    struct err *e)
{
	if (f->now < CLOCK_FLOOR) {
		buf_append_literal(to, "       clock not set\n");
		return 0;
	}
	/* The title and the total take two of the lines. */
	return ages_print(
	    f->ages, lines > LINES_LEAST ? (int64_t)lines - LINES_LEAST : 1, terminal, to, e);
}

int
top_frame_draw(const struct top_frame *f, size_t chosen, const struct terminal *terminal,
    struct buf *to, struct err *e)
{
	size_t lines = terminal->height > HEAD_LINES + PARTS * LINES_LEAST
			   ? (size_t)(terminal->height - HEAD_LINES) / PARTS
			   : LINES_LEAST;

	draw_head(f, terminal, to);
	buf_append_byte(to, '\n');
	if (draw_sites(f, chosen, lines, terminal, to) != 0)
		return err_nomem(e);
	draw_reason(f, chosen, terminal, to);
	draw_title(to, terminal, "WAITING, BY AGE");
	if (draw_ages(f, lines, terminal, to, e) != 0)
		return -1;
	draw_title(to, terminal, "ERRORS");
	draw_errors(f, lines, terminal, to);
	return to->failed ? err_nomem(e) : 0;
}

/* ---- for machines --------------------------------------------------------------------------- */

static cJSON *
site_json(const struct top_frame *f, size_t i)
{
	const struct audit_site *s = &f->sites[i];
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "site", s->name);
	cJSON_AddStringToObject(
	    o, "state", site_state_name(s->pause_at != 0 ? OUTBOX_SITE_PAUSED : s->mode));
	cJSON_AddNumberToObject(o, "pending", (double)s->counts[STATUS_PENDING]);
	json_add_time(o, "oldest_pending_at", s->oldest_pending_at);
	forecast_json(&f->forecasts[i], o);
	return o;
}

static void
add_ages(void *arg, struct slice name, bool others, const struct ages_row *row)
{
	cJSON_AddItemToArray(arg, ages_row_json(name, others, row));
}

cJSON *
top_frame_json(const struct top_frame *f)
{
	cJSON *o = cJSON_CreateObject(), *list;

	json_add_time(o, "at", f->now);
	cJSON_AddBoolToObject(o, "running", f->peer.state != PEER_DOWN);
	cJSON_AddItemToObject(o, "requests", requests_report_json(&f->requests));
	list = cJSON_AddArrayToObject(o, "sites");
	for (size_t i = 0; i < f->n_sites; i++)
		cJSON_AddItemToArray(list, site_json(f, i));
	if (f->now < CLOCK_FLOOR) /* the clock is not set */
		cJSON_AddNullToObject(o, "ages");
	else
		ages_each(f->ages, NAMES_JSON, add_ages, cJSON_AddArrayToObject(o, "ages"));
	list = cJSON_AddArrayToObject(o, "errors");
	for (size_t i = 0; i < tally_count(f->complaints) && i < ERRORS_JSON; i++)
		cJSON_AddItemToArray(
		    list, complaint_json(tally_value(f->complaints, i), JSON_LINES));
	return o;
}
