/*
 * A real outbox with its writer running, in its own directory, for tests. Each test begins with an
 * empty outbox.
 */
#ifndef UNIT_OUTBOX_OUTBOX_RIG_H
#define UNIT_OUTBOX_OUTBOX_RIG_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/tempdir.h"
#include "outbox/outbox.h"

extern struct tempdir rig_dir;
extern struct outbox *rig_outbox; /* NULL while closed */
extern int64_t rig_site;
extern uint64_t rig_min_free;        /* for the next rig_open */
extern atomic_int rig_due_calls;     /* calls of on_due */
extern atomic_int rig_changed_calls; /* calls of on_due with `changed` set */

int rig_set_up(void **state);
int rig_tear_down(void **state);
/* Each event stands in one place, and the counts are right. */
void rig_check(void);
/* Returns the number of recovered attempts. */
int64_t rig_open(void);
void rig_close(void);

/* A done() for messages, which counts them. */
void rig_note_done(struct outbox_msg *msg, void *arg);
/* Waits until `count` messages are done, and starts to count again. */
void rig_wait_done(int count);
/* Sends one message and waits; returns its rc. */
int rig_send(struct outbox_msg *msg, enum outbox_msg_type type);

/* Makes a pending track call. */
struct segment_event rig_track(const char *message_id);
int rig_put(const struct segment_event *events, size_t n, struct outbox_put *ret_put);
/* Stores one event and returns its id. */
int64_t rig_put_one(const char *message_id);
/* Stores n events of the site, one by one, with messageIds of their own. */
void rig_put_many(int64_t site_id, size_t n);
/* Changes the file while the outbox is closed, and opens it again. */
void rig_change(const char *sql);
/* Begins an attempt with these members; returns its id. */
int64_t rig_begin(const int64_t *ids, size_t n);
/* Returns the end of an attempt that delivered, which the test can change and send. */
struct outbox_attempt_end rig_end_of(int64_t attempt_id, const int64_t *ids, size_t n);
/* Returns the only integer of a query, read with its own connection, like an auditor. */
int64_t rig_number(const char *sql);

#endif
