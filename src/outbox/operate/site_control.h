/*
 * OUTBOX_SITE_CONTROL: an operator pauses, resumes or flushes a site. Each is a row among the
 * operations. A running dispatcher does not notice the change in the file: call
 * dispatcher_site_control() as well.
 */
#ifndef OUTBOX_OPERATE_SITE_CONTROL_H
#define OUTBOX_OPERATE_SITE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* One resume or flush makes at most this many delayed events due; the others keep their times. */
#define SITE_CONTROL_FLUSH_MAX 10000

/*
 * pause: nothing is sent for the site until it is resumed, even after a restart; requests in flight
 *	go on. Pausing a paused site changes the note and keeps the time of the pause.
 * resume: ends the pause, and sends to the site at once, delayed events included.
 * flush: sends to the site at once, delayed events included, even when the site is backing off or
 *	an answer of Bento paused it; an operator's pause stays.
 */
enum site_control_verb { SITE_CONTROL_PAUSE, SITE_CONTROL_RESUME, SITE_CONTROL_FLUSH };

const char *site_control_verb_name(enum site_control_verb verb);
/* Returns 0, or -1 when name is not one of these verbs. */
int site_control_verb_parse(struct slice name, enum site_control_verb *ret_verb);

/* ERR_NOTFOUND: there is no site of that name. */
struct outbox_site_control {
	struct outbox_msg msg;
	enum site_control_verb verb;
	const char *site;  /* NULL: all sites */
	const char *actor; /* for the audit: the person */
	const char *note;  /* NULL: none */
	/* result */
	int64_t operation_id;
	int64_t n_sites;
	int64_t n_paused; /* flush: sites that an operator paused, and that stay paused */
};

struct db;

/* Runs inside the writer's transaction; now: wall ms. */
int site_control_apply(
    struct db *db, struct outbox_site_control *site_control, int64_t now, struct err *e);

#endif
