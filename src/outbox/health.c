/*
 * The outbox's health: ok, full, blocked, stalled, faulty or failed. Failed is final: after a
 * failed write or sync nobody knows what is on the disk (doc/faults.md).
 */
#include "outbox/health.h"

#include <pthread.h>
#include <stdio.h>

#include "outbox/free_space.h"
#include "outbox/outbox_private.h"

/*
 * Returns the health that the writer recorded last. A stalled writer cannot record its stall;
 * outbox_health() detects it.
 */
static enum outbox_health
noted(const struct outbox *o)
{
	return (enum outbox_health)atomic_load(&o->health);
}

static void
fail_for_good(struct outbox *o, const struct err *e)
{
	if (noted(o) == OUTBOX_FAILED)
		return;
	snprintf(o->failure, sizeof(o->failure),
	    "storage failed (%.300s): nothing is accepted or sent any more; look at the disk and "
	    "the kernel's log, then restart bentospool",
	    e->text);
	atomic_store(&o->health, OUTBOX_FAILED);
}

/* Needs the lock because the text changes with each fault, and other threads read it. */
static void
note_fault(struct outbox *o, const struct err *e)
{
	pthread_mutex_lock(&o->fault_lock);
	snprintf(o->fault, sizeof(o->fault),
	    "nothing can be stored (%.200s): it is tried again each second; when it lasts, %s",
	    e->text,
	    e->code == ERR_NOMEM
		? "look at the machine's memory, then restart bentospool"
		: "look at the kernel's log, and make the database's directory and files writable");
	pthread_mutex_unlock(&o->fault_lock);
	atomic_store(&o->health, OUTBOX_FAULTY);
}

void
health_note_failure(struct outbox *o, const struct err *e)
{
	if (e->code == ERR_IO)
		fail_for_good(o, e);
	if (noted(o) == OUTBOX_FAILED)
		return;
	if (e->code == ERR_FULL) {
		free_space_note_lack(o);
		atomic_store(&o->health, OUTBOX_FULL);
		o->full_until = clock_mono(o->options.clock) + HEALTH_RETRY_MS;
	} else if (e->code == ERR_BUSY) {
		atomic_store(&o->health, OUTBOX_BLOCKED);
	} else {
		note_fault(o, e);
	}
}

void
health_note_commit(struct outbox *o)
{
	enum outbox_health health = noted(o);

	if (health == OUTBOX_BLOCKED || health == OUTBOX_FAULTY)
		atomic_store(&o->health, OUTBOX_OK);
}

void
health_begin_write(struct outbox *o)
{
	atomic_store(&o->busy_since, clock_mono(o->options.clock));
}

void
health_end_write(struct outbox *o)
{
	atomic_store(&o->busy_since, 0);
}

int64_t
outbox_writing_ms(const struct outbox *o)
{
	int64_t since = atomic_load(&o->busy_since);

	return since == 0 ? 0 : clock_mono(o->options.clock) - since;
}

enum outbox_health
outbox_health(const struct outbox *o)
{
	enum outbox_health health = noted(o);

	return health != OUTBOX_FAILED && outbox_writing_ms(o) > OUTBOX_STALL_MS ? OUTBOX_STALLED
										 : health;
}

void
outbox_health_text(struct outbox *o, char *ret_text, size_t size)
{
	switch (outbox_health(o)) {
	case OUTBOX_OK:
		snprintf(ret_text, size, "%s", "");
		return;
	case OUTBOX_FULL:
		free_space_text(o, ret_text, size);
		return;
	case OUTBOX_BLOCKED:
		snprintf(ret_text, size,
		    "another program holds the write lock of %s: nothing can be stored until it "
		    "is released; end its transaction, and read the database with -readonly",
		    o->path);
		return;
	case OUTBOX_STALLED:
		snprintf(ret_text, size,
		    "the disk of %s does not answer: a write has taken %d s so far, and nothing "
		    "can "
		    "be stored or sent meanwhile; look at the disk and the kernel's log",
		    o->path, (int)(outbox_writing_ms(o) / 1000));
		return;
	case OUTBOX_FAULTY:
		pthread_mutex_lock(&o->fault_lock);
		snprintf(ret_text, size, "%s", o->fault);
		pthread_mutex_unlock(&o->fault_lock);
		return;
	case OUTBOX_FAILED:
		snprintf(ret_text, size, "%s", o->failure);
		return;
	}
}
