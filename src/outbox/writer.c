/*
 * The writer's thread. It takes all waiting messages, applies as many as one transaction may hold,
 * commits with one fsync, gives them back to their senders, and goes on with the rest. While the
 * disk is busy with a commit, messages for the next transaction collect; there is no timer.
 *
 * An error that concerns one message only (ERR_STATE, ERR_INPUT, ERR_NOTFOUND) is returned to its
 * sender. Any other error rolls the transaction back, and every message in it gets that error.
 * After an I/O error nothing is written any more: each message gets the failure.
 */
#include <poll.h>

#include "outbox/checkpoint.h"
#include "outbox/file/reserve.h"
#include "outbox/free_space.h"
#include "outbox/health.h"
#include "outbox/message_kind.h"
#include "outbox/outbox_private.h"

/* Limits of a transaction, so that no sender waits long when many messages arrive. */
#define GROUP_EVENTS 4096
#define GROUP_BYTES (8u << 20)

/* The messages of one transaction. */
struct group {
	struct mail *first;
	struct mail **end; /* where the rest of the list is linked */
	size_t events;
	size_t bytes;
	size_t n_bounded;         /* messages of bounded kinds, which have places in the mailbox, */
	size_t bounded_bytes;     /* and their bytes */
	enum message_space space; /* the greatest need among them */
};

static struct outbox_msg *
msg_of(struct mail *mail)
{
	return (struct outbox_msg *)mail;
}

/* ---- what goes into one transaction ---------------------------------------------------------- */

static void
add_to_group(struct group *g, const struct outbox_msg *msg)
{
	const struct message_kind *kind = message_kind(msg);

	g->events += message_events(msg);
	g->bytes += msg->mail.cost;
	if (kind->space > g->space)
		g->space = kind->space;
	if (kind->bounded) {
		g->n_bounded++;
		g->bounded_bytes += msg->mail.cost;
	}
}

/* Takes the messages that fit from the head of the list, at least one; returns the rest. */
static struct mail *
cut_group(struct group *g, struct mail *list)
{
	struct mail *rest;

	*g = (struct group){ .first = list };
	for (g->end = &g->first; *g->end != NULL; g->end = &(*g->end)->next) {
		if (g->end != &g->first && (g->events >= GROUP_EVENTS || g->bytes >= GROUP_BYTES))
			break;
		add_to_group(g, msg_of(*g->end));
	}
	rest = *g->end;
	*g->end = NULL;
	return rest;
}

/* ---- the transaction ------------------------------------------------------------------------- */

static bool
is_own_fault(enum err_code code)
{
	return code == ERR_STATE || code == ERR_INPUT || code == ERR_NOTFOUND;
}

static int
apply_all(struct transaction *t, const struct group *g, struct err *e)
{
	for (struct mail *m = g->first; m != NULL; m = m->next) {
		struct outbox_msg *msg = msg_of(m);
		const struct message_kind *kind = message_kind(msg);

		msg->rc = 0;
		msg->err.code = ERR_NONE;
		if (kind->space > t->space) {
			msg->rc = err_set(&msg->err, ERR_FULL, "%s",
			    kind->space == SPACE_STORE
				? "no space for new events: bentospool status says more"
				: "the disk is full: nothing new begins until some is free");
			continue;
		}
		if (msg->type != OUTBOX_PUT && store_write(t->store, true, e) != 0)
			return -1;
		if (kind->apply(t, msg, &msg->err) == 0)
			continue;
		msg->rc = -1;
		if (!is_own_fault(msg->err.code)) {
			*e = msg->err;
			return err_wrap(e, "%s", kind->name);
		}
	}
	return 0;
}

/* Called before the write lock is taken, so that only the senders of new events wait. */
static void
slow_down(const struct outbox *o)
{
	int ms = checkpoint_wait_ms(o);

	if (ms > 0)
		poll(NULL, 0, ms);
}

