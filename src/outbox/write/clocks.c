/* What must be remembered of the clocks, in the table `meta`. */
#include "outbox/write/clocks.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static const char *const clock_keys[OUTBOX_CLOCK_NUMBERS] = { "clock_boot", "clock_offset",
	"clock_seen_at", "clock_jumped_at" };

static int
keep(struct db *db, const int64_t number[OUTBOX_CLOCK_NUMBERS], struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_META_SET, e);

	for (int i = 0; stmt != NULL && i < OUTBOX_CLOCK_NUMBERS; i++) {
		db_bind_text(stmt, 1, slice_from(clock_keys[i]));
		db_bind_int(stmt, 2, number[i]);
		if (db_run(db, stmt, e) != 0)
			return -1;
	}
	return stmt == NULL ? -1 : 0;
}

int
clocks_read(struct db *db, int64_t ret_number[OUTBOX_CLOCK_NUMBERS], struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_META_GET, e);
	int rc;

	for (int i = 0; stmt != NULL && i < OUTBOX_CLOCK_NUMBERS; i++) {
		db_bind_text(stmt, 1, slice_from(clock_keys[i]));
		rc = db_step(db, stmt, e);
		if (rc < 0)
			return -1;
		ret_number[i] = rc == 1 ? db_int(stmt, 0) : 0;
		db_done(stmt);
	}
	return stmt == NULL ? -1 : 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	return keep(t->db, ((const struct outbox_clock *)msg)->number, e);
}

const struct message_kind outbox_clock_kind = {
	.name = "clock",
	.apply = apply,
};
