/*
 * A message that goes to the writer again and again, a slice of work each time, until it has done
 * all: at most STEPS_A_SECOND in a second, so that the writer serves others in between. Main
 * thread, but for what is said otherwise.
 */
#ifndef DAEMON_JOBS_STEPS_H
#define DAEMON_JOBS_STEPS_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "outbox/outbox.h"

#define STEPS_A_SECOND 20

struct steps {
	struct outbox *outbox;
	/* After a slice that worked, on the writer's thread: whether there is more to do. */
	bool (*more)(void *arg);
	void *arg;
	struct outbox_msg *msg;
	int left; /* that this second has */
	bool under_way;
	bool unfinished;
	struct mailbox done;
};

int steps_init(
    struct steps *s, struct outbox *outbox, bool (*more)(void *arg), void *arg, struct err *e);
/* After outbox_stop: until then the writer may hold the message. */
void steps_free(struct steps *s);
/* The message stays the caller's, and is not to be touched until it ended. False: the outbox is
 * stopping. */
bool steps_start(struct steps *s, struct outbox_msg *msg);

enum steps_state {
	STEPS_IDLE,
	STEPS_BUSY,
	STEPS_ENDED,  /* once: rc and err of the message say how */
	STEPS_STOPPED /* the outbox is stopping */
};

/* Once a second. go_on false: it ends with the slice under way, though there is more to do. */
enum steps_state steps_tick(struct steps *s, bool go_on);

#endif