static int
commit_group(struct outbox *o, struct group *g, struct transaction *t, struct err *e)
{
	bool stores;

	*t = (struct transaction){
		.db = &o->db,
		.store = &o->store,
		.now = clock_wall(o->options.clock),
		.began = clock_micros(),
		.space = free_space_for(o, g->bytes),
	};
	/* An earlier transaction may still be open, for lack of memory. */
	if (db_rollback(&o->db) != 0)
		return err_nomem(e);
	stores = g->space == SPACE_STORE && t->space == SPACE_STORE;
	if (stores)
		slow_down(o);
	if (stores && store_prepare(&o->store, e) != 0)
		return -1;
	if (db_exec(&o->db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (apply_all(t, g, e) != 0 || store_write(&o->store, false, e) != 0
	    || reserve_commit(&o->db, e) != 0) {
		db_rollback(&o->db);
		store_rolled_back(&o->store);
		return -1;
	}
	return files_check(&o->files, e);
}

/* ---- after the transaction ------------------------------------------------------------------- */

static void
count(struct outbox *o, const struct outbox_counters *done)
{
	atomic_fetch_add(&o->commits, 1);
	atomic_fetch_add(&o->stored, done->stored);
	atomic_fetch_add(&o->duplicates, done->duplicates);
	atomic_fetch_add(&o->delivered, done->delivered);
	atomic_fetch_add(&o->attempts, done->attempts);
	atomic_fetch_add(&o->erasures, done->erasures);
}

static bool
has_same_receiver(const struct outbox_msg *a, const struct outbox_msg *b)
{
	return a->done == b->done && a->done_arg == b->done_arg;
}

/* Gives every message back to its sender; with `failed`, each gets that error. */
static void
answer(struct outbox *o, const struct group *g, const struct err *failed)
{
	struct mail *next;

	for (struct mail *m = g->first; m != NULL; m = next) {
		struct outbox_msg *msg = msg_of(m);

		next = m->next;
		if (failed != NULL) {
			msg->rc = -1;
			msg->err = *failed;
		} else if (msg->rc == 0 && message_kind(msg)->meter != NULL) {
			message_kind(msg)->meter(&o->meters, msg);
		}
		msg->followed = next != NULL && has_same_receiver(msg, msg_of(next));
		msg->done(msg, msg->done_arg);
	}
	if (g->n_bounded > 0)
		mailbox_release(&o->box, g->n_bounded, g->bounded_bytes);
}

static void
on_resolve_done(struct outbox_msg *msg, void *arg)
{
	struct outbox *o = arg;

	(void)msg; /* after a failure, the next commit sends it again */
	o->resolve_sent = false;
}

/*
 * Sends the next step for events whose address became known and that are not due yet. Each step is
 * a transaction of its own.
 */
static void
send_next_resolve_step(struct outbox *o)
{
	if (!o->unresolved.resolving || o->resolve_sent || !free_space_has_work(o))
		return;
	o->resolve = (struct outbox_unresolved){
		.msg = { .type = OUTBOX_UNRESOLVED, .done = on_resolve_done, .done_arg = o },
	};
	o->resolve_sent = outbox_send(o, &o->resolve.msg) == 0;
}

static void
report_due(struct outbox *o, bool changed)
{
	if (o->options.on_due != NULL)
		o->options.on_due(o->options.on_due_arg, changed);
}

static void
finish_commit(struct outbox *o, const struct group *g, const struct transaction *t)
{
	histogram_add(&o->meters.commit, &meters_commit_bounds, clock_micros() - t->began);
	count(o, &t->counts);
	tally_publish(&o->finished, &t->finished);
	if (t->cut_wal)
		checkpoint_cut_now(o);
	/* The dispatcher, which reads ahead, learns of a change before its sender does. */
	if (t->changed)
		report_due(o, true);
	answer(o, g, NULL);
	if (t->due && !t->changed)
		report_due(o, false);
	send_next_resolve_step(o);
	checkpoint_if_due(o);
}

/* Writes the head of the list as one transaction; returns the rest. */
static struct mail *
write_group(struct outbox *o, struct mail *list)
{
	struct transaction t;
	struct group g;
	struct mail *rest = cut_group(&g, list);
	struct err e;

	health_begin_write(o);
	if (outbox_health(o) == OUTBOX_FAILED) {
		err_set(&e, ERR_IO, "%.400s", o->failure);
		answer(o, &g, &e);
	} else if (commit_group(o, &g, &t, &e) != 0) {
		free_space_explain(o, &e);
		health_note_failure(o, &e);
		/* Only records: nothing else can be left out to make space for them. */
		if (e.code == ERR_FULL && (g.space == SPACE_RECORD || t.space == SPACE_RECORD))
			free_space_ran_out(o);
		answer(o, &g, &e);
	} else {
		finish_commit(o, &g, &t);
	}
	health_end_write(o);
	return rest;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Checks whether a commit succeeds again, while no message needs one. */
static void
try_commit(struct outbox *o)
{
	struct err e;

	if (db_try_commit(&o->db, &e) != 0)
		health_note_failure(o, &e);
}

/* Checks whether the disk has space again, or whether a commit succeeds. */
static void
look_again(struct outbox *o, enum outbox_health health)
{
	health_begin_write(o);
	if (health == OUTBOX_FULL)
		free_space_check(o);
	else
		try_commit(o);
	health_end_write(o);
}

static void
close_down(struct outbox *o)
{
	if (outbox_health(o) == OUTBOX_FAILED)
		o->stop_rc = err_set(&o->stop_error, ERR_IO, "%.400s", o->failure);
	else
		o->stop_rc = checkpoint_cut(o, &o->stop_error);
}

void *
writer_main(void *arg)
{
	struct outbox *o = arg;
	struct mail *list;
	bool closed;

	do {
		/*
		 * While the disk is full or the file is blocked, only this check notices that it
		 * can go on.
		 */
		enum outbox_health health = outbox_health(o);
		bool passes =
		    health == OUTBOX_FULL || health == OUTBOX_BLOCKED || health == OUTBOX_FAULTY;

		list = mailbox_wait(&o->box, passes ? HEALTH_RETRY_MS : -1, &closed);
		/* Deliveries go on while the disk is full, so the mailbox may never be empty then.
		 */
		if (passes && !closed && (list == NULL || health == OUTBOX_FULL))
			look_again(o, health);
		while (list != NULL)
			list = write_group(o, list);
	} while (!closed);
	/* Takes messages that arrived between the last look and the closing. */
	for (list = mailbox_take(&o->box); list != NULL;)
		list = write_group(o, list);
	close_down(o);
	return NULL;
}
