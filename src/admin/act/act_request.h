/*
 * The change that a person asks for: the body of POST /api/act, and the request to the control
 * socket. Pure, but for memory.
 */
#ifndef ADMIN_ACT_ACT_REQUEST_H
#define ADMIN_ACT_ACT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/site_control.h"

struct cJSON;

#define ACT_NOTE_MAX 1000            /* bytes of a note */
#define ACT_SITE_MAX 128             /* bytes of a site's name */
#define ACT_EXACT 9007199254740992.0 /* 2^53: from here on, a number may stand for another one */

enum act_kind {
	ACT_EVENTS, /* a verb for the events that a filter selects */
	ACT_UNDO,
	ACT_SITES /* a verb for a site, or for all sites */
};

struct act_request {
	enum act_kind kind;
	const char *word;                 /* the verb; static */
	enum operate_verb verb;           /* ACT_EVENTS, ACT_UNDO */
	enum site_control_verb site_verb; /* ACT_SITES */
	struct outbox_filter filter;      /* ACT_EVENTS */
	int64_t undoes;                   /* ACT_UNDO: the operation */
	const char *site;                 /* ACT_SITES: NULL: all sites */
	const char *note;                 /* NULL: none */
	const char *name;                 /* NULL: none */
	bool dry_run;
	int64_t expect; /* the number of events that the person was shown; -1: none */
};

/*
 * Texts point into the object. ERR_INPUT: a member is missing, unknown or has a wrong value; the
 * words name it. Call act_request_free even then.
 */
int act_request_read(const struct cJSON *object, struct act_request *ret_request, struct err *e);
void act_request_free(struct act_request *request);

/*
 * Returns the line for the control socket, without its line feed; the caller frees it with
 * cJSON_free. NULL without memory. At most as many events change as the person was shown, even if
 * more match by now.
 */
char *act_request_line(const struct act_request *request, const char *name);

#endif
