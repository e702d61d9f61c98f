/* Rows of `box` and `via`. Fails on errors of the database. */
#include "outbox/origin/box.h"

#include "outbox/file/db.h"

const char box_maybe_repeated[] = "maybe_repeated";

int
box_note(struct db *db, int64_t site_id, const struct box_report *report,
    const struct box_events *events, int64_t now, struct err *e)
{
	const struct stmt_box_note in = {
		.site_id = site_id,
		.name = report->name,
		.now = now,
		.version = report->version,
		.backlog = db_int_if(report->backlog >= 0, report->backlog),
		.oldest_at = db_int_if(report->oldest_at > 0, report->oldest_at),
		.events = events->stored,
		.duplicates = events->duplicates,
		.bytes = report->bytes,
		.body_bytes = report->body_bytes,
	};
	const struct stmt_box_id box = { .site_id = site_id, .name = report->name };
	int64_t box_id;

	if (stmt_box_note(db, &in, e) != 0)
		return -1;
	if (events->stored == 0)
		return 0;
	if (stmt_box_id(db, &box, &box_id, e) != 1)
		return -1;
	return stmt_via_add(db,
	    &(struct stmt_via_add){
		.first_event_id = events->first_event_id,
		.last_event_id = events->first_event_id + events->stored - 1,
		.box_id = box_id,
		.arrived_at = now,
		.claimed_from = db_int_if(events->claimed_to != 0, events->claimed_from),
		.claimed_to = db_int_if(events->claimed_to != 0, events->claimed_to),
	    },
	    e);
}

int
box_remember(struct db *db, int64_t site_id, struct slice name, int64_t arrived_at,
    int64_t event_id, struct err *e)
{
	const struct stmt_box_id box = { .site_id = site_id, .name = name };
	const struct stmt_box_remember seen = {
		.site_id = site_id,
		.name = name,
		.at = arrived_at,
	};
	int64_t box_id;

	if (stmt_box_remember(db, &seen, e) != 0 || stmt_box_id(db, &box, &box_id, e) != 1)
		return -1;
	if (stmt_via_extend(db,
		&(struct stmt_via_extend){
		    .event_id = event_id,
		    .box_id = box_id,
		    .arrived_at = arrived_at,
		},
		e)
	    != 0)
		return -1;
	if (db_changes(db) > 0)
		return 0;
	return stmt_via_add(db,
	    &(struct stmt_via_add){
		.first_event_id = event_id,
		.last_event_id = event_id,
		.box_id = box_id,
		.arrived_at = arrived_at,
	    },
	    e);
}

int
box_may_be_forgotten(struct db *db, int64_t site_id, struct slice name, int64_t received_at,
    int64_t claimed_at, struct err *e)
{
	return stmt_box_forgotten(db,
	    &(struct stmt_box_forgotten){
		.site_id = site_id,
		.name = name,
		.received_at = received_at,
		.claimed_at = claimed_at,
	    },
	    e);
}
