/* The row of an operation in the audit. Writer's thread, inside its transaction. */
#ifndef OUTBOX_OPERATE_OPERATION_ROW_H
#define OUTBOX_OPERATE_OPERATION_ROW_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

struct operation_row {
	int64_t at; /* wall ms */
	const char *actor;
	const char *verb;
	struct slice filter; /* JSON */
	const char *note;    /* NULL: none */
	int64_t undoes;      /* for an undo: the operation that it undoes; else 0 */
};

int operation_row_add(
    struct db *db, const struct operation_row *row, int64_t *ret_operation_id, struct err *e);
/* Records how many events the operation has changed so far. */
int operation_row_count(struct db *db, int64_t operation_id, int64_t events, struct err *e);

#endif
