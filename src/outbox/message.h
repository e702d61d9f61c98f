/*
 * The messages to the outbox: their common part, and the list of kinds.
 *
 * A kind has a file of its own. Its header defines struct outbox_<tag>, which begins with a struct
 * outbox_msg; its source defines how the writer applies it (outbox/message_kind.h). To add a kind,
 * write that file and add one row here.
 *
 * A message belongs to its sender until outbox_send, to the outbox until done(), and then to its
 * sender again. The sender keeps everything that the message points to alive until done().
 */
#ifndef OUTBOX_MESSAGE_H
#define OUTBOX_MESSAGE_H

#include "base/err.h"
#include "base/mailbox.h"

#define OUTBOX_MESSAGES(ROW)                                                                       \
	ROW(PUT, put)                     /* write/put.h: store events */                          \
	ROW(ATTEMPT_BEGIN, attempt_begin) /* write/attempts.h: a request is about to go out */     \
	ROW(ATTEMPT_END, attempt_end)     /* write/attempts.h: how the request ended */            \
	ROW(SETTLE, settle)          /* write/settle.h: decide about events without an attempt */  \
	ROW(SITE_STATE, site_change) /* write/sites.h: a site's state changed */                   \
	ROW(REQUESTS, requests)      /* write/requests.h: count requests to ingest */              \
	ROW(CORRECTION, correction)  /* write/corrections.h: times of a clock now set */           \
	ROW(CLOCK, clock)            /* write/clocks.h: remember the clocks */                     \
	ROW(UNRESOLVED, unresolved)  /* write/unresolved.h: give up, or go on */                   \
	ROW(OPERATE, operation)      /* operate/operate.h: requeue, hold, discard, undo, ... */    \
	ROW(SITE_CONTROL, site_control) /* operate/site_control.h: pause, resume, flush */         \
	ROW(PURGE, purge)               /* operate/purge.h: retention */                           \
	ROW(ERASE, erase)               /* operate/erase.h: remove a person */                     \
	ROW(IMPORT, import)             /* operate/import.h: lines of another outbox or a file */

#define OUTBOX_MESSAGE_TYPE(type, tag) OUTBOX_##type,
#define OUTBOX_MESSAGE_BYTE(type, tag) char tag;

enum outbox_msg_type { OUTBOX_MESSAGES(OUTBOX_MESSAGE_TYPE) };

/* The number of kinds. It is not a member of the enumeration, so that a switch need not name it. */
enum { OUTBOX_MSG_TYPES = sizeof(struct { OUTBOX_MESSAGES(OUTBOX_MESSAGE_BYTE) }) };

struct outbox_msg {
	struct mail mail; /* must be first: the mailbox's link; its cost is the bytes held */
	enum outbox_msg_type type;
	/* Called on the writer's thread after the commit or the failure; gives the message back. It
	 * must be quick, and outbox_send is the only function of the outbox that it may call. */
	void (*done)(struct outbox_msg *msg, void *arg);
	void *done_arg;
	/* Set by the writer. */
	/* 0: committed and synced; -1: err says why, and nothing of the message was stored */
	int rc;
	struct err err;
	/* The next message goes back at once, and to the same done and done_arg. */
	bool followed;
};

#endif
