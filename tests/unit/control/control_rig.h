/*
 * A control socket in an event loop of its own thread, with a stub for the writer. The rig defines
 * outbox_send and the outbox's health itself, in place of the library's functions.
 */
#ifndef UNIT_CONTROL_CONTROL_RIG_H
#define UNIT_CONTROL_CONTROL_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/control.h"

#define CONTROL_RIG_SLICES 3 /* number of steps in every operation, erasure and purge */

struct control_rig {
	char folder[64];
	char path[96];
	/* the writer's behavior */
	int fail_at_slice; /* 0: never */
	bool refuse;       /* outbox_send refuses */
	enum outbox_health health;
	size_t n_duplicates;
	/* recorded */
	_Atomic int steps;    /* number of messages */
	char seen[512];       /* the last message except a put: actor and contents */
	char controlled[128]; /* what each call of on_site_control got, a line for each */
	char event[512];      /* the body of the last put */
	int64_t site_id;
};

extern struct control_rig rig;

/* Set-up and teardown of one test. */
int control_rig_start(void **state);
int control_rig_stop(void **state);
/* Makes a control like the rig's own, at rig.path, with sites "main" (5) and "shop" (6). */
int control_rig_new(struct event_base *in, struct control **ret, struct err *e);

struct cJSON;
/* Returns the answer to one request, or NULL with e set. */
struct cJSON *control_rig_ask(const char *request, struct err *e);
/* Fails the test unless the request is refused with a text that contains word. */
void control_rig_refuses(const char *request, const char *word);

#endif
