/*
 * restore: puts a backup in the place of the database. Says where the former database is, which
 * events are only there, and how to bring them over. Fails while a daemon has the database open.
 */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/isotime.h"
#include "base/plural.h"
#include "cli/verbs.h"
#include "outbox/operate/restore.h"

static void
print_newer(const struct restore_report *r)
{
	char first[ISOTIME_SIZE], last[ISOTIME_SIZE];

	if (r->unreadable) {
		printf("It is damaged. What can be read comes over with: bentospool adopt %s\n",
		    r->aside);
		return;
	}
	if (r->newer == 0) {
		printf("No event came after the backup was made.\n");
		return;
	}
	isotime_format(r->first_at, first);
	isotime_format(r->last_at, last);
	printf("%lld event%s only there: ids %lld to %lld, received %s to %s.\n"
	       "Start the daemon, then bring over those that were not delivered:\n"
	       "  bentospool adopt %s --dry-run\n"
	       "  bentospool adopt %s\n",
	    (long long)r->newer, r->newer == 1 ? " is" : "s are", (long long)r->first_id,
	    (long long)r->last_id, first, last, r->aside, r->aside);
}

static int
print_json(const struct config *c, const struct restore_report *r)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddStringToObject(answer, "database", c->database);
	cJSON_AddNumberToObject(answer, "events", (double)r->events);
	if (r->aside[0] != '\0') {
		cJSON_AddStringToObject(answer, "set_aside", r->aside);
		cJSON_AddBoolToObject(answer, "damaged", r->unreadable);
		cJSON_AddNumberToObject(answer, "newer", (double)r->newer);
		cJSON_AddNumberToObject(answer, "first_id", (double)r->first_id);
		cJSON_AddNumberToObject(answer, "last_id", (double)r->last_id);
	}
	return verb_print_json(answer) == 0 ? VERB_DONE : VERB_ERROR;
}

static int
print(const struct options *o, const struct config *c, const struct restore_report *r)
{
	if (o->json)
		return print_json(c, r);
	printf("%s: %lld event%s restored from %s\n", c->database, (long long)r->events,
	    words_plural(r->events), o->operands[0]);
	if (r->aside[0] == '\0')
		return VERB_DONE;
	printf("The former database is now %s.\n", r->aside);
	print_newer(r);
	printf("What the backup has as pending is sent when the daemon starts, even if it was "
	       "delivered since.\n");
	return VERB_DONE;
}

int
verb_restore(const struct options *o)
{
	struct restore_report report;
	struct config *c;
	struct err e;
	int rc;

	if (o->n_operands != 1)
		return verb_usage("restore: name the backup; see bentospool restore --help");
	if (verb_config(o, &c) != 0)
		return VERB_ERROR;
	if (outbox_restore(c->database, o->operands[0], clock_wall(&clock_system), &report, &e)
	    == 0)
		rc = print(o, c, &report);
	else
		rc = verb_fail(&e);
	config_free(c);
	return rc;
}
