/*
 * Makes unresolved events due once their address is known, in steps; the table identity_release
 * keeps the rest. All of them become due before new statements about their ids count. Fails only on
 * errors of the database.
 */
#include "outbox/write/resolve.h"

#include <stdio.h>
#include <string.h>

#include "outbox/file/db.h"
#include "outbox/identity/person.h"
#include "outbox/write/make_due.h"

static const char *
kind_of(const struct make_due_entry *entry)
{
	return entry->is_user ? "user" : "anonymous";
}

static void
add_entry(struct make_due *r, bool is_user, struct slice id)
{
	struct make_due_entry *entry = &r->entry[r->n++];

	entry->is_user = is_user;
	snprintf(entry->id, sizeof(entry->id), "%.*s", (int)id.n, id.p);
}

/* ---- what follows in transactions of its own --------------------------------------------------
 */

/* Reads the unfinished entries of an address, at most UNRESOLVED_ENTRIES. */
static int
read_entries(struct make_due *r)
{
	struct stmt_release_of_address_row row;
	struct db_rows rows = stmt_release_of_address(r->u->db,
	    &(struct stmt_release_of_address){
		.site_id = r->site_id,
		.email = r->email,
		.max = UNRESOLVED_ENTRIES,
	    },
	    r->e);
	int rc;

	r->n = 0;
	r->after = INT64_MAX;
	while ((rc = stmt_release_of_address_next(&rows, &row, r->e)) == 1) {
		add_entry(r, SLICE_IS(row.kind, "user"), row.id);
		if (row.after_event < r->after)
			r->after = row.after_event;
	}
	return rc;
}

static int
keep_for_later(struct make_due *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (stmt_release_add(r->u->db,
			&(struct stmt_release_add){
			    .site_id = r->site_id,
			    .kind = kind_of(&r->entry[i]),
			    .id = r->entry[i].id,
			    .email = r->email,
			},
			r->e)
		    != 0)
			return -1;
	r->u->resolving = true;
	return 0;
}

/* Records the progress of the entries, or removes them when they are finished. */
static int
note_step(struct make_due *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *kind = kind_of(&r->entry[i]), *id = r->entry[i].id;
		int rc;

		if (r->up_to == INT64_MAX)
			rc = stmt_release_end(r->u->db,
			    &(struct stmt_release_end){
				.site_id = r->site_id,
				.kind = kind,
				.id = id,
			    },
			    r->e);
		else
			rc = stmt_release_step(r->u->db,
			    &(struct stmt_release_step){
				.site_id = r->site_id,
				.kind = kind,
				.id = id,
				.after_event = r->after,
			    },
			    r->e);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
find_under_way(struct unresolved *u, int64_t site_id, struct slice email, bool *ret_user,
    char ret_id[SEGMENT_ID_MAX + 1], struct err *e)
{
	struct make_due r = { .u = u, .site_id = site_id, .e = e };

	snprintf(r.email, sizeof(r.email), "%.*s", (int)email.n, email.p);
	if (read_entries(&r) != 0)
		return -1;
	if (r.n == 0)
		return 0;
	*ret_user = r.entry[0].is_user;
	memcpy(ret_id, r.entry[0].id, sizeof(r.entry[0].id));
	return 1;
}

/*
 * Runs for every event, and nearly always no step is left: the struct make_due, which is large, is
 * built only in find_under_way.
 */
int
resolve_is_under_way(struct unresolved *u, int64_t site_id, struct slice email, bool *ret_user,
    char ret_id[SEGMENT_ID_MAX + 1], struct err *e)
{
	return u->resolving ? find_under_way(u, site_id, email, ret_user, ret_id, e) : 0;
}

int
resolve_step(struct unresolved *u, int64_t *ret_n, struct err *e)
{
	struct make_due r = { .u = u, .e = e };
	struct stmt_release_first_row row;
	struct db_rows rows;
	int rc;

	*ret_n = 0;
	if (!u->resolving)
		return 0;
	rows = stmt_release_first(u->db, e);
	rc = stmt_release_first_next(&rows, &row, e);
	u->resolving = rc == 1;
	if (rc != 1)
		return rc;
	r.site_id = row.site_id;
	snprintf(r.email, sizeof(r.email), "%.*s", (int)row.email.n, row.email.p);
	db_rows_end(&rows);
	if (read_entries(&r) != 0 || make_due_step(&r) != 0 || note_step(&r) != 0)
		return -1;
	*ret_n = r.n_due;
	return 0;
}

/* ---- releasing events ------------------------------------------------------------------------ */

/*
 * Releases the address's events. Other ids of the address may have entries, which are released with
 * them.
 */
static int
release_address(struct make_due *r, bool is_user, struct slice id, bool later)
{
	char other[SEGMENT_ID_MAX + 1];
	bool user;
	int rc = 1;

	if (!later)
		rc = resolve_is_under_way(
		    r->u, r->site_id, slice_from(r->email), &user, other, r->e);
	if (rc < 0)
		return -1;
	r->n = 0;
	r->after = 0;
	add_entry(r, is_user, id);
	if (rc == 1)
		return keep_for_later(r);
	if (make_due_step(r) != 0)
		return -1;
	return r->up_to == INT64_MAX ? 0 : keep_for_later(r);
}

/* Handles a person without an address: a device without another known user may have one. */
static int
release_device(
    struct make_due *r, const struct identity_person *person, struct slice device, bool later)
{
	struct identity_address address;
	struct identity_claims claims;
	int rc = identity_load_address(r->u->db, r->site_id, device, &address, r->e);

	if (rc != 1)
		return rc;
	if (identity_load_claims(r->u->db, r->site_id, device, &claims, r->e) != 0)
		return -1;
	if (!identity_claims_are_of(&claims, person))
		return 0;
	memcpy(r->email, address.email, sizeof(address.email));
	return release_address(r, false, device, later);
}

static int
release_devices(struct make_due *r, const struct identity_person *person, bool later)
{
	struct slice device;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < person->n; i++) {
		struct db_rows rows = stmt_identity_devices(r->u->db,
		    &(struct stmt_identity_devices){
			.site_id = r->site_id, .user_id = slice_from(person->id[i]) },
		    r->e);

		while ((rc = stmt_identity_devices_next(&rows, &device, r->e)) == 1)
			if (release_device(r, person, device, later) != 0) {
				db_rows_end(&rows);
				return -1;
			}
	}
	return rc;
}

