/*
 * The options of all verbs in one table: parsing, --help and the rest are fed from it.
 *
 * A verb names its options as a set of bits; the filters are the same for each verb that selects.
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
	/* everywhere */
	OPT_CONFIG,
	OPT_DATABASE,
	OPT_JSON,
	OPT_HELP,
	OPT_VERBOSE,
	/* what selects */
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
	OPT_LIMIT,
	OPT_ALL,
	/* what changes */
	OPT_DRY_RUN,
	OPT_YES,
	OPT_NOTE,
	/* single verbs */
	OPT_CHECK,
	OPT_MAX_AGE,
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

/* A set of options. Room for 128; a constant, so that the table of verbs can name them with |. */
__extension__ typedef unsigned __int128 option_set;
_Static_assert(OPT_COUNT <= 8 * sizeof(option_set), "an option has a bit");

#define OPTIONS_EVERY ((((option_set)1 << (OPT_COUNT - 1)) << 1) - 1)
#define OPTION(id) ((option_set)1 << OPT_##id)
#define OPTIONS_FILTER                                                                             \
	(OPTION(ID) | OPTION(MESSAGE_ID) | OPTION(STATUS) | OPTION(REASON) | OPTION(KIND)          \
	    | OPTION(NAME) | OPTION(EMAIL) | OPTION(SINCE) | OPTION(UNTIL) | OPTION(HTTP_STATUS)   \
	    | OPTION(ERROR) | OPTION(SITE) | OPTION(LIMIT) | OPTION(ALL))
/* The same for verbs that print lines about many events: the limit is of the lines. */
#define OPTIONS_GROUP ((OPTIONS_FILTER & ~OPTION(LIMIT)) | OPTION(LINES))
#define OPTIONS_CHANGE (OPTION(DRY_RUN) | OPTION(YES) | OPTION(NOTE) | OPTION(UTC))
#define OPTIONS_READ (OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP))

/* What a command line said. Strings are borrowed from it, but for the filter's. */
struct options {
	const char *config;
	const char *database;
	bool json;
	bool help;
	bool verbose;
	struct outbox_filter filter;
	bool has_limit; /* --limit was given, and may be 0: no limit */
	bool dry_run;
	bool yes;
	const char *note;
	bool check;
	int64_t max_age; /* ms; -1: not given */
	bool newest;
	bool raw;
	bool sent;
	const char *event;
	const char *event_name;
	const char *event_email; /* of send, erase */
	const char *property[OPTIONS_MAX_PROPERTIES];
	size_t n_properties;
	const char *output; /* NULL: standard output */
	bool redact;
	bool offline;
	bool utc;
	bool no_follow;
	const char *to_site; /* of send, pause, resume, flush, import, adopt */
	int64_t timeout;     /* ms; -1: not given */
	char **operands;
	int n_operands;
};

/*
 * Reads argv[1] .. argv[argc - 1]; argv[0] is the verb. now: wall ms, for times like 2h. After 0
 * and after -1 the caller frees with options_free. ERR_INPUT names the option and what it wants.
 */
int options_parse(
    int argc, char **argv, option_set allowed, int64_t now, struct options *ret, struct err *e);
void options_free(struct options *o);
/* An option as its table has it. */
struct option_words {
	const char *name;
	char letter;          /* 0: none */
	const char *argument; /* NULL: none */
	const char *help;
};
/* For each of a set; of those with the same name, which belong to several verbs, the first. */
void options_each(
    option_set set, void (*each)(void *arg, const struct option_words *option), void *arg);
/* The lines of --help for a set of options. */
void options_print(option_set set, FILE *to);

#endif
