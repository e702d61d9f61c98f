/*
 * The table of options, and the parser that uses it: getopt_long finds the option, option_values.c
 * reads its value. Every refusal is ERR_INPUT, names the option and says what is valid.
 */
#include "cli/options.h"

#include <getopt.h>
#include <string.h>

#include "cli/option_values.h"

#define HELP_COLUMN 24

static const struct option_words rows[OPT_COUNT] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
	    "read this configuration; see help for the default" },
	[OPT_DATABASE] = { "database", 0, "FILE",
	    "use this database instead of the configured one" },
	[OPT_JSON] = { "json", 0, NULL, "print JSON, one object per line" },
	[OPT_HELP] = { "help", 'h', NULL, "show this help" },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "log debugging details, whatever log_level says" },
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
	[OPT_VIA] = { "via", 0, "BOX", "select by the box that forwarded the event" },
	[OPT_LIMIT] = { "limit", 0, "N", "select at most N; 0 for no limit" },
	[OPT_ALL] = { "all", 0, NULL, "select every event" },
	[OPT_DRY_RUN] = { "dry-run", 'n', NULL, "show what would happen, change nothing" },
	[OPT_YES] = { "yes", 'y', NULL, "do not ask for confirmation" },
	[OPT_NOTE] = { "note", 0, "TEXT", "record why, for the audit" },
	[OPT_CHECK] = { "check", 0, NULL, "exit 1 when something is wrong, for monitoring" },
	[OPT_MAX_AGE] = { "max-age", 0, "TIME", "wait that is allowed; default: alarm_after" },
	[OPT_MAX_BACKOFF] = { "max-backoff", 0, "TIME",
	    "back-off that is allowed; default: alarm_after" },
	[OPT_FAILED_SINCE] = { "failed-since", 0, "TIME",
	    "count failed and held events since; default: 1d" },
	[OPT_MAX_FAILED] = { "max-failed", 0, "N", "how many of these are allowed; default: 0" },
	[OPT_MAX_REFUSED] = { "max-refused", 0, "PERCENT",
	    "of the last hour; default: refused_percent" },
	[OPT_MIN_CERTIFICATE] = { "min-certificate", 0, "TIME",
	    "a certificate must last; default: certificate_days" },
	[OPT_NEWEST] = { "newest", 0, NULL, "list the newest first" },
	[OPT_RAW] = { "raw", 0, NULL, "print only the body, byte for byte as received" },
	[OPT_SENT] = { "sent", 0, NULL, "print only what was or would be sent to Bento" },
	[OPT_SHOW_MESSAGE_ID] = { "message-id", 0, "ID",
	    "show the newest event with this messageId" },
	[OPT_EVENT] = { "event", 0, "FILE", "read a Segment event as JSON; - is standard input" },
	[OPT_EVENT_NAME] = { "name", 0, "TEXT", "name the track event" },
	[OPT_EVENT_EMAIL] = { "email", 0, "ADDRESS", "set the address of the event's person" },
	[OPT_PROPERTY] = { "property", 'p', "KEY=VALUE", "set a property; may be repeated" },
	[OPT_TO_SITE] = { "site", 0, "NAME", "use this site; required when there are several" },
	[OPT_ERASE_EMAIL] = { "email", 0, "ADDRESS", "erase the person with exactly this address" },
	[OPT_SITE_CONTROL_SITE] = { "site", 0, "NAME",
	    "affect only this site; default: every site" },
	[OPT_INTO_SITE] = { "site", 0, "NAME", "store every event in this site" },
	[OPT_OUTPUT] = { "output", 0, "FILE", "write to this new file instead of standard output" },
	[OPT_REDACT] = { "redact", 0, NULL, "omit bodies and replace addresses" },
	[OPT_OFFLINE] = { "offline", 0, NULL, "skip the checks that use the network" },
	[OPT_SQL_TIMEOUT] = { "timeout", 0, "TIME", "abort the query after TIME; default 30s" },
	[OPT_TIME] = { "time", 0, "TIME", "test for TIME; default 1m" },
	[OPT_UTC] = { "utc", 0, NULL, "print times in UTC instead of the local zone" },
	[OPT_LINES] = { "limit", 0, "N", "print at most N lines; 0 for no limit" },
	[OPT_BACKLOG] = { "limit", 0, "N", "start with the last N lines; default 10" },
	[OPT_NO_FOLLOW] = { "no-follow", 0, NULL, "exit after the existing lines" },
	[OPT_TIMEOUT] = { "timeout", 0, "TIME", "wait at most TIME for Bento; default 60s" },
};

/* ---- parsing -------------------------------------------------------------------------------- */

#define OPERAND 1 /* getopt's value for a word that is not an option */
/* getopt's value of a long option is this plus its id: above all letters */
#define LONG_BASE 1000

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

/* An SQL statement that begins with a comment ("-- ...") is an operand: no option contains a
 * blank. */
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

	*ret = (struct options){ .max_age = -1,
		.max_backoff = -1,
		.failed_since = -1,
		.max_failed = -1,
		.max_refused = -1,
		.min_certificate = -1,
		.timeout = -1,
		.operands = argv + 1 };
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
		else if (option_take(ret, (enum option_id)id,
			     rows[id].argument == NULL ? NULL : optarg, now, e)
			 != 0)
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
