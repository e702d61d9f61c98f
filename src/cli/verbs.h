/*
 * The table of verbs: one row and one file for each. verb_NAME is in GROUP/NAME.c, where GROUP is
 * the directory run, look, act or move.
 *
 * A run function takes the parsed command line, prints results to standard output, reports errors
 * on standard error with verb_fail, and returns an exit code. Main thread.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdio.h>

#include "cli/open.h"
#include "cli/options.h"
#include "cli/output.h"

/* The headings of the list of verbs. The verbs for setting up are in the directory run, too. */
enum verb_group { VERBS_RUN, VERBS_LOOK, VERBS_ACT, VERBS_MOVE, VERBS_SET_UP };

#define VERB_HELP_SUMMARY "list the verbs, or describe one with help VERB"

struct verb {
	const char *name;
	enum verb_group group;
	const char *summary;  /* one line in the list of verbs, imperative */
	const char *operands; /* after the options in the usage line; NULL for none */
	const char *about;    /* a paragraph for its --help: lines of at most 80 columns */
	const char *example;
	option_set options;
	int max_operands;
	int (*run)(const struct options *o);
};

/* In the order of the groups; the last row has no name. */
extern const struct verb verbs[];
/* NULL when there is no such verb. */
const struct verb *verb_find(const char *name);
void verb_print_help(const struct verb *verb);
void verb_print_all(void);
/* Prints where to begin, for a command line without a verb. */
void verb_print_first(FILE *to);

int verb_serve(const struct options *o);
int verb_reload(const struct options *o);
int verb_status(const struct options *o);
int verb_top(const struct options *o);
int verb_tail(const struct options *o);
int verb_list(const struct options *o);
int verb_show(const struct options *o);
int verb_history(const struct options *o);
int verb_age(const struct options *o);
int verb_errors(const struct options *o);
int verb_operations(const struct options *o);
int verb_sql(const struct options *o);
int verb_verify(const struct options *o);
int verb_requeue(const struct options *o);
int verb_hold(const struct options *o);
int verb_release(const struct options *o);
int verb_discard(const struct options *o);
int verb_expire(const struct options *o);
int verb_undo(const struct options *o);
int verb_pause(const struct options *o);
int verb_resume(const struct options *o);
int verb_flush(const struct options *o);
int verb_erase(const struct options *o);
int verb_purge(const struct options *o);
int verb_export(const struct options *o);
int verb_import(const struct options *o);
int verb_adopt(const struct options *o);
int verb_backup(const struct options *o);
int verb_recover(const struct options *o);
int verb_restore(const struct options *o);
int verb_init(const struct options *o);
int verb_check(const struct options *o);
int verb_doctor(const struct options *o);
int verb_torture(const struct options *o);
int verb_send(const struct options *o);
int verb_completion(const struct options *o);
int verb_version(const struct options *o);

#endif
