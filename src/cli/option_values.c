/*
 * Reads the value of an option into struct options. Every refusal is ERR_INPUT and says what a
 * valid value is; the caller adds the option's name.
 */
#include "cli/option_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/needs.h"
#include "term/when.h"

#define NOTE_MAX 1000

static int
read_number(const char *text, int64_t min, int64_t max, int64_t *ret_value, struct err *e)
{
	if (number_parse(text, min, max, ret_value) != 0)
		return err_set(e, ERR_INPUT,
		    "must be a whole number from %lld to %lld, not \"%.40s\"", (long long)min,
		    (long long)max, text);
	return 0;
}

static int
take_id(struct outbox_filter *f, const char *word, struct err *e)
{
	int64_t id;

	if (read_number(word, 1, INT64_C(1) << 53, &id, e) != 0)
		return -1;
	return outbox_filter_add_id(f, id, e);
}

/* ERR_INPUT that lists all n valid words. */
static int
refuse_word(const char *(*name)(unsigned), unsigned n, const char *word, struct err *e)
{
	char all[200] = "";
	size_t used = 0;

	for (unsigned i = 0; i < n && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
		    i == 0       ? ""
		    : i == n - 1 ? " or "
				 : ", ",
		    name(i));
	return err_set(e, ERR_INPUT, "must be %s, not \"%.40s\"", all, word);
}

static const char *
name_of_status(unsigned i)
{
	return status_name((enum event_status)i);
}

static const char *
name_of_kind(unsigned i)
{
	return kind_name((enum event_kind)i);
}

static int
take_status(struct outbox_filter *f, const char *word, struct err *e)
{
	enum event_status status;

	if (status_parse(slice_from(word), &status) != 0)
		return refuse_word(name_of_status, STATUS_COUNT, word, e);
	f->statuses |= 1u << status;
	return 0;
}

static int
take_kind(struct outbox_filter *f, const char *word, struct err *e)
{
	enum event_kind kind = kind_parse(slice_from(word));

	if (kind == KIND_UNKNOWN && strcmp(word, kind_name(KIND_UNKNOWN)) != 0)
		return refuse_word(name_of_kind, KIND_COUNT, word, e);
	f->kinds |= 1u << kind;
	return 0;
}

/* Reads a list of words with commas between them; an empty word is unknown, too. */
static int
take_words(struct outbox_filter *f, const char *text,
    int (*take)(struct outbox_filter *, const char *, struct err *), struct err *e)
{
	char *copy = strdup(text), *rest = copy, *word;
	int rc = 0;

	if (copy == NULL)
		return err_nomem(e);
	while (rc == 0 && (word = strsep(&rest, ",")) != NULL)
		rc = take(f, word, e);
	free(copy);
	return rc;
}

static int
take_http_status(struct outbox_filter *f, const char *text, struct err *e)
{
	int64_t value;

	if (read_number(text, 100, 999, &value, e) != 0)
		return -1;
	f->http_status = (int)value;
	return 0;
}

static int
take_limit(struct options *o, const char *text, struct err *e)
{
	o->has_limit = true;
	return read_number(text, 0, INT64_C(1) << 53, &o->filter.limit, e);
}

static int
take_note(struct options *o, const char *text, struct err *e)
{
	if (strlen(text) > NOTE_MAX)
		return err_set(e, ERR_INPUT, "is longer than %d bytes", NOTE_MAX);
	o->note = text;
	return 0;
}

static int
take_property(struct options *o, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text)
		return err_set(e, ERR_INPUT, "must be KEY=VALUE, not \"%.40s\"", text);
	if (o->n_properties == OPTIONS_MAX_PROPERTIES)
		return err_set(
		    e, ERR_LIMIT, "may be given at most %d times", OPTIONS_MAX_PROPERTIES);
	o->property[o->n_properties++] = text;
	return 0;
}

