/*
 * The writer thread: takes all that waits, one transaction, one fsync, then the answers.
 */
#include <stdio.h>

#include "outbox/free_space.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "outbox/outbox_private.h"
#include "outbox/write/attempts.h"
#include "outbox/write/settle.h"
#include "outbox/write/sites.h"

/* A transaction ends at these, so that nobody waits long behind a flood. */
#define GROUP_EVENTS 4096
#define GROUP_BYTES (8u << 20)
/* From here on the WAL file is cut, not only used again from its start. */
#define WAL_PAGES_TO_CUT (OUTBOX_WAL_CUT / WRITER_PAGE_BYTES)
#define FULL_RETRY_MS 1000

/* One transaction's messages, and what they changed. */
struct group {
	struct mail *first;
	struct mail **end; /* where the rest hangs */
	size_t events;
	size_t bytes;
	size_t puts;
	size_t imports;
	size_t put_cost;
	uint64_t stored, duplicates, delivered, attempts, erasures;
	bool due;     /* something became due */
	bool changed; /* on somebody's word, of what was there already */
	bool cut;     /* what the WAL holds is to be gone before anybody hears of it */
};

static struct outbox_msg *
msg_of(struct mail *mail)
{
	return (struct outbox_msg *)mail;
}

/* ERR_IO ends the promise: no more is written until a restart (doc/faults.md). */
static void
latch(struct outbox *o, const struct err *e)
{
	if (atomic_load(&o->health) == OUTBOX_FAILED)
		return;
	snprintf(o->failure, sizeof(o->failure),
	    "storage failed (%.300s): nothing is accepted or sent any more; look at the disk and "
	    "the "
	    "kernel's log, then restart bentospool",
	    e->text);
	atomic_store(&o->health, OUTBOX_FAILED);
}

static void
note_failure(struct outbox *o, const struct err *e)
{
	if (e->code == ERR_IO)
		latch(o, e);
	if (e->code == ERR_FULL && atomic_load(&o->health) == OUTBOX_OK) {
		atomic_store(&o->health, OUTBOX_FULL);
		o->full_until = clock_mono(o->options.clock) + FULL_RETRY_MS;
	}
	if (e->code == ERR_BUSY && atomic_load(&o->health) == OUTBOX_OK)
		atomic_store(&o->health, OUTBOX_BLOCKED);
}

static void
note_success(struct outbox *o)
{
	if (atomic_load(&o->health) == OUTBOX_BLOCKED)
		atomic_store(&o->health, OUTBOX_OK);
}

/* Whether the write lock is to be had again, when nothing else asks for it. */
static void
try_lock(struct outbox *o)
{
	struct err e;

	if (db_exec(&o->db, "BEGIN IMMEDIATE", &e) != 0)
		return;
	if (db_exec(&o->db, "COMMIT", &e) != 0) {
		note_failure(o, &e);
		db_exec(&o->db, "ROLLBACK", NULL);
		return;
	}
	note_success(o);
}

static void
cut_wal(struct outbox *o)
{
	struct err e;

	if (writer_checkpoint(o, SQLITE_CHECKPOINT_TRUNCATE, &e) != 0)
		note_failure(o, &e);
	o->checkpoint_at = o->wal_pages + WRITER_CHECKPOINT_PAGES;
}

/* Looks whether there is space for new events. Not a system call an event: once a transaction. In
 * no transaction. */
static bool
space_is_left(struct outbox *o)
{
	bool left;

	if (atomic_load(&o->health) == OUTBOX_FAILED)
		return false;
	if (o->full_until > clock_mono(o->options.clock))
		return false;
	o->full_until = 0;
	left = free_space_is_left(o);
	if (!left) {
		cut_wal(o);
		left = free_space_is_left(o);
	}
	if (atomic_load(&o->health) == OUTBOX_FAILED)
		return false;
	if (!left)
		o->full_until = clock_mono(o->options.clock) + FULL_RETRY_MS;
	atomic_store(&o->health, left ? OUTBOX_OK : OUTBOX_FULL);
	return left;
}

