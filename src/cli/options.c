/*
 * The table of options, and the parser fed from it: getopt_long finds the option, take() reads its
 * value into struct options. Every refusal is ERR_INPUT that names the option and a valid value.
 */
#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "term/when.h"

#define HELP_COLUMN 24
#define NOTE_MAX 1000

static const struct option_words rows[OPT_COUNT] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
	    "read this configuration; see help for the default" },
	[OPT_DATABASE] = { "database", 0, "FILE",
	    "use this database instead of the configured one" },
	[OPT_JSON] = { "json", 0, NULL, "print JSON, one object per line" },
	[OPT_HELP] = { "help", 'h', NULL, "show this help" },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "log debugging details" },
	[OPT_ID] = { "id", 0, "N[,N...]", "select by event id; may be repeated" },
	[OPT_MESSAGE_ID] = { "message-id", 0, "ID", "select by messageId" },
	[OPT_STATUS] = { "status", 0, "S[,S...]", "select by status: pending, failed, held, ..." },
	[OPT_REASON] = { "reason", 0, "WORD", "select by the reason of the status" },
	[OPT_KIND] = { "kind", 0, "K[,K...]", "select by kind: track, identify, page, ..." },
	[OPT_NAME] = { "name", 0, "GLOB", "select by name, such as 'Order*'; case matters" },
	[OPT_EMAIL] = { "email", 0, "GLOB",
	    "select by address, such as '*@example.com'; any case" },
	[OPT_SINCE] = { "since", 0, "TIME", "select by arrival: since 2h, 3d (ago) or ISO 8601" },
	[OPT_UNTIL] = { "until", 0, "TIME", "select by arrival: before TIME" },
	[OPT_HTTP_STATUS] = { "http-status", 0, "N",
	    "select by the HTTP status of the last attempt" },
	[OPT_ERROR] = { "error", 0, "GLOB", "select by the error of the last attempt" },
	[OPT_SITE] = { "site", 0, "NAME", "select by site" },
	[OPT_LIMIT] = { "limit", 0, "N", "select at most N; 0 for no limit" },
	[OPT_ALL] = { "all", 0, NULL, "select every event" },
	[OPT_DRY_RUN] = { "dry-run", 'n', NULL, "show what would happen, change nothing" },
	[OPT_YES] = { "yes", 'y', NULL, "do not ask for confirmation" },
	[OPT_NOTE] = { "note", 0, "TEXT", "record why, for the audit" },
	[OPT_CHECK] = { "check", 0, NULL, "exit 1 when something is wrong, for monitoring" },
	[OPT_MAX_AGE] = { "max-age", 0, "TIME",
	    "with --check: exit 1 when an event has waited longer" },
	[OPT_NEWEST] = { "newest", 0, NULL, "list the newest first" },
	[OPT_RAW] = { "raw", 0, NULL, "print only the body, byte for byte as received" },
	[OPT_SENT] = { "sent", 0, NULL, "print only what was or would be sent to Bento" },
	[OPT_SHOW_MESSAGE_ID] = { "message-id", 0, "ID",
	    "show the newest event with this messageId" },
	[OPT_EVENT] = { "event", 0, "FILE", "read a Segment event as JSON; - is standard input" },
	[OPT_EVENT_NAME] = { "name", 0, "TEXT", "name the track event" },
	[OPT_EVENT_EMAIL] = { "email", 0, "ADDRESS", "set the address of its person" },
	[OPT_PROPERTY] = { "property", 'p', "KEY=VALUE", "set a property; may be repeated" },
	[OPT_TO_SITE] = { "site", 0, "NAME", "use this site; required when there are several" },
	[OPT_ERASE_EMAIL] = { "email", 0, "ADDRESS", "erase the person with exactly this address" },
	[OPT_SITE_CONTROL_SITE] = { "site", 0, "NAME",
	    "control only this site; default: every site" },
	[OPT_INTO_SITE] = { "site", 0, "NAME", "store every event in this site" },
	[OPT_OUTPUT] = { "output", 0, "FILE", "write to this new file instead of standard output" },
	[OPT_REDACT] = { "redact", 0, NULL, "omit addresses and bodies" },
	[OPT_OFFLINE] = { "offline", 0, NULL, "skip the checks that use the network" },
	[OPT_SQL_TIMEOUT] = { "timeout", 0, "TIME", "abort the query after TIME; default 30s" },
	[OPT_UTC] = { "utc", 0, NULL, "print times in UTC instead of the local zone" },
	[OPT_LINES] = { "limit", 0, "N", "print at most N lines; 0 for no limit" },
	[OPT_BACKLOG] = { "limit", 0, "N", "start with the last N lines; default 10" },
	[OPT_NO_FOLLOW] = { "no-follow", 0, NULL, "exit after the existing lines" },
	[OPT_TIMEOUT] = { "timeout", 0, "TIME", "wait at most TIME for Bento; default 60s" },
};

/* ---- values --------------------------------------------------------------------------------- */

static int
read_number(const char *text, int64_t min, int64_t max, int64_t *ret_value, struct err *e)
{
	int64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value < max; p++)
		value = value * 10 + (*p - '0');
	if (p == text || *p != '\0' || value < min || value > max)
		return err_set(e, ERR_INPUT,
		    "must be a whole number from %lld to %lld, not \"%.40s\"", (long long)min,
		    (long long)max, text);
	*ret_value = value;
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

