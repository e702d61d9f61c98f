/*
 * Derives an event's address from the stored statements about its ids. identity_find() reads a few
 * rows by index and follows a bounded number of aliases; it writes nothing. Fails only on errors of
 * the database.
 */
#include "outbox/identity/identity.h"

#include <string.h>

#include "event/segment/address.h"
#include "event/segment/person.h"
#include "outbox/identity/person.h"

const char *
identity_kind_name(enum identity_kind kind)
{
	switch (kind) {
	case IDENTITY_USER:
		return "user";
	case IDENTITY_ANONYMOUS:
		return "anonymous";
	case IDENTITY_DEVICE:
		break;
	}
	return "device";
}

enum identity_kind
identity_kind_parse(struct slice name)
{
	if (SLICE_IS(name, "user"))
		return IDENTITY_USER;
	return SLICE_IS(name, "anonymous") ? IDENTITY_ANONYMOUS : IDENTITY_DEVICE;
}

static void
copy(char *to, size_t size, struct slice text)
{
	size_t n = text.n < size ? text.n : size - 1;

	if (n > 0)
		memcpy(to, text.p, n);
	to[n] = '\0';
}

/* ---- persons -------------------------------------------------------------------------------- */

bool
identity_person_has(const struct identity_person *person, const char *user_id)
{
	for (size_t i = 0; i < person->n; i++)
		if (strcmp(person->id[i], user_id) == 0)
			return true;
	return false;
}

static void
add_id(struct identity_person *p, struct slice id)
{
	if (p->n == IDENTITY_IDS)
		return;
	copy(p->id[p->n], sizeof(p->id[0]), id);
	p->replaced[p->n] = false;
	p->n += !identity_person_has(p, p->id[p->n]);
}

/* Takes the address of the latest statement. */
static void
take_address(struct identity_person *p, struct slice email, int64_t identified_at)
{
	if (email.p == NULL || (p->email[0] != '\0' && identified_at <= p->identified_at))
		return;
	copy(p->email, sizeof(p->email), email);
	p->identified_at = identified_at;
}

/* Adds the ids that aliases join with one id, and its address. An id without a row has neither. */
static int
visit_id(struct db *db, struct identity_person *p, size_t i, struct err *e)
{
	struct slice id = slice_from(p->id[i]), other;
	struct stmt_identity_get_row row;
	struct db_rows rows = stmt_identity_get(db,
	    &(struct stmt_identity_get){
		.site_id = p->site_id,
		.kind = "user",
		.id = id,
	    },
	    e);
	int rc = stmt_identity_get_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	take_address(p, row.email, row.identified_at);
	if (row.user_id.p != NULL) {
		p->replaced[i] = true;
		add_id(p, row.user_id);
	}
	db_rows_end(&rows);
	rows = stmt_identity_replaced(
	    db, &(struct stmt_identity_replaced){ .site_id = p->site_id, .user_id = id }, e);
	while ((rc = stmt_identity_replaced_next(&rows, &other, e)) == 1)
		add_id(p, other);
	return rc;
}

/* A replaced id may be a device. An address that an identify gave for it belongs to the person,
 * too, unless other users have the device. */
static int
visit_device(struct db *db, struct identity_person *p, size_t i, struct err *e)
{
	struct slice id = slice_from(p->id[i]);
	struct identity_address address;
	struct identity_claims claims;
	int rc = identity_load_address(db, p->site_id, id, &address, e);

	if (rc != 1)
		return rc;
	if (identity_load_claims(db, p->site_id, id, &claims, e) != 0)
		return -1;
	if (identity_claims_are_of(&claims, p))
		take_address(p, slice_from(address.email), address.identified_at);
	return 0;
}

int
identity_load_person(struct db *db, int64_t site_id, struct slice user_id,
    struct identity_person *ret_person, struct err *e)
{
	struct identity_person *p = ret_person;

	p->site_id = site_id;
	p->email[0] = '\0';
	p->n = 0;
	add_id(p, user_id);
	for (size_t i = 0; i < p->n; i++)
		if (visit_id(db, p, i, e) != 0)
			return -1;
	for (size_t i = 0; i < p->n; i++)
		if (p->replaced[i] && visit_device(db, p, i, e) != 0)
			return -1;
	if (p->email[0] == '\0' && person_email_is_valid(user_id)
	    && address_may_be_guessed(user_id))
		copy(p->email, sizeof(p->email), user_id);
	return 0;
}

