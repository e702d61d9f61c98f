/* Reads the table of boxes, which has as many rows as boxes ever forwarded. Fails on errors of the
 * database, and without memory. */
#include "outbox/read/audit_box.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/read/audit_private.h"

static void
copy(char *to, size_t size, struct slice text)
{
	snprintf(to, size, "%.*s", (int)text.n, text.n > 0 ? text.p : "");
}

static void
read_box(const struct stmt_audit_boxes_row *row, struct audit_box *ret_box)
{
	*ret_box = (struct audit_box){
		.site_id = row->site_id,
		.first_seen_at = row->first_seen_at,
		.last_seen_at = row->last_seen_at,
		.backlog = row->backlog.there ? row->backlog.value : -1,
		.oldest_at = row->oldest_at,
		.events = row->events,
		.duplicates = row->duplicates,
		.bytes = row->bytes,
		.body_bytes = row->body_bytes,
	};
	copy(ret_box->name, sizeof(ret_box->name), row->name);
	copy(ret_box->version, sizeof(ret_box->version), row->version);
}

int
outbox_audit_boxes(
    struct outbox_audit *a, struct audit_box **ret_boxes, size_t *ret_n, struct err *e)
{
	struct db_rows rows = stmt_audit_boxes(&a->db, e);
	struct audit_box *boxes = NULL, *grown;
	struct stmt_audit_boxes_row row;
	size_t n = 0, room = 0;
	int rc;

	while ((rc = stmt_audit_boxes_next(&rows, &row, e)) == 1) {
		if (n == room) {
			room = room == 0 ? 16 : room * 2;
			grown = reallocarray(boxes, room, sizeof(*grown));
			if (grown == NULL) {
				db_rows_end(&rows);
				free(boxes);
				return err_nomem(e);
			}
			boxes = grown;
		}
		read_box(&row, &boxes[n++]);
	}
	if (rc != 0) {
		free(boxes);
		return -1;
	}
	*ret_boxes = boxes;
	*ret_n = n;
	return 0;
}
