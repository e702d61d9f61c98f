/*
 * Groups failures that have the same site, status, reason, HTTP status and folded error. Groups
 * past GROUPS_MAX are counted together, so that memory is bounded.
 */
#include "report/complaints.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "outbox/read/audit_search.h"
#include "report/event_json.h"
#include "report/mend.h"
#include "report/reasons.h"
#include "report/tally.h"
#include "term/table.h"

#define GROUPS_MAX 1000
#define DIGITS_OF_A_NUMBER 5
#define KEY_MAX 2048
#define COMPLAINT_COMPARED (COMPLAINT_TEXT / 2) /* bytes of an error */

/* ---- folding -------------------------------------------------------------------------------- */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || strchr("@_-+.:%", c) != NULL;
}

static void
fold_word(struct slice word, struct buf *to)
{
	int digits = 0;
	size_t end = word.n;

	while (end > 0 && strchr(".:", word.p[end - 1]) != NULL)
		end--; /* punctuation, not part of the word */
	for (size_t i = 0; i < end; i++)
		digits += isdigit((unsigned char)word.p[i]) != 0;
	if (memchr(word.p, '@', end) != NULL)
		buf_append_literal(to, COMPLAINT_ADDRESS);
	else if (digits >= DIGITS_OF_A_NUMBER)
		buf_append_literal(to, COMPLAINT_NUMBER);
	else
		buf_append(to, word.p, end);
	buf_append(to, word.p + end, word.n - end);
}

void
complaint_fold(struct slice text, struct buf *to)
{
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		n = 1;
		if (text.p[i] == '\0' || !is_word_char(text.p[i])) {
			buf_append_byte(to, text.p[i]);
			continue;
		}
		while (i + n < text.n && text.p[i + n] != '\0' && is_word_char(text.p[i + n]))
			n++;
		fold_word((struct slice){ text.p + i, n }, to);
	}
}

/* ---- collecting ----------------------------------------------------------------------------- */

static void
copy(char *to, size_t size, struct slice text)
{
	snprintf(to, size, "%.*s", (int)(text.n < size ? text.n : size), text.n > 0 ? text.p : "");
	to[utf8_whole(to, strlen(to))] = '\0';
}

static void
begin(struct complaint *c, const struct audit_failure *f, struct slice folded)
{
	c->http_status = f->http_status;
	copy(c->site, sizeof(c->site), f->site);
	copy(c->status, sizeof(c->status), f->status);
	copy(c->reason, sizeof(c->reason), f->reason);
	copy(c->error, sizeof(c->error), folded);
	c->is_cut = folded.n >= sizeof(c->error);
	c->first_at = f->at;
}

static void
count(struct complaint *c, const struct audit_failure *f)
{
	c->events++;
	c->is_cut |= f->error.n > COMPLAINT_COMPARED;
	c->first_at = f->at < c->first_at ? f->at : c->first_at;
	c->last_at = f->at > c->last_at ? f->at : c->last_at;
	if (f->event_id < c->example_id)
		return;
	c->example_id = f->event_id;
	copy(c->example, sizeof(c->example), f->error);
}

static void
add(void *arg, const struct audit_failure *f)
{
	struct tally *t = arg;
	struct complaint *c;
	struct buf folded, key;
	struct slice said = f->error;

	if (said.n > COMPLAINT_COMPARED)
		said.n = utf8_whole(said.p, COMPLAINT_COMPARED);
	buf_init(&folded, COMPLAINT_TEXT * 8);
	complaint_fold(said, &folded);
	buf_init(&key, KEY_MAX * 8);
	buf_printf(&key, "%d\n", f->http_status);
	buf_append_slice(&key, f->site);
	buf_append_byte(&key, '\n');
	buf_append_slice(&key, f->status);
	buf_append_byte(&key, '\n');
	buf_append_slice(&key, f->reason);
	buf_append_byte(&key, '\n');
	buf_append_slice(&key, buf_slice(&folded));
	c = key.failed || folded.failed ? tally_rest(t) : tally_at(t, buf_slice(&key));
	if (c->events == 0 && c != tally_rest(t))
		begin(c, f, buf_slice(&folded));
	count(c, f);
	buf_free(&folded);
	buf_free(&key);
}

static int64_t
weigh(const void *value)
{
	const struct complaint *c = value;

	return c->events;
}

int
complaints_collect(struct outbox_audit *audit, const struct outbox_filter *filter,
    struct tally **ret_tally, struct err *e)
{
	struct tally *t = tally_new(GROUPS_MAX, sizeof(struct complaint));

	if (t == NULL)
		return err_nomem(e);
	if (outbox_audit_failures(audit, filter, add, t, e) != 0) {
		tally_free(t);
		return -1;
	}
	tally_sort(t, weigh);
	*ret_tally = t;
	return 0;
}

int
complaints_collect_recent(struct outbox_audit *audit, const struct outbox_filter *filter,
    struct audit_budget *budget, struct tally **ret_tally, bool *ret_complete, struct err *e)
{
	struct tally *t = tally_new(GROUPS_MAX, sizeof(struct complaint));

	if (t == NULL)
		return err_nomem(e);
	if (outbox_audit_recent_failures(audit, filter, budget, add, t, ret_complete, e) != 0) {
		tally_free(t);
		return -1;
	}
	tally_sort(t, weigh);
	*ret_tally = t;
	return 0;
}

void
complaint_describe(const struct complaint *c, struct buf *to)
{
	if (c->status[0] == '\0') {
		buf_append_literal(to, "others");
		return;
	}
	buf_printf(to, "%s", c->status);
	if (c->http_status != 0)
		buf_printf(to, ", HTTP %d", c->http_status);
	if (c->reason[0] != '\0') {
		buf_append_literal(to, ", ");
		table_append_clean(to, slice_from(c->reason));
	}
}

cJSON *
complaint_json(const struct complaint *c, enum json_form form)
{
	cJSON *o = cJSON_CreateObject(), *example;
	bool others = c->status[0] == '\0';

	json_add_id(o, "events", c->events, form);
	json_add_slice(o, "site", others ? SLICE_NONE : slice_from(c->site));
	json_add_slice(o, "status", others ? SLICE_NONE : slice_from(c->status));
	json_add_slice(o, "reason", c->reason[0] == '\0' ? SLICE_NONE : slice_from(c->reason));
	if (form == JSON_PAGE)
		json_add_slice(o, "words",
		    c->reason[0] == '\0' ? SLICE_NONE : slice_from(reason_in_words(c->reason)));
	json_add_http_status(o, c->http_status, form);
	json_add_slice(o, "error", c->error[0] == '\0' ? SLICE_NONE : slice_from(c->error));
	json_add_at(o, "first_at", c->first_at, form);
	json_add_at(o, "last_at", c->last_at, form);
	example = cJSON_AddObjectToObject(o, "example");
	json_add_id(example, "event_id", c->example_id, form);
	json_add_slice(
	    example, "error", c->example[0] == '\0' ? SLICE_NONE : slice_from(c->example));
	if (!others)
		cJSON_AddItemToObject(o, "mend", mend_json(c));
	else
		cJSON_AddNullToObject(o, "mend");
	return o;
}
