/*
 * One table has the remedy for each status and reason: a verb, and why. The filter selects the
 * events of the group: its error becomes a pattern in which each placeholder matches anything.
 */
#include "report/mend.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "event/bento/verdict.h"
#include "event/kind.h"

#define COMMAND_MAX 16384
/* Bytes of a pattern after which a character of up to 4 bytes and a star still fit. */
#define PATTERN_MAX (FILTER_MAX_TEXT - 5)

#define REQUEUE "requeue"
#define RELEASE "release"
#define DISCARD "discard"

#define LOOK_AND_REQUEUE "correct what the error names, then send them again"
#define NO_ADDRESS "they have no valid address: correct the application, then discard them"
#define NOT_READABLE "they cannot be sent as they are: correct the application, then discard them"
#define LOOK_AND_RELEASE "check which of them Bento has: discard these, and release the others"
#define REQUEUE_OTHERS "check which of them Bento has: discard these, and requeue the others"
#define MEND_RULE "correct the rule and reload, then try them again"

static const struct {
	const char *status; /* NULL: any */
	const char *reason; /* NULL: any */
	struct mend mend;
} rows[] = {
	{ "pending", NULL, { NULL, "no action is needed: they are tried again automatically" } },
	{ "delivered", NULL, { NULL, "no action is needed" } },
	{ "discarded", NULL, { REQUEUE, "an operator gave them up; this sends them anyway" } },
	{ "held", "damaged",
	    { RELEASE, "the disk changed them: look at them first; this sends them as they are" } },
	{ "held", "operator", { RELEASE, "an operator holds them; this sends them" } },
	{ "held", "clock_not_set",
	    { RELEASE, "set the clock of the machine; then they are sent, or this sends them" } },
	{ "held", NULL, { RELEASE, LOOK_AND_RELEASE } },
	{ "failed", "too_large",
	    { DISCARD, "Bento accepts no events of this size: shorten them in the application" } },
	{ "failed", "expired",
	    { REQUEUE, "they became older than max_age; this sends them anyway" } },
	{ "failed", "attempts_exhausted",
	    { REQUEUE, "each failed on its own: correct the cause, then send them again" } },
	{ "failed", "partially_delivered", { REQUEUE, REQUEUE_OTHERS } },
	{ "failed", "maybe_delivered", { REQUEUE, REQUEUE_OTHERS } },
	{ "failed", "maybe_repeated", { REQUEUE, REQUEUE_OTHERS } },
	{ "failed", NULL, { REQUEUE, LOOK_AND_REQUEUE } },
	{ NULL, "no_email", { DISCARD, NO_ADDRESS } },
	{ NULL, "invalid_email", { DISCARD, NO_ADDRESS } },
	{ NULL, "awaiting_identity", { DISCARD, NO_ADDRESS } },
	{ NULL, "previous_id_no_address", { DISCARD, NO_ADDRESS } },
	{ NULL, "purchase_currency_missing",
	    { REQUEUE, "add a currency to the rule and reload, then try them again" } },
	{ NULL, "purchase_key_missing", { REQUEUE, MEND_RULE } },
	{ NULL, "purchase_value_invalid", { REQUEUE, MEND_RULE } },
	{ NULL, "tag_missing", { REQUEUE, MEND_RULE } },
	{ NULL, "event_too_large",
	    { REQUEUE, "raise max_event and reload, then try them again; or discard them" } },
	{ NULL, "reserved_type",
	    { REQUEUE, "allow the name in reserved_types and reload, then send them" } },
	{ NULL, "rule", { REQUEUE, "change the rule and reload, then send them" } },
	{ "invalid", NULL, { DISCARD, NOT_READABLE } },
	{ NULL, NULL, { NULL, "no action is needed" } },
};

/* Events that stopped their site wait until a person corrects the cause. */
static const struct mend unauthorized = { NULL,
	"the keys are rejected: a new secret or other keys are needed; "
	"then " MEND_PAUSED },
			 paused = { NULL,
				 "the site is paused: correct what its reason in bentospool status "
				 "names; then " MEND_PAUSED };

static bool
pauses(int http_status)
{
	struct verdict v;

	verdict_decide(&(struct verdict_facts){ .phase = PHASE_ANSWERED,
			   .http_status = http_status,
			   .retry_after_ms = -1,
			   .n_events = 2,
			   .n_items = 2 },
	    &v);
	return v.site == SITE_PAUSE;
}

struct mend
mend_of(const struct complaint *c)
{
	size_t i = 0;

	if (strcmp(c->status, "pending") == 0 && pauses(c->http_status))
		return c->http_status == 401 ? unauthorized : paused;
	while ((rows[i].status != NULL && strcmp(rows[i].status, c->status) != 0)
	       || (rows[i].reason != NULL && strcmp(rows[i].reason, c->reason) != 0))
		i++;
	return rows[i].mend;
}

/* ---- the filter ------------------------------------------------------------------------------ */

