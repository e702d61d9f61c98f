/* Reads the operations for the audit, and computes the result of an undo. Fails on errors of the
 * database. */
#include "outbox/operate/undo.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"

int
outbox_audit_operation_list(struct outbox_audit *a, int64_t before, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *operation), void *arg, size_t *ret_n,
    struct err *e)
{
	struct db_rows found = stmt_audit_operation_list(
	    &a->db, &(struct stmt_audit_operation_list){ .before = before, .max = rows }, e);
	struct stmt_audit_operation_list_row row;
	int rc;

	*ret_n = 0;
	while ((rc = stmt_audit_operation_list_next(&found, &row, e)) == 1) {
		const struct audit_operation_row operation = {
			.operation_id = row.operation_id,
			.at = row.at,
			.actor = row.actor,
			.verb = row.verb,
			.filter = row.filter,
			.note = row.note,
			.events = row.events,
			.undone_by = row.undone_by,
			.undoes = row.undoes,
		};

		++*ret_n;
		each(arg, &operation);
	}
	return rc;
}

int
outbox_audit_operation_before(
    struct outbox_audit *a, int64_t operation_id, struct audit_before *ret_before, struct err *e)
{
	struct db_rows rows = stmt_audit_operation_before(&a->db, operation_id, e);
	struct stmt_audit_operation_before_row row;
	enum event_status status;
	int rc;

	*ret_before = (struct audit_before){ .n_sample = 0 };
	while ((rc = stmt_audit_operation_before_next(&rows, &row, e)) == 1) {
		if (ret_before->n_sample < AUDIT_SAMPLE)
			ret_before->sample[ret_before->n_sample++] = row.event_id;
		if (status_parse(row.status, &status) == 0)
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
	db_rollback(&a->db);
	return rc;
}