/* Reads an option that is a text of the filter. */
static int
take_filter_text(struct outbox_filter *f, enum option_id id, const char *text, struct err *e)
{
	static const enum filter_text which[OPT_COUNT] = {
		[OPT_MESSAGE_ID] = FILTER_MESSAGE_ID,
		[OPT_SHOW_MESSAGE_ID] = FILTER_MESSAGE_ID,
		[OPT_REASON] = FILTER_REASON,
		[OPT_NAME] = FILTER_NAME,
		[OPT_EMAIL] = FILTER_EMAIL,
		[OPT_ERROR] = FILTER_ERROR,
		[OPT_SITE] = FILTER_SITE,
		[OPT_VIA] = FILTER_VIA,
	};

	return outbox_filter_set_text(f, which[id], text, e);
}

static int
take_flag(struct options *o, enum option_id id)
{
	bool *const flags[OPT_COUNT] = {
		[OPT_JSON] = &o->json,
		[OPT_HELP] = &o->help,
		[OPT_VERBOSE] = &o->verbose,
		[OPT_ALL] = &o->filter.all,
		[OPT_DRY_RUN] = &o->dry_run,
		[OPT_YES] = &o->yes,
		[OPT_CHECK] = &o->check,
		[OPT_NEWEST] = &o->newest,
		[OPT_RAW] = &o->raw,
		[OPT_SENT] = &o->sent,
		[OPT_REDACT] = &o->redact,
		[OPT_OFFLINE] = &o->offline,
		[OPT_UTC] = &o->utc,
		[OPT_NO_FOLLOW] = &o->no_follow,
	};

	if (flags[id] != NULL)
		*flags[id] = true;
	return 0;
}

/* Returns where an option's text is stored unchanged; NULL when it must be parsed. */
static const char **
string_of(struct options *o, enum option_id id)
{
	const char **const strings[OPT_COUNT] = {
		[OPT_CONFIG] = &o->config,
		[OPT_DATABASE] = &o->database,
		[OPT_EVENT] = &o->event,
		[OPT_EVENT_NAME] = &o->event_name,
		[OPT_EVENT_EMAIL] = &o->event_email,
		[OPT_TO_SITE] = &o->to_site,
		[OPT_SITE_CONTROL_SITE] = &o->to_site,
		[OPT_INTO_SITE] = &o->to_site,
		[OPT_ERASE_EMAIL] = &o->event_email,
		[OPT_OUTPUT] = &o->output,
	};

	return strings[id];
}

int
option_take(struct options *o, enum option_id id, const char *text, int64_t now, struct err *e)
{
	const char **string = string_of(o, id);

	if (text == NULL)
		return take_flag(o, id);
	if (string != NULL) {
		*string = text;
		return 0;
	}
	switch ((int)id) {
	case OPT_ID:
		return take_words(&o->filter, text, take_id, e);
	case OPT_STATUS:
		return take_words(&o->filter, text, take_status, e);
	case OPT_KIND:
		return take_words(&o->filter, text, take_kind, e);
	case OPT_SINCE:
		return when_parse(text, now, &o->filter.since, e);
	case OPT_UNTIL:
		return when_parse(text, now, &o->filter.until, e);
	case OPT_HTTP_STATUS:
		return take_http_status(&o->filter, text, e);
	case OPT_LIMIT:
	case OPT_LINES:
	case OPT_BACKLOG:
		return take_limit(o, text, e);
	case OPT_NOTE:
		return take_note(o, text, e);
	case OPT_MAX_AGE:
		return when_parse_duration(text, &o->max_age, e);
	case OPT_MAX_BACKOFF:
		return when_parse_duration(text, &o->max_backoff, e);
	case OPT_FAILED_SINCE:
		return when_parse(text, now, &o->failed_since, e);
	case OPT_MAX_FAILED:
		return read_number(text, 0, NEEDS_TROUBLED_MAX - 1, &o->max_failed, e);
	case OPT_MAX_REFUSED:
		return read_number(text, 0, 100, &o->max_refused, e);
	case OPT_MIN_CERTIFICATE:
		return when_parse_duration(text, &o->min_certificate, e);
	case OPT_TIMEOUT:
	case OPT_SQL_TIMEOUT:
	case OPT_TIME:
		return when_parse_duration(text, &o->timeout, e);
	case OPT_PROPERTY:
		return take_property(o, text, e);
	default:
		return take_filter_text(&o->filter, id, text, e);
	}
}