/* Whether the text continues with the placeholder; if so, passes it. */
static bool
pass(struct slice *text, const char *placeholder)
{
	size_t n = strlen(placeholder);

	if (text->n < n || memcmp(text->p, placeholder, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

/* A control character would reach the terminal: "?" matches it. */
static void
append_character(struct slice text, unsigned code, struct buf *to)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		buf_append_byte(to, '?');
	else if (text.n == 1 && strchr("*?[", text.p[0]) != NULL)
		buf_printf(to, "[%c]", text.p[0]);
	else
		buf_append_slice(to, text);
}

/* Makes a GLOB of an error with placeholders. */
static void
append_pattern(const struct complaint *c, struct buf *to)
{
	struct slice rest = slice_from(c->error);

	while (rest.n > 0 && to->n < PATTERN_MAX) {
		const char *start = rest.p;

		if (pass(&rest, COMPLAINT_ADDRESS) || pass(&rest, COMPLAINT_NUMBER)) {
			buf_append_byte(to, '*');
		} else {
			unsigned code = utf8_next(&rest);

			append_character(
			    (struct slice){ start, (size_t)(rest.p - start) }, code, to);
		}
	}
	if (rest.n > 0 || c->is_cut)
		buf_append_byte(to, '*');
}

static int
set_error(const struct complaint *c, struct outbox_filter *f, struct err *e)
{
	struct buf pattern;
	int rc;

	if (c->error[0] == '\0')
		return 0;
	buf_init(&pattern, FILTER_MAX_TEXT);
	append_pattern(c, &pattern);
	rc = pattern.failed ? err_nomem(e) : outbox_filter_set_text(f, FILTER_ERROR, pattern.p, e);
	buf_free(&pattern);
	return rc;
}

int
mend_filter(const struct complaint *c, struct outbox_filter *f, struct err *e)
{
	enum event_status status;

	if (status_parse(slice_from(c->status), &status) == 0)
		f->statuses = 1u << status;
	f->http_status = c->http_status;
	if (c->site[0] != '\0' && outbox_filter_set_text(f, FILTER_SITE, c->site, e) != 0)
		return -1;
	if (c->reason[0] != '\0' && outbox_filter_set_text(f, FILTER_REASON, c->reason, e) != 0)
		return -1;
	return set_error(c, f, e);
}

/* ---- the command ----------------------------------------------------------------------------- */

void
mend_quote(struct slice word, struct buf *to)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:@%+=,";
	bool is_plain = word.n > 0;

	for (size_t i = 0; i < word.n; i++)
		is_plain &= word.p[i] != '\0' && strchr(plain, word.p[i]) != NULL;
	if (is_plain) {
		buf_append_slice(to, word);
		return;
	}
	buf_append_byte(to, '\'');
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '\'')
			buf_append_literal(to, "'\\''");
		else
			buf_append_byte(to, word.p[i]);
	buf_append_byte(to, '\'');
}

static void
append_option(struct buf *to, char between, const char *option, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	buf_printf(to, "%c--%s ", between, option);
	mend_quote(slice_from(value), to);
}

static void
append_command(const struct complaint *c, const char *verb, const struct outbox_filter *f,
    char between, struct buf *to)
{
	buf_printf(to, "bentospool %s", verb);
	append_option(to, between, "site", f->text[FILTER_SITE]);
	append_option(to, between, "status", c->status);
	append_option(to, between, "reason", f->text[FILTER_REASON]);
	if (f->http_status != 0)
		buf_printf(to, "%c--http-status %d", between, f->http_status);
	append_option(to, between, "error", f->text[FILTER_ERROR]);
}

void
mend_command(const struct complaint *c, char between, struct buf *to)
{
	struct mend mend = mend_of(c);
	struct outbox_filter f;

	if (mend.verb == NULL)
		return;
	outbox_filter_init(&f);
	if (mend_filter(c, &f, NULL) == 0)
		append_command(c, mend.verb, &f, between, to);
	else
		to->failed = true;
	outbox_filter_free(&f);
}

static cJSON *
filter_json(const struct complaint *c)
{
	struct outbox_filter f;
	cJSON *json = NULL;
	struct buf text;

	outbox_filter_init(&f);
	buf_init(&text, COMMAND_MAX);
	if (mend_filter(c, &f, NULL) == 0) {
		outbox_filter_to_json(&f, &text);
		if (!text.failed)
			json = cJSON_ParseWithLength(text.p, text.n);
	}
	buf_free(&text);
	outbox_filter_free(&f);
	return json;
}

cJSON *
mend_json(const struct complaint *c)
{
	struct mend mend = mend_of(c);
	cJSON *o = cJSON_CreateObject();
	struct buf command;

	cJSON_AddStringToObject(o, "why", mend.why);
	if (mend.verb == NULL) {
		cJSON_AddNullToObject(o, "verb");
		cJSON_AddNullToObject(o, "filter");
		cJSON_AddNullToObject(o, "command");
		return o;
	}
	buf_init(&command, COMMAND_MAX);
	mend_command(c, ' ', &command);
	cJSON_AddStringToObject(o, "verb", mend.verb);
	cJSON_AddItemToObject(o, "filter", filter_json(c));
	cJSON_AddStringToObject(o, "command", command.failed ? NULL : command.p);
	buf_free(&command);
	return o;
}
