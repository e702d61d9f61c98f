/*
 * How a verb changes events: it counts what it would change, stops when that is nothing or with
 * --dry-run, asks, changes, and prints what was done. A verb fills in a struct acting; the
 * questions, the progress line, Ctrl-C and the JSON answer are the same for all. Main thread.
 */
#ifndef CLI_ACT_ACTING_H
#define CLI_ACT_ACTING_H

#include "cli/verbs.h"
#include "client/client.h"

struct cJSON;
struct outbox_audit;

/* The first member of a verb's own struct. */
struct acting {
	const struct options *options;
	const struct config *config; /* set by acting_run */
	struct act act;              /* exchange and message: set by the verb */
	const int64_t *operation_id; /* the operation_id of the message */
	const char *past;            /* past participle for the result: "held" */
	const char *nothing;         /* printed when the amount is 0; NULL: print is called */
	bool for_good; /* the change cannot be undone: ask even about a single event */
	/* Fills in the message, without results. dry_run: the message only counts. */
	void (*make)(struct acting *a, bool dry_run);
	/* Counts in the database and stores the counts in the message. NULL: the message is sent as
	 * a dry run. */
	int (*look)(struct acting *a, struct outbox_audit *audit, struct err *e);
	/* Writes the question's subject, such as "hold 5 events". The step of the exchange gives
	 * the amount. */
	void (*describe)(const struct acting *a, char *to, size_t size);
	/* Prints what was done or, with options->dry_run, what would be done. */
	void (*print)(const struct acting *a);
	/* Adds members to the JSON answer, besides the results. May be NULL. */
	void (*add_json)(struct acting *a, struct cJSON *line);
};

/* Returns the exit code. */
int acting_run(struct acting *a);

/*
 * Loads the configuration after checking that the database exists, because acting without a daemon
 * would create one. Returns 0, and the caller frees the configuration; or -1 after verb_fail.
 */
int acting_open(const struct options *o, struct config **ret_config);
/*
 * Prints the JSON answer: the members of `line`, the results under the names in the exchange, and
 * dry_run. Takes ownership of `line`. Returns the exit code.
 */
int acting_print_json(const struct options *o, const struct result_field *results,
    const struct outbox_msg *msg, struct cJSON *line);
/* Prints " (operation 7)", unless it is 0, and ends the line. */
void acting_print_operation(int64_t operation_id);

#endif
