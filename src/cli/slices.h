/*
 * A message that goes to the writer again and again, a slice of work each time, until it has done
 * all: at most SLICES_A_SECOND in a second, so that the writer serves others in between. Main
 * thread, but for what is said otherwise.
 */
#ifndef CLI_SLICES_H
#define CLI_SLICES_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "outbox/outbox.h"

#define SLICES_A_SECOND 20

struct slices {
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

int slices_init(
    struct slices *s, struct outbox *outbox, bool (*more)(void *arg), void *arg, struct err *e);
/* After outbox_stop: until then the writer may hold the message. */
void slices_free(struct slices *s);
/* The message stays the caller's, and is not to be touched until it ended. False: the outbox is
 * stopping. */
bool slices_start(struct slices *s, struct outbox_msg *msg);

enum slices_state {
	SLICES_IDLE,
	SLICES_BUSY,
	SLICES_ENDED,  /* once: rc and err of the message say how */
	SLICES_STOPPED /* the outbox is stopping */
};

/* Once a second. go_on false: it ends with the slice under way, though there is more to do. */
enum slices_state slices_tick(struct slices *s, bool go_on);

#endif
