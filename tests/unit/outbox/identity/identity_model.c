#include "unit/outbox/identity/identity_model.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define NONE SIZE_MAX

/* Whether call a is before call b. */
static bool
is_before(const struct call *calls, size_t a, size_t b)
{
	return calls[a].at != calls[b].at ? calls[a].at < calls[b].at : a < b;
}

/* Returns the userId that replaced an id, by its last alias. */
static char
successor(const struct call *calls, size_t n, char id)
{
	size_t last = NONE;

	for (size_t i = 0; i < n; i++)
		if (calls[i].kind == KIND_ALIAS && calls[i].previous == id && calls[i].user != id
		    && (last == NONE || is_before(calls, last, i)))
			last = i;
	return last == NONE ? 0 : calls[last].user;
}

/* Collects all ids that aliases join with this one. */
static void
gather(const struct call *calls, size_t n, char id, bool members[UCHAR_MAX + 1])
{
	bool grown = true;

	memset(members, 0, UCHAR_MAX + 1);
	members[(unsigned char)id] = true;
	while (grown) {
		grown = false;
		for (size_t i = 0; i < n; i++) {
			char from = calls[i].previous;
			char to = from == 0 ? 0 : successor(calls, n, from);

			if (to == 0 || members[(unsigned char)from] == members[(unsigned char)to])
				continue;
			members[(unsigned char)from] = members[(unsigned char)to] = true;
			grown = true;
		}
	}
}

/* Whether a call says that the device belongs to its user. */
static bool
claims(const struct call *call, char device)
{
	return call->user != 0 && call->user != device
	       && (call->anonymous == device || call->previous == device);
}

/* Returns the device's user when calls[which] was made; 0: nobody. */
static char
owner(const struct call *calls, size_t n, char device, size_t which)
{
	size_t last = NONE, first = NONE;

	for (size_t i = 0; i < n; i++) {
		if (!claims(&calls[i], device))
			continue;
		if (first == NONE || is_before(calls, i, first))
			first = i;
		if (!is_before(calls, which, i) && (last == NONE || is_before(calls, last, i)))
			last = i;
	}
	if (last == NONE)
		last = first;
	return last == NONE ? 0 : calls[last].user;
}

/* Whether every user of the device is in the set. */
static bool
has_no_other_user(
    const struct call *calls, size_t n, char device, const bool members[UCHAR_MAX + 1])
{
	for (size_t i = 0; i < n; i++)
		if (claims(&calls[i], device) && !members[(unsigned char)calls[i].user])
			return false;
	return true;
}

/* Whether an identify gave its address to one of these users. */
static bool
tells(const struct call *calls, size_t n, size_t which, const bool members[UCHAR_MAX + 1])
{
	const struct call *call = &calls[which];

	if (call->kind != KIND_IDENTIFY || call->email == 0)
		return false;
	if (call->user != 0)
		return members[(unsigned char)call->user];
	return members[(unsigned char)call->anonymous] && successor(calls, n, call->anonymous) != 0
	       && has_no_other_user(calls, n, call->anonymous, members);
}

static char
address_of_user(const struct call *calls, size_t n, char user)
{
	bool members[UCHAR_MAX + 1];
	size_t last = NONE;

	gather(calls, n, user, members);
	for (size_t i = 0; i < n; i++)
		if (tells(calls, n, i, members) && (last == NONE || is_before(calls, last, i)))
			last = i;
	return last == NONE ? 0 : calls[last].email;
}

/* Returns the address that an identify without a userId gave to the device. */
static char
address_of_device(const struct call *calls, size_t n, char device)
{
	size_t last = NONE;

	for (size_t i = 0; i < n; i++)
		if (calls[i].kind == KIND_IDENTIFY && calls[i].email != 0 && calls[i].user == 0
		    && calls[i].anonymous == device && (last == NONE || is_before(calls, last, i)))
			last = i;
	return last == NONE ? 0 : calls[last].email;
}

char
model_resolve(const struct call *calls, size_t n, size_t which)
{
	const struct call *event = &calls[which];
	bool members[UCHAR_MAX + 1];
	char user = event->user, email;

	if (user != 0)
		return address_of_user(calls, n, user);
	if (event->anonymous == 0)
		return 0;
	user = owner(calls, n, event->anonymous, which);
	if (user == 0)
		return address_of_device(calls, n, event->anonymous);
	email = address_of_user(calls, n, user);
	gather(calls, n, user, members);
	if (email == 0 && has_no_other_user(calls, n, event->anonymous, members))
		email = address_of_device(calls, n, event->anonymous);
	return email;
}

char
model_arrive(const struct call *calls, size_t n, size_t which)
{
	char email = 0;

	for (size_t arrived = which + 1; arrived <= n && email == 0; arrived++)
		email = model_resolve(calls, arrived, which);
	return email;
}

bool
model_is_of_user(const struct call *calls, size_t n, char user, char email)
{
	bool joined[UCHAR_MAX + 1] = { false }, grown = true;

	joined[(unsigned char)user] = true;
	while (grown) {
		grown = false;
		for (size_t i = 0; i < n; i++) {
			unsigned char from = (unsigned char)calls[i].previous;
			unsigned char to = (unsigned char)calls[i].user;

			if (calls[i].kind == KIND_ALIAS && joined[from] != joined[to])
				joined[from] = joined[to] = grown = true;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (calls[i].kind == KIND_IDENTIFY && calls[i].email == email
		    && joined[(
			unsigned char)(calls[i].user != 0 ? calls[i].user : calls[i].anonymous)])
			return true;
	return false;
}
