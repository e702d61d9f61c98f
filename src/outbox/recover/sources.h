/*
 * What is read from a damaged file: its trees by their names, and where the rows of each go. Trees
 * that are not listed are made again from the others.
 */
#ifndef OUTBOX_RECOVER_SOURCES_H
#define OUTBOX_RECOVER_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

struct source {
	const char *name;
	size_t columns;    /* 0: as many as the table of this name has */
	bool is_table;     /* its rows have rowids; otherwise an index, or a table WITHOUT ROWID */
	bool self_checked; /* its rows have checksums: also rows from damaged pages are believed */
	bool typical;      /* its rows are recognized without their tree */
	bool is_kept;      /* its rows are in no other tree, or only in part */
	const char *load;  /* NULL: into the table of this name */
	const char *load_damaged; /* for a row whose checksum is wrong */
};

#define SOURCES_MAX 40

extern const struct source sources[];
extern const size_t n_sources;

#endif
