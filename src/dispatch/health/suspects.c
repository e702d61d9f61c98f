/*
 * The events that may be at fault for the last failure, and the events that failed alone before.
 * This file only remembers them; dispatch/outgoing/charge.c decides what happens to them. Only
 * suspects_reserve can fail.
 */
#include "dispatch/health/suspects.h"

int
suspects_reserve(struct suspects *u, size_t max, struct err *e)
{
	return members_reserve(&u->members, max, e);
}

void
suspects_free(struct suspects *u)
{
	members_free(&u->members);
}

void
suspects_reset(struct suspects *u)
{
	struct members members = u->members;

	members.n = 0;
	*u = (struct suspects){ .members = members };
}

void
suspects_note(struct suspects *u, const struct members *members, enum bento_endpoint endpoint)
{
	if (u->blamed)
		return;
	members_copy(&u->members, members);
	u->endpoint = endpoint;
	u->murky = false;
}

void
suspects_clear(struct suspects *u)
{
	if (!u->blamed)
		u->members.n = 0;
}

bool
suspects_have(const struct suspects *u, int64_t id)
{
	return members_have(&u->members, id);
}

/* ---- events that failed alone --------------------------------------------------------------- */

static struct fallen *
find_fallen(struct suspects *u, int64_t id)
{
	for (size_t i = 0; i < SUSPECTS_FALLEN; i++)
		if (u->fallen[i].id == id)
			return &u->fallen[i];
	return NULL;
}

bool
suspects_fell(struct suspects *u, int64_t id)
{
	struct fallen *known = find_fallen(u, id);
	struct fallen now = { .id = id, .strikes = known == NULL ? 0 : known->strikes };

	if (known != NULL)
		known->id = 0;
	u->fallen[u->n_fallen++ % SUSPECTS_FALLEN] = now;
	return known != NULL;
}

bool
suspects_stood(struct suspects *u, int64_t id)
{
	struct fallen *known = find_fallen(u, id);

	if (known != NULL)
		known->id = 0;
	return known != NULL;
}

bool
suspects_doubt(const struct suspects *u, int64_t id)
{
	for (size_t i = 0; i < SUSPECTS_FALLEN; i++)
		if (u->fallen[i].id == id)
			return true;
	return suspects_have(u, id);
}

void
suspects_doubt_more(struct suspects *u)
{
	u->murky = true;
}

/* ---- blaming -------------------------------------------------------------------------------- */

/* Whether the suspects, and not an outage, caused the failure. In doubt, counts a strike against a
 * single suspect that failed alone before. */
static bool
is_clear(struct suspects *u)
{
	struct fallen *known;

	if (!u->murky)
		return true;
	known = u->members.n == 1 ? find_fallen(u, u->members.ids[0]) : NULL;
	return known != NULL && ++known->strikes >= SUSPECTS_STRIKES;
}

bool
suspects_blame(struct suspects *u)
{
	if (u->blamed || u->members.n == 0)
		return false;
	u->blamed = is_clear(u);
	if (!u->blamed)
		u->members.n = 0;
	return u->blamed;
}

void
suspects_settled(struct suspects *u)
{
	u->blamed = false;
	u->members.n = 0;
}
