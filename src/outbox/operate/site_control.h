/*
 * What operators do to a site as a whole: pause it, resume it, have it try now. Each is a row among
 * the operations. Run by the writer, through outbox_send, with a daemon and without one; a running
 * dispatcher has to be told as well (dispatcher_site_control).
 */
#ifndef OUTBOX_OPERATE_SITE_CONTROL_H
#define OUTBOX_OPERATE_SITE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* Waiting events that one flush makes due at most; the others keep their times. */
#define SITE_CONTROL_FLUSH_MAX 10000

/*
 * pause: nothing is sent for the site until it is resumed, also across restarts; requests under way
 * end by themselves. Of one that is paused already a note changes the reason and nothing the time.
 * resume: that is over, and the site is tried at once. flush: tried at once, whatever it waits for,
 * with those of its events that wait for a time of their own.
 */
enum site_control_verb { SITE_CONTROL_PAUSE, SITE_CONTROL_RESUME, SITE_CONTROL_FLUSH };

const char *site_control_verb_name(enum site_control_verb verb);
/* 0, or -1 when name is no such verb. */
int site_control_verb_parse(struct slice name, enum site_control_verb *ret_verb);

/* OUTBOX_SITE_CONTROL. The strings stay the sender's until done(). ERR_NOTFOUND: no site of that
 * name. */
struct outbox_site_control {
	struct outbox_msg msg;
	enum site_control_verb verb;
	const char *site;  /* NULL: all of them */
	const char *actor; /* who, for the audit */
	const char *note;  /* NULL: none */
	/* result */
	int64_t operation_id;
	int64_t n_sites;
	int64_t n_paused; /* flush: those of them that an operator has paused, and which stay so */
};

struct db;

/* Inside the writer's transaction. */
int site_control_apply(
    struct db *db, struct outbox_site_control *site_control, int64_t now, struct err *e);

#endif
