/*
 * The options of all verbs in one table, which feeds parsing, --help, completion and the test of
 * the manual page. A verb names its options as a set of bits. Main thread.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "outbox/filter/filter.h"

#define OPTIONS_MAX_PROPERTIES 64

enum option_id {
	/* for most verbs */
	OPT_CONFIG,
	OPT_DATABASE,
	OPT_JSON,
	OPT_HELP,
	OPT_VERBOSE,
	/* filters */
	OPT_ID,
	OPT_MESSAGE_ID,
	OPT_STATUS,
	OPT_REASON,
	OPT_KIND,
	OPT_NAME,
	OPT_EMAIL,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_HTTP_STATUS,
	OPT_ERROR,
	OPT_SITE,
	OPT_VIA,
	OPT_LIMIT,
	OPT_ALL,
	/* for verbs that change something */
	OPT_DRY_RUN,
	OPT_YES,
	OPT_NOTE,
	/* for single verbs */
	OPT_CHECK,
	OPT_MAX_AGE,
	OPT_MAX_BACKOFF,
	OPT_FAILED_SINCE,
	OPT_MAX_FAILED,
	OPT_MAX_REFUSED,
	OPT_MIN_CERTIFICATE,
	OPT_NEWEST,
	OPT_RAW,
	OPT_SENT,
	OPT_SHOW_MESSAGE_ID,
	OPT_EVENT,
	OPT_EVENT_NAME,
	OPT_EVENT_EMAIL,
	OPT_PROPERTY,
	OPT_TO_SITE,
	OPT_TIMEOUT,
	OPT_SQL_TIMEOUT,
	OPT_TIME,
	OPT_OFFLINE,
	OPT_SITE_CONTROL_SITE,
	OPT_INTO_SITE,
	OPT_ERASE_EMAIL,
	OPT_OUTPUT,
	OPT_REDACT,
	OPT_UTC,
	OPT_LINES,
	OPT_BACKLOG,
	OPT_NO_FOLLOW,
	OPT_COUNT
};

/* A set of options, one bit each; the table of verbs combines them with |. */
__extension__ typedef unsigned __int128 option_set;
_Static_assert(OPT_COUNT <= 8 * sizeof(option_set), "every option has a bit");

#define OPTIONS_EVERY ((((option_set)1 << (OPT_COUNT - 1)) << 1) - 1)
#define OPTION(id) ((option_set)1 << OPT_##id)
#define OPTIONS_FILTER                                                                             \
	(OPTION(ID) | OPTION(MESSAGE_ID) | OPTION(STATUS) | OPTION(REASON) | OPTION(KIND)          \
	    | OPTION(NAME) | OPTION(EMAIL) | OPTION(SINCE) | OPTION(UNTIL) | OPTION(HTTP_STATUS)   \
	    | OPTION(ERROR) | OPTION(SITE) | OPTION(VIA) | OPTION(LIMIT) | OPTION(ALL))
/* Filters of verbs that print a line for many events: --limit counts lines, not events. */
#define OPTIONS_GROUP ((OPTIONS_FILTER & ~OPTION(LIMIT)) | OPTION(LINES))
#define OPTIONS_CHANGE (OPTION(DRY_RUN) | OPTION(YES) | OPTION(NOTE) | OPTION(UTC))
#define OPTIONS_READ (OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP))

/* A parsed command line. Strings are borrowed from argv; the filter owns its own. */
struct options {
	const char *config;
	const char *database;
	bool json;
	bool help;
	bool verbose;
	struct outbox_filter filter;
	bool has_limit; /* --limit was given; its value 0 means no limit */
	bool dry_run;
	bool yes;
	const char *note;
	bool check;
	/* Thresholds of --check; -1 when not given. */
	int64_t max_age;      /* ms */
	int64_t max_backoff;  /* ms */
	int64_t failed_since; /* wall ms */
	int64_t max_failed;
	int64_t max_refused;     /* percent */
	int64_t min_certificate; /* ms */
	bool newest;
	bool raw;
	bool sent;
	const char *event;
	const char *event_name;
	const char *event_email; /* for send and erase */
	const char *property[OPTIONS_MAX_PROPERTIES];
	size_t n_properties;
	const char *output; /* NULL for standard output */
	bool redact;
	bool offline;
	bool utc;
	bool no_follow;
	const char *to_site; /* for send, pause, resume, flush, import and adopt */
	int64_t timeout;     /* ms; -1 when not given; for torture, the time of the test */
	char **operands;
	int n_operands;
};

/*
 * Parses argv[1] to argv[argc - 1]; argv[0] is the verb. now is wall ms, for times such as 2h. The
 * caller calls options_free after 0 and after -1. ERR_INPUT names the option and a valid value.
 */
int options_parse(
    int argc, char **argv, option_set allowed, int64_t now, struct options *ret, struct err *e);
void options_free(struct options *o);
/* A row of the table of options. */
struct option_words {
	const char *name;
	char letter;          /* 0 for none */
	const char *argument; /* NULL for none */
	const char *help;
};
/* Calls each for every option of a set, but only once for options of the same name. */
void options_each(
    option_set set, void (*each)(void *arg, const struct option_words *option), void *arg);
/* Prints the lines of --help for a set of options. */
void options_print(option_set set, FILE *to);

#endif
