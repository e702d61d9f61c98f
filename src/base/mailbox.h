/*
 * How threads pass work to each other: a bounded first-in first-out box of owned messages.
 *
 * A message embeds a struct mail as its first member. Pushing hands it over; whoever takes it owns
 * it. Many threads may push; one thread takes. Bounds: a number of messages and a sum of costs
 * (bytes, say) of what is in the box. The sum counts until the taker calls mailbox_release, so
 * that a message being worked on still holds its place.
 */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mail {
	struct mail *next;
	size_t cost; /* set by the sender before the push */
};

struct mailbox {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct mail *head;
	struct mail **tail;
	size_t count;
	size_t cost;
	size_t max_count;
	size_t max_cost;
	bool closed;
	bool poked;
	void (*wake)(void *arg);
	void *wake_arg;
};

/*
 * wake (may be NULL) is called by the pushing thread, outside the mutex, when the box was empty:
 * for takers that sleep in an event loop. Without one the taker sleeps in mailbox_wait.
 */
int mailbox_init(struct mailbox *m, size_t max_count, size_t max_cost, void (*wake)(void *),
    void *wake_arg, struct err *e);
/* The box must be empty and nobody may use it any more. */
void mailbox_free(struct mailbox *m);

/* 0; or -1 when that would pass a bound or the box is closed: the message stays the caller's. */
int mailbox_push(struct mailbox *m, struct mail *mail);
/* Pushes past the bounds (results and control messages, whose number is bounded by their
 * senders); -1 only when closed. */
int mailbox_push_always(struct mailbox *m, struct mail *mail);
/* Further pushes fail; what is in the box can still be taken. Wakes the taker. */
void mailbox_close(struct mailbox *m);
/* Lifts mailbox_wait out of its sleep once, message or not. */
void mailbox_poke(struct mailbox *m);

/* Everything in the box, oldest first, linked by next; NULL when empty. */
struct mail *mailbox_take(struct mailbox *m);
/*
 * Sleeps until there is a message, the box is closed, somebody pokes, or timeout_ms has gone by
 * (-1: no limit), then takes all. ret_closed (may be NULL) returns whether the box is closed.
 */
struct mail *mailbox_wait(struct mailbox *m, int64_t timeout_ms, bool *ret_closed);
/* The taker is done with messages of count and cost: their places are free again. */
void mailbox_release(struct mailbox *m, size_t count, size_t cost);

#endif
