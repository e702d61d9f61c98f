/*
 * Are the files that we write still those that the next start will open? Whoever removes, moves or
 * replaces one of them under a running daemon leaves SQLite writing, without an error, into files
 * that have no name any more: every commit would succeed and be lost. Private to outbox/.
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

/* Remembers them; all exist while a connection has written. After -1 too files_free is right. */
int files_note(struct files *f, const char *path, struct err *e);
void files_free(struct files *f);
/* ERR_IO when one is gone or another. Anything else that keeps us from looking is no proof. */
int files_check(const struct files *f, struct err *e);

#endif
