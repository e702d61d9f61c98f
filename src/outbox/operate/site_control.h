/*
 * OUTBOX_SITE_CONTROL: what operators do to a whole site: pause, resume, flush. Each is a row among
 * the operations. A running dispatcher does not see the change in the file: call
 * dispatcher_site_control() as well.
 */
#ifndef OUTBOX_OPERATE_SITE_CONTROL_H
#define OUTBOX_OPERATE_SITE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* Delayed events that one resume or flush makes due at most; the others keep their times. */
#define SITE_CONTROL_FLUSH_MAX 10000

/*
 * pause: nothing is sent for the site until it is resumed, also after a restart; requests under way
 *	go on. If the site is paused already, the note changes and the time of the pause stays.
 * resume: ends the pause, and tries the site and its delayed events at once.
 * flush: tries the site and its delayed events at once, whatever the site is waiting for.
 */
enum site_control_verb { SITE_CONTROL_PAUSE, SITE_CONTROL_RESUME, SITE_CONTROL_FLUSH };

const char *site_control_verb_name(enum site_control_verb verb);
/* 0, or -1 when name is not one of these verbs. */
int site_control_verb_parse(struct slice name, enum site_control_verb *ret_verb);

/* ERR_NOTFOUND: there is no site of that name. */
struct outbox_site_control {
	struct outbox_msg msg;
	enum site_control_verb verb;
	const char *site;  /* NULL: all of them */
	const char *actor; /* who, for the audit */
	const char *note;  /* NULL: none */
	/* result */
	int64_t operation_id;
	int64_t n_sites;
	int64_t n_paused; /* flush: of them, paused by an operator, and they stay so */
};

struct db;

/* Inside the writer's transaction; now: wall ms. */
int site_control_apply(
    struct db *db, struct outbox_site_control *site_control, int64_t now, struct err *e);

#endif
