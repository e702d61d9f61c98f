/*
 * How threads pass work to each other: a bounded first-in first-out box of owned messages.
 *
 * A message embeds a struct mail as its first member. A push hands the message over; the taker then
 * owns it. Many threads may push; one thread takes. A box is bounded by a number of messages and by
 * the sum of their costs (bytes, for example). A message counts until the taker calls
 * mailbox_release, so that it keeps its place while the taker works on it.
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
	/* Set by the sender before the push: it pushes more at once, or calls mailbox_wake, and
	 * that wakes the taker. */
	bool more;
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
	bool woken; /* the taker has been woken since it took last */
	void (*wake)(void *arg);
	void *wake_arg;
};

/*
 * The pushing thread calls wake (may be NULL) outside the mutex, once until the taker has taken.
 * wake is for takers that sleep in an event loop. Other takers sleep in mailbox_wait.
 */
int mailbox_init(struct mailbox *m, size_t max_count, size_t max_cost, void (*wake)(void *),
    void *wake_arg, struct err *e);
/* The box must be empty, and no thread may use it any longer. */
void mailbox_free(struct mailbox *m);

/* Returns 0; or -1 when the box is closed or the push would pass a bound: the caller then keeps the
 * message. */
int mailbox_push(struct mailbox *m, struct mail *mail);
/* Ignores the bounds: for results and control messages, whose senders bound their number. Returns
 * -1 only when the box is closed. */
int mailbox_push_always(struct mailbox *m, struct mail *mail);
/* Makes further pushes fail and wakes the taker, which can still take the messages in the box. */
void mailbox_close(struct mailbox *m);
/* Wakes the taker for messages that were pushed with `more`. */
void mailbox_wake(struct mailbox *m);
/* Wakes mailbox_wait once, even when there is no message. */
void mailbox_poke(struct mailbox *m);

/* Takes all messages, oldest first, linked by next; NULL when the box is empty. */
struct mail *mailbox_take(struct mailbox *m);
/*
 * Sleeps until there is a message, the box is closed, mailbox_poke is called or timeout_ms has
 * passed (-1: no limit), then takes all messages. ret_closed (may be NULL) gets whether the box is
 * closed.
 */
struct mail *mailbox_wait(struct mailbox *m, int64_t timeout_ms, bool *ret_closed);
/* Gives back the places of messages that the taker has finished: their number and their total
 * cost. */
void mailbox_release(struct mailbox *m, size_t count, size_t cost);

#endif
