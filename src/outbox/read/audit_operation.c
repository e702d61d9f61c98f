/* The operations of the audit, and what undoing one would do. */
#include "outbox/operate/undo.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"

int
outbox_audit_operation_list(struct outbox_audit *a, int64_t before, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *operation), void *arg, size_t *ret_n,
    struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_OPERATION_LIST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	*ret_n = 0;
	db_bind_int(stmt, 1, before);
	db_bind_int(stmt, 2, rows);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		const struct audit_operation_row row = {
			.operation_id = db_int(stmt, 0),
			.at = db_int(stmt, 1),
			.actor = db_text(stmt, 2),
			.verb = db_text(stmt, 3),
			.filter = db_text(stmt, 4),
			.note = db_text(stmt, 5),
			.events = db_int(stmt, 6),
			.undone_by = db_int(stmt, 7),
			.undoes = db_int(stmt, 8),
		};

		++*ret_n;
		each(arg, &row);
	}
	return rc;
}

int
outbox_audit_operation_before(
    struct outbox_audit *a, int64_t operation_id, struct audit_before *ret_before, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_OPERATION_BEFORE, e);
	enum event_status status;
	int rc;

	*ret_before = (struct audit_before){ .n_sample = 0 };
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, operation_id);
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		if (ret_before->n_sample < AUDIT_SAMPLE)
			ret_before->sample[ret_before->n_sample++] = db_int(stmt, 0);
		if (status_parse(db_text(stmt, 1), &status) == 0)
			ret_before->counts[status]++;
	}
	return rc;
}

int
outbox_audit_undo(struct outbox_audit *a, struct outbox_operation *undo, struct err *e)
{
	int rc;

	undo->dry_run = true;
	/* One transaction, so that the numbers belong together. */
	if (db_exec(&a->db, "BEGIN", e) != 0)
		return -1;
	do {
		undo->more = false;
		rc = undo_step(&a->db, undo, 0, e);
	} while (rc == 0 && undo->more);
	db_exec(&a->db, "ROLLBACK", NULL);
	return rc;
}
