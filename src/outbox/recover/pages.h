/*
 * The pages of a database that may be damaged, each in its newest readable content: from the log
 * beside the file, or from the file itself. The file is only read. One thread.
 */
#ifndef OUTBOX_RECOVER_PAGES_H
#define OUTBOX_RECOVER_PAGES_H

#include "outbox/recover/wal.h"

#define PAGES_SIZE_MAX 65536u

struct pages {
	int fd;
	uint32_t size; /* of a page */
	uint32_t n;    /* pages that the database should have, or more when the file is longer */
	uint32_t n_in_file;
	uint32_t version; /* as the header states it; 0: unknown, or not an outbox */
	struct wal wal;
};

enum page_state {
	PAGE_READ,
	PAGE_STALE,  /* read, but a newer content is lost */
	PAGE_MISSING /* the file ends before it, or the disk cannot read it */
};

int pages_open(struct pages *p, const char *path, struct err *e);
void pages_close(struct pages *p);
/* `page` has room for p->size bytes; pages are numbered from 1. */
enum page_state pages_read(const struct pages *p, uint32_t number, unsigned char *page);
/* Reads the i-th of the wrong frames of the log. Returns whether it could be read. */
bool pages_read_wrong(const struct pages *p, size_t i, unsigned char *page);

#endif