int
writer_checkpoint(struct outbox *o, int mode, struct err *e)
{
	int pages = -1, rc;

	sqlite3_busy_timeout(o->db.handle, 0);
	rc = sqlite3_wal_checkpoint_v2(o->db.handle, "main", mode, &pages, NULL);
	if (pages >= 0)
		o->wal_pages = pages;
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		db_error(&o->db, e, "checkpoint");
	else
		rc = SQLITE_OK;
	sqlite3_busy_timeout(o->db.handle, 2000);
	return rc == SQLITE_OK ? 0 : -1;
}

static void
checkpoint_if_due(struct outbox *o)
{
	struct err e;
	int mode = SQLITE_CHECKPOINT_PASSIVE;

	if (o->wal_pages < o->checkpoint_at)
		return;
	if (o->wal_pages >= WAL_PAGES_TO_CUT)
		mode = SQLITE_CHECKPOINT_TRUNCATE;
	if (writer_checkpoint(o, mode, &e) != 0)
		note_failure(o, &e);
	/* A reader in the way must not make each commit try again. */
	o->checkpoint_at = o->wal_pages + WRITER_CHECKPOINT_PAGES;
}

static int
apply_put(struct outbox *o, struct group *g, struct outbox_put *put, struct err *e)
{
	size_t due, older;

	if (store_apply(&o->store, put, &due, &older, e) != 0)
		return -1;
	g->stored += put->n_stored;
	g->duplicates += put->n_duplicates;
	g->erasures += put->n_erasures;
	g->due = g->due || due > 0;
	g->changed = g->changed || older > 0;
	return 0;
}

static int
apply_end(struct outbox *o, struct group *g, struct outbox_attempt_end *end, struct err *e)
{
	if (attempts_end(&o->db, end, e) != 0)
		return -1;
	if (end->status == STATUS_DELIVERED)
		g->delivered += end->n_events;
	return 0;
}

static int
apply_erase(struct outbox *o, struct group *g, struct outbox_erase *erase, struct err *e)
{
	if (erase_apply(&o->db, erase, clock_wall(o->options.clock), e) != 0)
		return -1;
	if (erase->dry_run || erase->none)
		return 0;
	g->cut = g->cut || !erase->more;
	g->changed = true;
	return 0;
}

static int
apply_import(struct outbox *o, struct group *g, struct outbox_import *import, struct err *e)
{
	size_t due, older;

	if (import_apply(&o->store, import, clock_wall(o->options.clock), &due, &older, e) != 0)
		return -1;
	if (!import->dry_run) {
		g->stored += (uint64_t)import->counts.stored;
		g->duplicates += (uint64_t)import->counts.duplicates;
	}
	g->due = g->due || due > 0;
	g->changed = g->changed || older > 0;
	return 0;
}

static int
apply_unresolved(
    struct outbox *o, struct group *g, struct outbox_unresolved *waiting, struct err *e)
{
	if (unresolved_apply(&o->unresolved, waiting, clock_wall(o->options.clock), e) != 0)
		return -1;
	if (waiting->n_found > 0)
		g->due = g->changed = true;
	return 0;
}

static int
apply_operation(struct outbox *o, struct group *g, struct outbox_operation *op, struct err *e)
{
	g->changed = g->changed || !op->dry_run;
	return operate_apply(&o->db, op, clock_wall(o->options.clock), e);
}

