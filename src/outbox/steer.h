/*
 * What operators do to a site as a whole: pause it, resume it, have it try now. Each is a row among
 * the operations. Run by the writer, through outbox_send, with a daemon and without one; a running
 * dispatcher has to be told as well (dispatcher_steer).
 */
#ifndef OUTBOX_STEER_H
#define OUTBOX_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

/* Waiting events that one flush makes due at most; the others keep their times. */
#define STEER_FLUSH_MAX 10000

/*
 * pause: nothing is sent for the site until it is resumed, also across restarts; requests under way
 * end by themselves. Of one that is paused already a note changes the reason and nothing the time.
 * resume: that is over, and the site is tried at once. flush: tried at once, whatever it waits for,
 * with those of its events that wait for a time of their own.
 */
enum steer_verb { STEER_PAUSE, STEER_RESUME, STEER_FLUSH };

const char *steer_verb_name(enum steer_verb verb);
/* 0, or -1 when name is no such verb. */
int steer_verb_parse(struct slice name, enum steer_verb *ret_verb);

/* OUTBOX_STEER. The strings stay the sender's until done(). ERR_NOTFOUND: no site of that name. */
struct outbox_steer {
	struct outbox_msg msg;
	enum steer_verb verb;
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
int steer_apply(struct db *db, struct outbox_steer *steer, int64_t now, struct err *e);

#endif
