/*
 * Reads the trees of a damaged file into another database. A tree is walked from its root, so that
 * each part that cannot be read has a range of keys. Pages that no walk reached are then looked at
 * one by one: below a damaged page there may be others that are not damaged. One thread.
 */
#ifndef OUTBOX_RECOVER_READING_H
#define OUTBOX_RECOVER_READING_H

#include "outbox/file/loader.h"
#include "outbox/recover/btree.h"
#include "outbox/recover/recover.h"
#include "outbox/recover/sources.h"

struct db;

/* One for each source. */
struct tree {
	uint32_t root; /* 0: unknown */
	size_t columns;
	struct loader load, load_damaged;
	int64_t lost; /* parts that could not be read */
};

struct reading {
	struct db *db;
	struct pages pages;
	struct tree tree[SOURCES_MAX];
	struct loader hole;
	unsigned char *visited; /* a bit for each page */
	struct btree_record record;
	bool rooted; /* the file says where one of the trees is */
	int64_t n_pages_damaged;
	const struct recover_progress *progress; /* NULL: none */
	int64_t done;                            /* pages */
	int64_t written;                         /* rows since the last commit */
};

/* The staging tables exist; db is in no transaction. */
int reading_open(struct reading *r, const char *path, struct db *db, struct err *e);
int reading_run(struct reading *r, struct err *e);
void reading_close(struct reading *r);

#endif