static int
apply(struct outbox *o, struct group *g, struct outbox_msg *msg, struct err *e)
{
	switch (msg->type) {
	case OUTBOX_PUT:
		return apply_put(o, g, (struct outbox_put *)msg, e);
	case OUTBOX_ATTEMPT_BEGIN:
		if (attempts_begin(&o->db, (struct outbox_attempt_begin *)msg, e) != 0)
			return -1;
		g->attempts++;
		return 0;
	case OUTBOX_ATTEMPT_END:
		return apply_end(o, g, (struct outbox_attempt_end *)msg, e);
	case OUTBOX_SITE_STATE: {
		struct outbox_site_change *change = (struct outbox_site_change *)msg;

		return sites_set_state(&o->db, change->site_id, &change->site, e);
	}
	case OUTBOX_SETTLE:
		return settle_apply(
		    &o->db, (struct outbox_settle *)msg, clock_wall(o->options.clock), e);
	case OUTBOX_OPERATE:
		return apply_operation(o, g, (struct outbox_operation *)msg, e);
	case OUTBOX_IMPORT:
		return apply_import(o, g, (struct outbox_import *)msg, e);
	case OUTBOX_SITE_CONTROL:
		g->due = true;
		return site_control_apply(
		    &o->db, (struct outbox_site_control *)msg, clock_wall(o->options.clock), e);
	case OUTBOX_CLOCK:
		return sites_keep_clock(&o->db, ((struct outbox_clock *)msg)->number, e);
	case OUTBOX_ERASE:
		return apply_erase(o, g, (struct outbox_erase *)msg, e);
	case OUTBOX_UNRESOLVED:
		return apply_unresolved(o, g, (struct outbox_unresolved *)msg, e);
	case OUTBOX_PURGE:
		return purge_apply(
		    &o->db, (struct outbox_purge *)msg, clock_wall(o->options.clock), e);
	}
	return err_set(e, ERR_STATE, "unknown message %d", (int)msg->type);
}

/* Errors that a message brings about itself, before it changed anything. */
static bool
is_own_fault(enum err_code code)
{
	return code == ERR_STATE || code == ERR_INPUT || code == ERR_NOTFOUND;
}

static void
weigh(struct group *g, const struct outbox_msg *msg)
{
	g->bytes += msg->mail.cost;
	if (msg->type == OUTBOX_PUT) {
		g->events += ((const struct outbox_put *)msg)->n_events;
		g->puts++;
		g->put_cost += msg->mail.cost;
	} else if (msg->type == OUTBOX_IMPORT) {
		g->events += ((const struct outbox_import *)msg)->n_lines;
		g->imports++;
	} else if (msg->type == OUTBOX_ATTEMPT_BEGIN) {
		g->events += ((const struct outbox_attempt_begin *)msg)->n_events;
	} else if (msg->type == OUTBOX_ATTEMPT_END) {
		g->events += ((const struct outbox_attempt_end *)msg)->n_events;
	} else if (msg->type == OUTBOX_OPERATE || msg->type == OUTBOX_PURGE
		   || msg->type == OUTBOX_ERASE || msg->type == OUTBOX_UNRESOLVED) {
		g->events += OPERATE_STEP;
	}
}

/* How much of the list fits into one transaction: at least its first message. */
static void
cut_group(struct group *g, struct mail *list)
{
	*g = (struct group){ .first = list };
	for (g->end = &g->first; *g->end != NULL; g->end = &(*g->end)->next) {
		if (g->end != &g->first && (g->events >= GROUP_EVENTS || g->bytes >= GROUP_BYTES))
			return;
		weigh(g, msg_of(*g->end));
	}
}

static int
apply_all(struct outbox *o, struct group *g, bool space, struct err *e)
{
	for (struct mail *m = g->first; m != NULL; m = m->next) {
		struct outbox_msg *msg = msg_of(m);

		msg->rc = 0;
		msg->err.code = ERR_NONE;
		if ((msg->type == OUTBOX_PUT || msg->type == OUTBOX_IMPORT) && !space) {
			msg->rc = err_set(&msg->err, ERR_FULL, "no space for new events");
			continue;
		}
		if (apply(o, g, msg, &msg->err) == 0)
			continue;
		msg->rc = -1;
		if (!is_own_fault(msg->err.code)) {
			*e = msg->err;
			return -1;
		}
	}
	return 0;
}

