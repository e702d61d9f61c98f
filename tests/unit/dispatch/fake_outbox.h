/*
 * An outbox in memory, for the dispatcher (dispatch/port/outbox_port.h).
 *
 * Messages wait until fake_outbox_commit, which plays one transaction of the writer; with `at_once`
 * they are done at once. It checks the promises of the dispatcher to the writer; `broken` keeps the
 * first violation. Any thread.
 */
#ifndef UNIT_DISPATCH_FAKE_OUTBOX_H
#define UNIT_DISPATCH_FAKE_OUTBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/port/outbox_port.h"
#include "outbox/outbox.h"

struct fake_event {
	int64_t site_id;
	enum event_status status;
	const char *reason;
	int64_t next_attempt_at;
	unsigned attempts;
	unsigned maybe_sent;
	unsigned max_batch;
	int64_t received_at;
	const char *name;     /* borrowed; NULL: "Tested" */
	const char *email;    /* borrowed; NULL: a unique address */
	int64_t open_attempt; /* 0: none */
	char *body;           /* NULL: removed by retention */
	const char *damage;   /* NULL: none */
	const char *detail;   /* of the settle */
};

struct fake_attempt {
	int64_t site_id;
	size_t n_events;
	size_t n_bytes;
	enum bento_endpoint endpoint;
	int64_t first_id;
	int64_t last_id;
	int64_t *ids;
	bool ended;
	enum attempt_outcome outcome;
	enum event_status status;
	int http_status;
	char error[256];
	char response[1025];
	struct outbox_site_state site;
};

struct fake_outbox {
	struct outbox_port port; /* must be first; its texts remain valid after port.free */
	bool at_once;
	bool stopped; /* accepts no more messages */
	bool unreadable;
	bool operated; /* fake_outbox_operate was called, so a batch may begin with an event that is
			  no longer pending */

	pthread_mutex_t mutex;
	struct fake_event *events; /* index: id - 1 */
	size_t n_events;
	size_t room_events;
	size_t settled;                /* none of the first `settled` events is pending */
	struct fake_attempt *attempts; /* index: id - 1 */
	size_t n_attempts;
	size_t room_attempts;
	struct mail *head; /* waiting messages */
	struct mail **tail;
	size_t waiting;
	struct outbox_site_state site; /* the last recorded state */
	unsigned site_changes;         /* number of OUTBOX_SITE_STATE messages */
	unsigned commits;
	unsigned loads;      /* number of events read */
	int64_t read_after;  /* where the last reading of fresh events began */
	char message_id[32]; /* body and address of the current event */
	char email[64];
	/* messages of this type fail, this many times */
	enum outbox_msg_type fail_type;
	enum err_code fail_code;
	unsigned fail_times;
	char broken[256];
};

struct fake_outbox *fake_outbox_new(void);
void fake_outbox_free(struct fake_outbox *f);

/* Copies body. Returns the id: 1, 2, 3 ... */
int64_t fake_outbox_add(struct fake_outbox *f, int64_t site_id, const char *body);
struct fake_event *fake_outbox_event(struct fake_outbox *f, int64_t id);
struct fake_attempt *fake_outbox_attempt(struct fake_outbox *f, int64_t id);
size_t fake_outbox_count(struct fake_outbox *f, enum event_status status);

/* Plays an operator: from the next transaction on the event has this status; a pending event is due
 * at once. */
void fake_outbox_operate(struct fake_outbox *f, int64_t id, enum event_status status);

/* Commits all waiting messages in one transaction. Returns their number. */
size_t fake_outbox_commit(struct fake_outbox *f);
void fake_outbox_fail(
    struct fake_outbox *f, enum outbox_msg_type type, enum err_code code, unsigned times);
/* Drops waiting messages; attempts without an end become unknown, as in the real outbox. */
void fake_outbox_crash(struct fake_outbox *f);
/* Writes the waiting messages, one letter each: b(egin), e(nd), s(ite), i(nvalid). */
const char *fake_outbox_delayed(struct fake_outbox *f, char *ret_text, size_t size);

/* Functions of the port, set by fake_outbox_new. */
int fake_outbox_send(struct outbox_port *p, struct outbox_msg *msg);
void fake_reader_init(struct outbox_port *p);

#endif
