/*
 * Makes the unresolved events of an address due, one step at a time. It handles all ids of a person
 * together, so that the events keep their order. A device may have had several users, so each of
 * its events is checked. Fails only on errors of the database.
 */
#include "outbox/write/make_due.h"

#include "outbox/file/db.h"
#include "outbox/identity/person.h"

/*
 * An id that events wait for. For a device, person limits the events to those of this person; NULL:
 * all events.
 */
struct target {
	bool is_user;
	struct slice id;
	const struct identity_person *person;
};

typedef int visit_fn(struct make_due *r, const struct target *target);

/*
 * Lowers r->up_to to the last event of this id's step: no event may become due before an older
 * event of another id.
 */
static int
find_end(struct make_due *r, const struct target *target)
{
	struct db *db = r->u->db;
	int64_t up_to;
	int rc;

	if (target->is_user)
		rc = stmt_unresolved_user_end(db,
		    &(struct stmt_unresolved_user_end){
			.site_id = r->site_id,
			.id = target->id,
			.after = r->after,
			.max = UNRESOLVED_STEP,
		    },
		    &up_to, r->e);
	else
		rc = stmt_unresolved_anonymous_end(db,
		    &(struct stmt_unresolved_anonymous_end){
			.site_id = r->site_id,
			.id = target->id,
			.after = r->after,
			.max = UNRESOLVED_STEP,
		    },
		    &up_to, r->e);
	if (rc == 1 && up_to < r->up_to)
		r->up_to = up_to;
	return rc < 0 ? -1 : 0;
}

/* The unresolved events of a device that one step handles. */
struct candidates {
	struct stmt_unresolved_of_anonymous_row row[UNRESOLVED_STEP];
	size_t n;
};

static int
read_candidates(struct make_due *r, struct slice device, struct candidates *c)
{
	struct db_rows rows = stmt_unresolved_of_anonymous(r->u->db,
	    &(struct stmt_unresolved_of_anonymous){
		.site_id = r->site_id,
		.id = device,
		.after = r->after,
		.up_to = r->up_to,
		.max = UNRESOLVED_STEP,
	    },
	    r->e);
	int rc;

	c->n = 0;
	while ((rc = stmt_unresolved_of_anonymous_next(&rows, &c->row[c->n], r->e)) == 1)
		if (++c->n == UNRESOLVED_STEP)
			break;
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

/*
 * Whether the event goes to this address. An event that waits behind others of the address already
 * has it.
 */
static bool
may_go(const struct target *target, const struct identity_claims *claims,
    const struct stmt_unresolved_of_anonymous_row *row)
{
	const char *user_id = identity_owner(claims, row->at, row->event_id);

	return row->has_email || target->person == NULL
	       || (user_id != NULL && identity_person_has(target->person, user_id));
}

static int
let_device_go(struct make_due *r, const struct target *target)
{
	struct identity_claims claims;
	struct candidates c;

	if (read_candidates(r, target->id, &c) != 0
	    || identity_load_claims(r->u->db, r->site_id, target->id, &claims, r->e) != 0)
		return -1;
	for (size_t i = 0; i < c.n; i++) {
		if (!may_go(target, &claims, &c.row[i]))
			continue;
		if (stmt_unresolved_release(r->u->db,
			&(struct stmt_unresolved_release){
			    .event_id = c.row[i].event_id, .email = r->email },
			r->e)
		    != 0)
			return -1;
		r->n_due++;
	}
	return 0;
}

static int
let_go(struct make_due *r, const struct target *target)
{
	if (!target->is_user)
		return let_device_go(r, target);
	if (stmt_unresolved_user_release(r->u->db,
		&(struct stmt_unresolved_user_release){
		    .site_id = r->site_id,
		    .id = target->id,
		    .last_event_id = r->up_to,
		    .email = r->email,
		},
		r->e)
	    != 0)
		return -1;
	r->n_due += db_changes(r->u->db);
	return 0;
}

/* Handles a userId and the devices that belonged to that user. */
static int
visit_user(struct make_due *r, const struct identity_person *person, size_t i, visit_fn *visit)
{
	struct target target = { true, slice_from(person->id[i]), person };
	struct db_rows rows;
	int rc;

	if (visit(r, &target) != 0)
		return -1;
	rows = stmt_identity_devices(r->u->db,
	    &(struct stmt_identity_devices){ .site_id = r->site_id, .user_id = target.id }, r->e);
	target.is_user = false;
	while ((rc = stmt_identity_devices_next(&rows, &target.id, r->e)) == 1)
		if (visit(r, &target) != 0)
			break;
	db_rows_end(&rows);
	return rc == 0 ? 0 : -1;
}

static int
visit_entry(struct make_due *r, const struct make_due_entry *entry, visit_fn *visit)
{
	struct identity_person person;

	if (!entry->is_user)
		return visit(r, &(struct target){ false, slice_from(entry->id), NULL });
	if (identity_load_person(r->u->db, r->site_id, slice_from(entry->id), &person, r->e) != 0)
		return -1;
	for (size_t i = 0; i < person.n; i++)
		if (visit_user(r, &person, i, visit) != 0)
			return -1;
	return 0;
}

static int
visit_all(struct make_due *r, visit_fn *visit)
{
	for (size_t i = 0; i < r->n; i++)
		if (visit_entry(r, &r->entry[i], visit) != 0)
			return -1;
	return 0;
}

int
make_due_step(struct make_due *r)
{
	r->up_to = INT64_MAX;
	if (visit_all(r, find_end) != 0 || visit_all(r, let_go) != 0)
		return -1;
	r->after = r->up_to;
	return 0;
}
