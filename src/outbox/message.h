/*
 * The messages that the outbox takes: what all kinds share, and the list of kinds.
 *
 * A kind has a file of its own. Its header defines struct outbox_<tag>, which begins with a struct
 * outbox_msg; its source defines how the writer applies it (outbox/message_kind.h). To add a kind,
 * write that file and add one row here.
 *
 * A message belongs to its sender until outbox_send, to the outbox until done(), and to its sender
 * again from then on. Whatever it points to stays the sender's and must live until done().
 */
#ifndef OUTBOX_MESSAGE_H
#define OUTBOX_MESSAGE_H

#include "base/err.h"
#include "base/mailbox.h"

#define OUTBOX_MESSAGES(ROW)                                                                       \
	ROW(PUT, put)                     /* write/put.h: store events */                          \
	ROW(ATTEMPT_BEGIN, attempt_begin) /* write/attempts.h: a request is about to go out */     \
	ROW(ATTEMPT_END, attempt_end)     /* write/attempts.h: what came of it */                  \
	ROW(SETTLE, settle)               /* write/settle.h: decide about events without one */    \
	ROW(SITE_STATE, site_change)      /* write/sites.h: a site's state changed */              \
	ROW(REQUESTS, requests)           /* write/requests.h: count requests to ingest */         \
	ROW(CORRECTION, correction)       /* write/corrections.h: times of a clock now set */      \
	ROW(CLOCK, clock)                 /* write/clocks.h: what to remember of the clocks */     \
	ROW(UNRESOLVED, unresolved)       /* write/unresolved.h: give up, or go on resolving */    \
	ROW(OPERATE, operation)         /* operate/operate.h: requeue, hold, discard, undo, ... */ \
	ROW(SITE_CONTROL, site_control) /* operate/site_control.h: pause, resume, flush */         \
	ROW(PURGE, purge)               /* operate/purge.h: retention */                           \
	ROW(ERASE, erase)               /* operate/erase.h: remove a person */                     \
	ROW(IMPORT, import)             /* operate/import.h: lines of another outbox or a file */

#define OUTBOX_MESSAGE_TYPE(type, tag) OUTBOX_##type,
#define OUTBOX_MESSAGE_BYTE(type, tag) char tag;

enum outbox_msg_type { OUTBOX_MESSAGES(OUTBOX_MESSAGE_TYPE) };

/* How many kinds there are. Beside the enumeration, so that a switch need not name it. */
enum { OUTBOX_MSG_TYPES = sizeof(struct { OUTBOX_MESSAGES(OUTBOX_MESSAGE_BYTE) }) };

struct outbox_msg {
	struct mail mail; /* first: the mailbox's link; cost = bytes held */
	enum outbox_msg_type type;
	/* Called on the writer's thread after the commit or the failure; takes the message back.
	 * It must be quick, and may call nothing of the outbox but outbox_send. */
	void (*done)(struct outbox_msg *msg, void *arg);
	void *done_arg;
	/* Set by the writer. */
	int rc; /* 0: committed and synced; -1: err says why, nothing of it was kept */
	struct err err;
};

#endif
