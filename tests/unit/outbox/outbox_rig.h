/*
 * A real outbox with its writer running, in a folder of its own, for tests. Each test begins with
 * an empty one.
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
extern atomic_int rig_due_calls;     /* of on_due */
extern atomic_int rig_changed_calls; /* of them: with `changed` */

int rig_set_up(void **state);
int rig_tear_down(void **state);
/* Returns how many attempts were recovered. */
int64_t rig_open(void);
void rig_close(void);

/* done() of a message: counts it. */
void rig_note_done(struct outbox_msg *msg, void *arg);
/* Waits until so many messages are done, and starts counting again. */
void rig_wait_done(int count);
/* Sends one message and waits; returns its rc. */
int rig_send(struct outbox_msg *msg, enum outbox_msg_type type);

/* A pending track call. */
struct segment_event rig_track(const char *message_id);
int rig_put(const struct segment_event *events, size_t n, struct outbox_put *ret_put);
/* Stores one event and returns its id. */
int64_t rig_put_one(const char *message_id);
/* Begins an attempt with these members; returns its id. */
int64_t rig_begin(const int64_t *ids, size_t n);
/* The end of an attempt that delivered: for the test to change and send. */
struct outbox_attempt_end rig_end_of(int64_t attempt_id, const int64_t *ids, size_t n);
/* The one integer of a query, read with a connection of its own, as an auditor would. */
int64_t rig_number(const char *sql);

#endif