static int
release_user(struct make_due *r, struct slice user_id, bool later)
{
	struct identity_person person;

	if (identity_load_person(r->u->db, r->site_id, user_id, &person, r->e) != 0)
		return -1;
	if (person.email[0] == '\0')
		return release_devices(r, &person, later);
	memcpy(r->email, person.email, sizeof(person.email));
	return release_address(r, true, user_id, later);
}

int
resolve_ids(struct unresolved *u, int64_t site_id, struct slice user_id, struct slice anonymous_id,
    bool later, int64_t *ret_n, struct err *e)
{
	const struct identity_person nobody = { .n = 0 };
	struct make_due r = { .u = u, .site_id = site_id, .e = e };
	struct identity_claims claims = { .n = 0 };
	int rc = 0;

	if (user_id.p == NULL)
		rc = identity_load_claims(u->db, site_id, anonymous_id, &claims, e);
	if (claims.n > 0)
		user_id = slice_from(claims.claim[0].user_id);
	if (rc == 0)
		rc = user_id.p != NULL ? release_user(&r, user_id, later)
				       : release_device(&r, &nobody, anonymous_id, later);
	*ret_n = r.n_due;
	return rc;
}

/* ---- before an id gets another user ---------------------------------------------------------- */

/* Takes all remaining steps of the address at once. */
static int
finish_address(struct make_due *r)
{
	if (r->email[0] == '\0')
		return 0;
	while (read_entries(r) == 0) {
		if (r->n == 0)
			return 0;
		if (make_due_step(r) != 0 || note_step(r) != 0)
			return -1;
	}
	return -1;
}

static int
finish_user(struct make_due *r, struct slice user_id)
{
	struct identity_person person;

	if (user_id.p == NULL)
		return 0;
	if (identity_load_person(r->u->db, r->site_id, user_id, &person, r->e) != 0)
		return -1;
	memcpy(r->email, person.email, sizeof(person.email));
	return finish_address(r);
}

/* Releases the events of the device's users, and of the device itself. */
static int
finish_device(struct make_due *r, struct slice device)
{
	struct identity_address address;
	struct identity_claims claims;
	int rc;

	if (device.p == NULL)
		return 0;
	if (identity_load_claims(r->u->db, r->site_id, device, &claims, r->e) != 0)
		return -1;
	for (size_t i = 0; i < claims.n; i++)
		if (finish_user(r, slice_from(claims.claim[i].user_id)) != 0)
			return -1;
	rc = identity_load_address(r->u->db, r->site_id, device, &address, r->e);
	if (rc != 1)
		return rc;
	memcpy(r->email, address.email, sizeof(address.email));
	return finish_address(r);
}

static int
finish_ids(struct unresolved *u, int64_t site_id, const struct segment_event *event, int64_t *ret_n,
    struct err *e)
{
	struct make_due r = { .u = u, .site_id = site_id, .e = e };

	if (finish_user(&r, event->user_id) != 0 || finish_user(&r, event->previous_id) != 0
	    || finish_device(&r, event->anonymous_id) != 0
	    || finish_device(&r, event->previous_id) != 0)
		return -1;
	*ret_n = r.n_due;
	return 0;
}

int
resolve_before_event(struct unresolved *u, int64_t site_id, const struct segment_event *event,
    int64_t *ret_n, struct err *e)
{
	bool links = event->user_id.p != NULL
		     && (event->anonymous_id.p != NULL || event->previous_id.p != NULL);

	*ret_n = 0;
	if (!u->resolving || (event->kind != KIND_IDENTIFY && !links))
		return 0;
	return finish_ids(u, site_id, event, ret_n, e);
}
