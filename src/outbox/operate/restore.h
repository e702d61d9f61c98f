/*
 * Puts a backup in the place of the database, while no daemon runs. The present database is set
 * aside under another name, with what it has beside it, and never deleted.
 *
 * The backup is copied and checked before anything changes, and the two files exchange their names
 * in one step. So a crash at any time leaves the old database in place, or the new one.
 */
#ifndef OUTBOX_OPERATE_RESTORE_H
#define OUTBOX_OPERATE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define RESTORE_PATH_SIZE 4096

struct restore_report {
	int64_t events;                /* in the backup */
	char aside[RESTORE_PATH_SIZE]; /* the name of the former database; "": there was none */
	bool unreadable; /* the former database is damaged: the numbers below are not known */
	/* The events that came after the backup was made, and are only in the former database. */
	int64_t newer;
	int64_t first_id, last_id;
	int64_t first_at, last_at; /* received, wall ms */
};

/*
 * now: wall ms, for the name of the former database. ERR_BUSY: a process has the database open.
 * ERR_INPUT: the backup is not whole, or not ours. After -1 the present database is in place,
 * unless the error says that the backup is: the disk failed after the files were exchanged.
 */
int outbox_restore(const char *path, const char *backup, int64_t now,
    struct restore_report *ret_report, struct err *e);

#endif