static int
commit_group(struct outbox *o, struct group *g, struct err *e)
{
	bool stores = g->puts > 0 || g->imports > 0;
	bool space = !stores || space_is_left(o);

	if (space && stores && store_prepare(&o->store, e) != 0)
		return -1;
	if (db_exec(&o->db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (apply_all(o, g, space, e) != 0 || db_exec(&o->db, "COMMIT", e) != 0) {
		if (!sqlite3_get_autocommit(o->db.handle))
			db_exec(&o->db, "ROLLBACK", NULL);
		store_rolled_back(&o->store);
		return -1;
	}
	return 0;
}

static void
count(struct outbox *o, const struct group *g)
{
	atomic_fetch_add(&o->commits, 1);
	atomic_fetch_add(&o->stored, g->stored);
	atomic_fetch_add(&o->duplicates, g->duplicates);
	atomic_fetch_add(&o->delivered, g->delivered);
	atomic_fetch_add(&o->attempts, g->attempts);
	atomic_fetch_add(&o->erasures, g->erasures);
}

/* Gives every message back to its sender; with `failed`, each with that error. */
static void
answer(struct outbox *o, struct group *g, const struct err *failed)
{
	struct mail *next;

	for (struct mail *m = g->first; m != NULL; m = next) {
		struct outbox_msg *msg = msg_of(m);

		next = m->next;
		if (failed != NULL) {
			msg->rc = -1;
			msg->err = *failed;
		}
		msg->done(msg, msg->done_arg);
	}
	if (g->puts > 0)
		mailbox_release(&o->box, g->puts, g->put_cost);
}

static void
went_on(struct outbox_msg *msg, void *arg)
{
	struct outbox *o = arg;

	(void)msg; /* when it failed, the next commit that does not makes up for it */
	o->going_on = false;
}

/* Those let go that are still to come: each slice in a transaction of its own. */
static void
go_on(struct outbox *o)
{
	if (!o->unresolved.releasing || o->going_on)
		return;
	o->go_on = (struct outbox_unresolved){
		.msg = { .type = OUTBOX_UNRESOLVED, .done = went_on, .done_arg = o },
	};
	o->going_on = outbox_send(o, &o->go_on.msg) == 0;
}

static void
tell_due(struct outbox *o, bool changed)
{
	if (o->options.on_due != NULL)
		o->options.on_due(o->options.on_due_arg, changed);
}

/* Writes the head of the list as one transaction; returns the rest. */
static struct mail *
write_group(struct outbox *o, struct mail *list)
{
	struct group g;
	struct mail *rest;
	struct err e;

	cut_group(&g, list);
	rest = *g.end;
	*g.end = NULL;
	if (atomic_load(&o->health) == OUTBOX_FAILED) {
		err_set(&e, ERR_IO, "%.400s", o->failure);
		answer(o, &g, &e);
	} else if (commit_group(o, &g, &e) != 0 || files_check(&o->files, &e) != 0) {
		note_failure(o, &e);
		answer(o, &g, &e);
	} else {
		note_success(o);
		count(o, &g);
		if (g.cut)
			cut_wal(o);
		/* Nobody hears that an operation is done before those know who have read ahead. */
		if (g.changed)
			tell_due(o, true);
		answer(o, &g, NULL);
		if (g.due && !g.changed)
			tell_due(o, false);
		go_on(o);
		checkpoint_if_due(o);
	}
	return rest;
}

static void
finish(struct outbox *o)
{
	if (atomic_load(&o->health) == OUTBOX_FAILED) {
		o->stop_rc = err_set(&o->stop_error, ERR_IO, "%.400s", o->failure);
		return;
	}
	o->stop_rc = writer_checkpoint(o, SQLITE_CHECKPOINT_TRUNCATE, &o->stop_error);
}

void *
writer_main(void *arg)
{
	struct outbox *o = arg;
	struct mail *list;
	bool closed;

	do {
		/* While the disk is full or the file locked somebody has to notice that it no
		 * longer is. */
		int health = atomic_load(&o->health);
		bool passing = health == OUTBOX_FULL || health == OUTBOX_BLOCKED;

		list = mailbox_wait(&o->box, passing ? FULL_RETRY_MS : -1, &closed);
		if (list == NULL && health == OUTBOX_FULL)
			space_is_left(o);
		if (list == NULL && health == OUTBOX_BLOCKED && !closed)
			try_lock(o);
		while (list != NULL)
			list = write_group(o, list);
	} while (!closed);
	/* Whatever came between the last look and the closing. */
	for (list = mailbox_take(&o->box); list != NULL;)
		list = write_group(o, list);
	finish(o);
	return NULL;
}
