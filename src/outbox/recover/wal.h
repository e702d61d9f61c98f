/*
 * The write-ahead log of a file that SQLite may refuse to open: which of its frames are right, and
 * which page each of them has. SQLite stops at the first frame that is wrong; the frames behind it
 * are read here, too, because each proves itself with the checksum of the one before. One thread.
 */
#ifndef OUTBOX_RECOVER_WAL_H
#define OUTBOX_RECOVER_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wal_frame {
	uint32_t page;
	int64_t at;  /* offset of the page in the file */
	bool ours;   /* it has the salts of this log: it is not left from an earlier one */
	bool commit; /* it says that it ends a transaction */
};

struct wal_frames {
	struct wal_frame *frame;
	size_t n, cap;
};

struct wal {
	int fd;             /* -1: there is no log */
	uint32_t page_size; /* 0: there is no log */
	uint32_t n_pages;   /* pages of the database after the last commit; 0: no commit */
	struct wal_frames
	    right; /* up to the last commit: the last right frame of each page, sorted */
	/*
	 * Frames that are wrong, sorted by page. When a wrong commit follows the last right one,
	 * also all frames behind the right one: the wrong commit may have been acknowledged.
	 */
	struct wal_frames wrong;
	/* Frames that the disk did not give, and the last one's offset; nobody knows of which pages
	 * they are. */
	int64_t unread, unread_at;
};

/* Opens and checks the log beside the database; there may be none. */
int wal_open(struct wal *w, const char *database, struct err *e);
void wal_close(struct wal *w);
/* Returns the last right frame of the page, or NULL when the log has none. */
const struct wal_frame *wal_find(const struct wal *w, uint32_t page);
/* Whether the page had, or may have had, a newer content in a frame that is wrong or unread. */
bool wal_is_stale(const struct wal *w, uint32_t page);

#endif
