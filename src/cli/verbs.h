/*
 * The table of verbs. One file per verb: verb_NAME.c has its run function.
 *
 * A run function gets what the command line said, prints to standard output, tells errors on
 * standard error through verb_fail, and returns an exit code. Main thread.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdint.h>

#include "cli/options.h"
#include "config/config.h"

enum verb_exit { VERB_DONE = 0, VERB_ERROR = 1, VERB_USAGE = 2, VERB_NOTHING = 3 };

struct verb {
	const char *name;
	const char *summary;  /* a line of the list of verbs */
	const char *operands; /* behind the options in the usage line */
	const char *about;    /* a paragraph of its --help, lines of at most 80 columns */
	const char *example;
	option_set options;
	int max_operands;
	int (*run)(const struct options *o);
};

/* Ended by one without a name. */
extern const struct verb verbs[];
/* NULL when there is none. */
const struct verb *verb_find(const char *name);
void verb_print_help(const struct verb *verb);
void verb_print_all(void);

/* ---- what the verbs share ------------------------------------------------------------------- */

/* "bentospool: TEXT" on standard error; returns VERB_ERROR. */
int verb_fail(const struct err *e);
/* verb_fail has spoken since standard output broke: it need not be told again. */
bool verb_output_told(void);
/* As verb_fail for a command line that cannot be meant; returns VERB_USAGE. */
int verb_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The configuration for a verb that only reads. 0, or -1 after verb_fail. */
int verb_config(const struct options *o, struct config **ret_config);

/* An id as an operand. 0, or -1 when it is none. */
int verb_read_id(const char *text, int64_t *ret_id);

struct outbox_audit;
/* That and the database, opened for reading. 0, or -1 after verb_fail. */
int verb_open(const struct options *o, struct config **ret_config, struct outbox_audit **ret_audit);

struct cJSON;
/* Prints one line of JSON and frees it; NULL counts as out of memory. */
int verb_print_json(struct cJSON *object);
/* Prints a text and empties it. ERR_NOMEM when it is incomplete. */
int verb_print_text(struct buf *text, struct err *e);

int verb_serve(const struct options *o);
int verb_status(const struct options *o);
int verb_list(const struct options *o);
int verb_age(const struct options *o);
int verb_errors(const struct options *o);
int verb_history(const struct options *o);
int verb_tail(const struct options *o);
int verb_top(const struct options *o);
int verb_show(const struct options *o);
int verb_requeue(const struct options *o);
int verb_hold(const struct options *o);
int verb_release(const struct options *o);
int verb_discard(const struct options *o);
int verb_expire(const struct options *o);
int verb_operations(const struct options *o);
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
int verb_reload(const struct options *o);
int verb_check(const struct options *o);
int verb_send(const struct options *o);
int verb_init(const struct options *o);
int verb_doctor(const struct options *o);
int verb_sql(const struct options *o);
int verb_completion(const struct options *o);
int verb_version(const struct options *o);

#endif
