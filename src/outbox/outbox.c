/*
 * The life of the outbox: opening (lock, file, migrations, recovery), starting and stopping the
 * writer's thread, sending to it, closing. When opening fails, everything it did is undone.
 */
#include "outbox/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "outbox/checkpoint.h"
#include "outbox/file/lock.h"
#include "outbox/file/migrate.h"
#include "outbox/file/reserve.h"
#include "outbox/file/space.h"
#include "outbox/file/wal.h"
#include "outbox/message_kind.h"
#include "outbox/outbox_private.h"
#include "outbox/write/attempts.h"
#include "outbox/write/corrections.h"
#include "outbox/write/sites.h"

static int
take_file(struct outbox *o, struct err *e)
{
	if (space_check_folder(o->path, e) != 0 || lock_take(o->path, &o->lock_fd, e) != 0)
		return -1;
	if (migrate_check_file(o->path, e) != 0 || migrate_remove_empty_wal(o->path, e) != 0
	    || reserve_before_open(o->path, e) != 0 || db_open(&o->db, o->path, DB_WRITE, e) != 0)
		return -1;
	db_watch_long(&o->db, o->options.on_upgrade, o->options.on_upgrade_arg);
	if (migrate_run(&o->db, o->path, schema_migrations, SCHEMA_VERSION, e) != 0)
		return -1;
	db_watch_long(&o->db, NULL, NULL);
	return files_give_to_owner(o->path, e);
}

/* Cleans up after the previous process before any reader opens the file. */
static int
recover(struct outbox *o, int64_t *ret_recovered, struct err *e)
{
	if (db_exec(&o->db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (wal_rewrite(o->path, e) != 0 || (!o->options.passing && sites_reset(&o->db, e) != 0)
	    || attempts_recover(&o->db, &o->meters, clock_wall(o->options.clock), ret_recovered, e)
		   != 0
	    || reserve_commit(&o->db, e) != 0) {
		db_rollback(&o->db);
		return err_wrap(e, "cannot recover the outbox");
	}
	return 0;
}

static int
open_parts(struct outbox *o, int64_t *ret_recovered, struct err *e)
{
	if (take_file(o, e) != 0 || recover(o, ret_recovered, e) != 0)
		return -1;
	if (files_note(&o->files, o->path, e) != 0 || files_sync_directory_of(o->path, e) != 0)
		return -1;
	checkpoint_open(o);
	if (rand_seed_system(&o->rand, e) != 0 || dedup_open(&o->dedup, &o->db, e) != 0)
		return -1;
	unresolved_open(&o->unresolved, &o->db);
	if (store_open(&o->store, &o->db, &o->dedup, &o->rand, &o->unresolved, e) != 0)
		return -1;
	return mailbox_init(
	    &o->box, o->options.max_waiting, o->options.max_waiting_bytes, NULL, NULL, e);
}

static int
open_once(const struct outbox_options *options, struct outbox **ret_outbox, int64_t *ret_recovered,
    struct err *e)
{
	struct outbox *o = calloc(1, sizeof(*o));
	int64_t recovered;
	mode_t mask;
	int rc;

	if (o == NULL || (o->path = strdup(options->path)) == NULL) {
		free(o);
		return err_nomem(e);
	}
	o->options = *options;
	o->options.path = o->path;
	o->lock_fd = -1;
	o->allowance = UINT64_MAX;
	pthread_mutex_init(&o->fault_lock, NULL);
	/* Events are personal data: only the owner and the group may read them. */
	mask = umask(0027);
	rc = open_parts(o, &recovered, e);
	umask(mask);
	if (rc != 0) {
		outbox_close(o);
		return -1;
	}
	if (ret_recovered != NULL)
		*ret_recovered = recovered;
	*ret_outbox = o;
	return 0;
}

int
outbox_open(const struct outbox_options *options, struct outbox **ret_outbox,
    int64_t *ret_recovered, struct err *e)
{
	struct err cause;
	int rc = open_once(options, ret_outbox, ret_recovered, &cause);

	if (rc != 0 && cause.code == ERR_FULL && reserve_give_up_ballast(options->path))
		rc = open_once(options, ret_outbox, ret_recovered, &cause);
	if (rc != 0 && e != NULL)
		*e = cause;
	return rc;
}

int
outbox_check_file(const char *path, struct err *e)
{
	return migrate_check_file(path, e);
}

int
outbox_site(struct outbox *o, const char *name, int64_t *ret_site_id, struct err *e)
{
	if (sites_find_or_add(&o->db, name, ret_site_id, e) != 0)
		return -1;
	/* A counter that begins at 0 shows its first increase. */
	(void)meters_site(&o->meters, *ret_site_id);
	return 0;
}

int
outbox_site_before(
    struct outbox *o, int64_t site_id, struct outbox_site_before *ret_before, struct err *e)
{
	return sites_read_before(&o->db, site_id, ret_before, e);
}

int
outbox_clock_read(struct outbox *o, struct clock_note *ret_note, struct err *e)
{
	return clocks_read(&o->db, ret_note, e);
}

int
outbox_unset_read(struct outbox *o, struct outbox_unset *ret, struct err *e)
{
	return corrections_read(&o->db, ret, e);
}

int
outbox_identities(struct outbox *o, const struct identity_site *sites, size_t n, struct err *e)
{
	return unresolved_set_sites(&o->unresolved, sites, n, e);
}

int
outbox_start(struct outbox *o, struct err *e)
{
	if (pthread_create(&o->thread, NULL, writer_main, o) != 0)
		return err_set(e, ERR_SYSTEM, "cannot start the writer thread");
	o->running = true;
	return 0;
}

int
outbox_stop(struct outbox *o, struct err *e)
{
	if (!o->running)
		return 0;
	mailbox_close(&o->box);
	pthread_join(o->thread, NULL);
	o->running = false;
	if (o->stop_rc != 0 && e != NULL)
		*e = o->stop_error;
	return o->stop_rc;
}

void
outbox_close(struct outbox *o)
{
	if (o->box.tail != NULL)
		mailbox_free(&o->box);
	dedup_close(&o->dedup);
	store_close(&o->store);
	unresolved_close(&o->unresolved);
	files_free(&o->files);
	if (o->db.handle != NULL)
		db_close(&o->db, NULL);
	if (o->lock_fd >= 0)
		lock_release(o->lock_fd);
	pthread_mutex_destroy(&o->fault_lock);
	free(o->path);
	free(o);
}

int
outbox_send(struct outbox *o, struct outbox_msg *msg)
{
	if (message_kind(msg)->bounded)
		return mailbox_push(&o->box, &msg->mail);
	return mailbox_push_always(&o->box, &msg->mail);
}

void
outbox_wake(struct outbox *o)
{
	mailbox_wake(&o->box);
}

size_t
outbox_finished(const struct outbox *o, struct tally_row ret_rows[TALLY_MAX])
{
	return tally_read(&o->finished, ret_rows);
}

void
outbox_counters(const struct outbox *o, struct outbox_counters *ret_counters)
{
	*ret_counters = (struct outbox_counters){
		.stored = atomic_load(&o->stored),
		.duplicates = atomic_load(&o->duplicates),
		.commits = atomic_load(&o->commits),
		.delivered = atomic_load(&o->delivered),
		.attempts = atomic_load(&o->attempts),
		.erasures = atomic_load(&o->erasures),
	};
}

const struct meters *
outbox_meters(const struct outbox *o)
{
	return &o->meters;
}