/* Takes each word of a list with commas; an empty word is refused like any other unknown one. */
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

/* Takes an option that is a text of the filter. */
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

/* Where an option's text is stored unchanged; NULL when it must be parsed first. */
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

static int
take(struct options *o, enum option_id id, const char *text, int64_t now, struct err *e)
{
	const char **string = string_of(o, id);

	if (rows[id].argument == NULL)
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
	case OPT_TIMEOUT:
	case OPT_SQL_TIMEOUT:
		return when_parse_duration(text, &o->timeout, e);
	case OPT_PROPERTY:
		return take_property(o, text, e);
	default:
		return take_filter_text(&o->filter, id, text, e);
	}
}

/* ---- parsing -------------------------------------------------------------------------------- */

#define OPERAND 1 /* getopt's value for a word that is not an option */
#define LONG_BASE                                                                                  \
	1000 /* getopt's value of a long option is this plus its id: above all letters             \
	      */

static void
describe(option_set allowed, struct option longs[OPT_COUNT + 1], char *shorts)
{
	size_t n = 0;

	*shorts++ = '-'; /* getopt returns operands in order, as OPERAND */
	*shorts++ = ':'; /* getopt returns ':' for a missing argument, not '?' */
	for (int id = 0; id < OPT_COUNT; id++) {
		const struct option_words *row = &rows[id];

		if ((allowed >> id & 1) == 0)
			continue;
		longs[n++] = (struct option){
			.name = row->name,
			.has_arg = row->argument == NULL ? no_argument : required_argument,
			.val = LONG_BASE + id,
		};
		if (row->letter == 0)
			continue;
		*shorts++ = row->letter;
		if (row->argument != NULL)
			*shorts++ = ':';
	}
	longs[n] = (struct option){ 0 };
	*shorts = '\0';
}

static int
id_of(int value, option_set allowed)
{
	if (value >= LONG_BASE)
		return value - LONG_BASE;
	for (int id = 0; id < OPT_COUNT; id++)
		if ((allowed >> id & 1) != 0 && rows[id].letter == value)
			return id;
	return -1;
}

static int
refuse(int value, char **argv, option_set allowed, struct err *e)
{
	int id = id_of(optopt, allowed);

	if (value == ':' && id >= 0)
		return err_set(
		    e, ERR_INPUT, "--%s needs a value: %s", rows[id].name, rows[id].argument);
	if (optopt >= LONG_BASE)
		return err_set(e, ERR_INPUT, "--%s takes no value", rows[optopt - LONG_BASE].name);
	if (optopt != 0)
		return err_set(e, ERR_INPUT, "unknown option -%c", optopt);
	return err_set(e, ERR_INPUT, "unknown option %.60s", argv[optind - 1]);
}

/* An SQL statement that begins with a comment is an operand: no option has a blank there. */
static bool
is_comment(const char *word)
{
	return strncmp(word, "--", 2) == 0 && word[2] != '\0' && strchr(" \t\n", word[2]) != NULL;
}

int
options_parse(
    int argc, char **argv, option_set allowed, int64_t now, struct options *ret, struct err *e)
{
	struct option longs[OPT_COUNT + 1];
	char shorts[2 * OPT_COUNT + 3];
	int value;

	*ret = (struct options){ .max_age = -1, .timeout = -1, .operands = argv + 1 };
	outbox_filter_init(&ret->filter);
	describe(allowed, longs, shorts);
	opterr = 0;
	optind = 0; /* resets getopt (glibc) */
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int id = value == ':' || value == '?' ? -1 : id_of(value, allowed);

		if (value == OPERAND
		    || (value == '?' && optopt == 0 && is_comment(argv[optind - 1])))
			ret->operands[ret->n_operands++] = argv[optind - 1];
		else if (id < 0)
			return refuse(value, argv, allowed, e);
		else if (take(ret, (enum option_id)id, optarg, now, e) != 0)
			return err_wrap(e, "--%s", rows[id].name);
	}
	while (optind < argc)
		ret->operands[ret->n_operands++] = argv[optind++];
	return 0;
}

void
options_free(struct options *o)
{
	outbox_filter_free(&o->filter);
}

/* ---- help ----------------------------------------------------------------------------------- */

void
options_print(option_set set, FILE *to)
{
	for (int id = 0; id < OPT_COUNT; id++) {
		const struct option_words *row = &rows[id];
		char left[64];
		int n;

		if ((set >> id & 1) == 0)
			continue;
		n = row->letter == 0
			? snprintf(left, sizeof(left), "      --%s", row->name)
			: snprintf(left, sizeof(left), "  -%c, --%s", row->letter, row->name);
		if (row->argument != NULL)
			snprintf(left + n, sizeof(left) - (size_t)n, " %s", row->argument);
		fprintf(to, "%-*s  %s\n", HELP_COLUMN + 2, left, row->help);
	}
}

static bool
is_named_before(option_set set, int id)
{
	for (int i = 0; i < id; i++)
		if ((set >> i & 1) != 0 && strcmp(rows[i].name, rows[id].name) == 0)
			return true;
	return false;
}

void
options_each(option_set set, void (*each)(void *arg, const struct option_words *option), void *arg)
{
	for (int id = 0; id < OPT_COUNT; id++)
		if ((set >> id & 1) != 0 && !is_named_before(set, id))
			each(arg, &rows[id]);
}
