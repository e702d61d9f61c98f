/*
 * Detects that a file of the database was moved, removed or replaced while it is open. SQLite would
 * keep writing to files that no longer have a name: every commit would succeed and be lost.
 */
#ifndef OUTBOX_FILE_FILES_H
#define OUTBOX_FILE_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum files_name { FILES_DATABASE, FILES_WAL, FILES_SHM, FILES_COUNT };

struct files {
	struct {
		char *path;
		dev_t device;
		ino_t inode;
	} file[FILES_COUNT];
};

/* Remembers the files, which all exist once a connection has written. Call files_free even after
 * -1. */
int files_note(struct files *f, const char *path, struct err *e);
void files_free(struct files *f);
/*
 * ERR_IO when a file is gone or another file has replaced it. When stat() fails for another reason,
 * the function returns 0, because such a failure proves nothing.
 */
int files_check(const struct files *f, struct err *e);

/* Returns -1 with the name of the first file of the database that exists and that this process may
 * not read and write: SQLite does not say which one it was. */
int files_check_access(const char *path, struct err *e);

/* Returns the descriptor above 0 by which this process has the file open for writing; 0: none was
 * found. The descriptor is SQLite's: never close it. */
int files_find_open(const char *path);

/* Syncs a directory, so that the names of new files in it survive a power cut. */
int files_sync_directory(const char *directory, struct err *e);
/* Does the same as files_sync_directory, for the directory that contains the file. */
int files_sync_directory_of(const char *file, struct err *e);

/*
 * When this process is root and the directory belongs to another user, gives that user the
 * database's files, its lock file and its ballast that root owns. Otherwise a command that root ran
 * while the daemon was stopped would leave files that the daemon cannot open. SQLite gives its own
 * later files the owner of the database.
 */
int files_give_to_owner(const char *path, struct err *e);

#endif