/* ---- devices -------------------------------------------------------------------------------- */

int
identity_load_claims(struct db *db, int64_t site_id, struct slice device,
    struct identity_claims *ret_claims, struct err *e)
{
	struct stmt_identity_claims_row row;
	struct db_rows rows = stmt_identity_claims(db,
	    &(struct stmt_identity_claims){
		.site_id = site_id,
		.id = device,
		.max = IDENTITY_CLAIMS,
	    },
	    e);
	int rc;

	ret_claims->n = 0;
	while ((rc = stmt_identity_claims_next(&rows, &row, e)) == 1
	       && ret_claims->n < IDENTITY_CLAIMS) {
		struct identity_claim *claim = &ret_claims->claim[ret_claims->n++];

		claim->identity_id = row.identity_id;
		claim->since = row.since;
		claim->since_event = row.since_event;
		claim->said_at = row.said_at;
		copy(claim->user_id, sizeof(claim->user_id), row.user_id);
	}
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

int
identity_last_claim(const struct identity_claims *claims, int64_t at, int64_t event_id)
{
	int i = (int)claims->n - 1;

	while (i >= 0
	       && (claims->claim[i].since > at
		   || (claims->claim[i].since == at && claims->claim[i].since_event > event_id)))
		i--;
	return i;
}

const char *
identity_owner(const struct identity_claims *claims, int64_t at, int64_t event_id)
{
	int i = identity_last_claim(claims, at, event_id);

	return claims->n == 0 ? NULL : claims->claim[i < 0 ? 0 : i].user_id;
}

bool
identity_claims_are_of(const struct identity_claims *claims, const struct identity_person *person)
{
	for (size_t i = 0; i < claims->n; i++)
		if (!identity_person_has(person, claims->claim[i].user_id))
			return false;
	return true;
}

int
identity_load_address(struct db *db, int64_t site_id, struct slice anonymous_id,
    struct identity_address *ret_address, struct err *e)
{
	struct stmt_identity_get_row row;
	struct db_rows rows = stmt_identity_get(db,
	    &(struct stmt_identity_get){
		.site_id = site_id,
		.kind = "anonymous",
		.id = anonymous_id,
	    },
	    e);
	int rc = stmt_identity_get_next(&rows, &row, e);

	if (rc != 1)
		return rc;
	copy(ret_address->email, sizeof(ret_address->email), row.email);
	ret_address->identified_at = row.identified_at;
	db_rows_end(&rows);
	return ret_address->email[0] != '\0';
}

/* ---- events --------------------------------------------------------------------------------- */

static int
find_by_user(struct db *db, int64_t site_id, struct slice user_id,
    struct identity_person *ret_person, char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	if (identity_load_person(db, site_id, user_id, ret_person, e) != 0)
		return -1;
	memcpy(ret_email, ret_person->email, sizeof(ret_person->email));
	return ret_email[0] != '\0';
}

/* The device's own address counts as long as no user of it is known to have another address. */
static int
find_by_device(struct db *db, const struct identity_query *query,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	struct identity_address address;
	struct identity_claims claims;
	struct identity_person person = { .n = 0 };
	const char *user_id;
	int rc;

	if (identity_load_claims(db, query->site_id, query->anonymous_id, &claims, e) != 0)
		return -1;
	user_id = identity_owner(&claims, query->at, query->event_id);
	if (user_id != NULL) {
		rc = find_by_user(db, query->site_id, slice_from(user_id), &person, ret_email, e);
		if (rc != 0)
			return rc;
	}
	rc = identity_load_address(db, query->site_id, query->anonymous_id, &address, e);
	if (rc != 1 || !identity_claims_are_of(&claims, &person))
		return rc < 0 ? -1 : 0;
	memcpy(ret_email, address.email, sizeof(address.email));
	return 1;
}

int
identity_find(struct db *db, const struct identity_query *query,
    char ret_email[IDENTITY_EMAIL_SIZE], struct err *e)
{
	struct identity_person person;

	if (query->user_id.p != NULL)
		return find_by_user(db, query->site_id, query->user_id, &person, ret_email, e);
	return query->anonymous_id.p == NULL ? 0 : find_by_device(db, query, ret_email, e);
}
