#include "unit/outbox/identity/identity_scenarios.h"

#include <string.h>

/* USER and ANON are letters or 0. */
#define TRACK(u, a, t)                                                                             \
	{                                                                                          \
		.kind = KIND_TRACK, .user = (u), .anonymous = (a), .at = (t)                       \
	}
#define LINK(u, a, t)                                                                              \
	{                                                                                          \
		.kind = KIND_IDENTIFY, .user = (u), .anonymous = (a), .at = (t)                    \
	}
#define TELL(u, a, m, t)                                                                           \
	{                                                                                          \
		.kind = KIND_IDENTIFY, .user = (u), .anonymous = (a), .email = (m), .at = (t)      \
	}
#define ALIAS(p, u, t)                                                                             \
	{                                                                                          \
		.kind = KIND_ALIAS, .previous = (p), .user = (u), .at = (t)                        \
	}

const struct scenario scenarios[] = {
	{ "identify with both ids", PROMISE_ANY_ORDER,
	    { TRACK('u', 0, 1), TRACK(0, 'a', 2), TRACK('u', 'a', 3), TELL('u', 'a', 'U', 4),
		TRACK(0, 'a', 5), TRACK('u', 0, 6) } },
	{ "the page links, the server tells", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), LINK('u', 'a', 2), TELL('u', 0, 'U', 3), TRACK(0, 'a', 4),
		TRACK('u', 0, 5), TRACK('u', 'a', 6) } },
	{ "a track call links", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TRACK('u', 'a', 2), TRACK(0, 'a', 3), TELL('u', 0, 'U', 4),
		TRACK('u', 'a', 5), TRACK(0, 'a', 6) } },
	{ "an anonymous identify", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TELL(0, 'a', 'U', 2), TRACK(0, 'a', 3), LINK('u', 'a', 4),
		TRACK(0, 'a', 5), TRACK('u', 0, 6) } },
	{ "an anonymous identify, then the user's", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TELL(0, 'a', 'U', 2), LINK('u', 'a', 3), TRACK('u', 'a', 4),
		TELL('u', 0, 'U', 5), TRACK(0, 'a', 6) } },
	{ "alias of a device", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), ALIAS('a', 'u', 2), TELL('u', 0, 'U', 3), TRACK(0, 'a', 4),
		TRACK('u', 0, 5), TRACK('u', 'a', 6) } },
	{ "alias of a device that told", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TELL(0, 'a', 'U', 2), ALIAS('a', 'u', 3), TRACK('u', 0, 4),
		TRACK(0, 'a', 5), TRACK('u', 'a', 6) } },
	{ "alias of a user", PROMISE_ANY_ORDER,
	    { TRACK('p', 0, 1), TELL('p', 0, 'U', 2), ALIAS('p', 'u', 3), TRACK('u', 0, 4),
		TRACK('u', 'a', 5), TRACK(0, 'a', 6) } },
	{ "a chain of aliases", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), ALIAS('a', 'p', 2), ALIAS('p', 'u', 3), TELL('u', 0, 'U', 4),
		TRACK('p', 0, 5), TRACK('u', 'a', 6) } },
	{ "a chain of aliases whose first id told", PROMISE_ANY_ORDER,
	    { ALIAS('p', 'q', 1), ALIAS('q', 'u', 2), TELL('p', 'a', 'U', 3), TRACK('u', 0, 4),
		TRACK(0, 'a', 5), TRACK('q', 'b', 6) } },
	{ "two ids replaced by one", PROMISE_ANY_ORDER,
	    { ALIAS('a', 'u', 1), ALIAS('b', 'u', 2), TRACK(0, 'a', 3), TELL('u', 0, 'U', 4),
		TRACK(0, 'b', 5), TRACK('u', 0, 6) } },
	{ "two ids of one person on a device", PROMISE_ANY_ORDER,
	    { LINK('p', 'a', 1), LINK('u', 'a', 2), ALIAS('p', 'u', 3), TELL(0, 'a', 'U', 4),
		TRACK(0, 'a', 5), TRACK('p', 0, 6) } },
	{ "two devices of a user", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TRACK(0, 'b', 2), LINK('u', 'a', 3), TRACK('u', 'b', 4),
		TELL('u', 0, 'U', 5), TRACK(0, 'b', 6) } },
	{ "a userId that is the anonymousId", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), LINK('a', 'a', 2), TRACK(0, 'a', 3), TELL('u', 'a', 'U', 4),
		TRACK('u', 0, 5), TRACK(0, 'a', 6) } },
	{ "a user whom nobody tells", PROMISE_ANY_ORDER,
	    { TRACK('v', 'a', 1), TELL('u', 0, 'U', 2), TRACK(0, 'a', 3), TRACK('u', 0, 4),
		TRACK('v', 0, 5), LINK('v', 'a', 6) } },
	{ "users of two devices", PROMISE_ANY_ORDER,
	    { TRACK(0, 'a', 1), TRACK(0, 'b', 2), TELL('u', 'a', 'U', 3), LINK('v', 'b', 4),
		TELL('v', 0, 'V', 5), TRACK('v', 'b', 6) } },
	{ "two users in turn, both told at once", PROMISE_DEVICE_ORDER,
	    { TRACK(0, 'a', 1), TELL('u', 'a', 'U', 2), TRACK(0, 'a', 3), TELL('v', 'a', 'V', 4),
		TRACK(0, 'a', 5), TRACK('u', 0, 6) } },
	{ "two users in turn, the server tells", PROMISE_DEVICE_ORDER,
	    { LINK('u', 'a', 1), TRACK(0, 'a', 2), LINK('v', 'a', 3), TRACK(0, 'a', 4),
		TELL('v', 0, 'V', 5), TELL('u', 0, 'U', 6) } },
	{ "two users in turn, by track calls alone", PROMISE_DEVICE_ORDER,
	    { TRACK('u', 'a', 1), TRACK(0, 'a', 2), TRACK('v', 'a', 3), TRACK(0, 'a', 4),
		TELL('v', 0, 'V', 5), TELL('u', 0, 'U', 6) } },
	{ "a user comes back", PROMISE_DEVICE_ORDER,
	    { TELL('u', 'a', 'U', 1), TELL('v', 'a', 'V', 2), TRACK(0, 'a', 3), TRACK('u', 'a', 4),
		TRACK(0, 'a', 5), TRACK('v', 0, 6) } },
	{ "a user comes back, the server tells", PROMISE_DEVICE_ORDER,
	    { LINK('u', 'a', 1), TRACK('v', 'a', 2), TRACK(0, 'a', 3), LINK('u', 'a', 4),
		TRACK(0, 'a', 5), TELL('u', 0, 'U', 6) } },
	{ "a device is aliased to two", PROMISE_DEVICE_ORDER,
	    { TRACK(0, 'a', 1), ALIAS('a', 'u', 2), TELL('u', 0, 'U', 3), ALIAS('a', 'v', 4),
		TRACK(0, 'a', 5), TELL('v', 0, 'V', 6) } },
	{ "a second user whom nobody tells", PROMISE_DEVICE_ORDER,
	    { TELL('u', 'a', 'U', 1), TRACK('v', 'a', 2), TRACK(0, 'a', 3), TRACK('v', 0, 4),
		TRACK('u', 'a', 5), TRACK(0, 'a', 6) } },
	{ "two users in turn, in any order", PROMISE_ARRIVED,
	    { TELL('u', 'a', 'U', 1), TRACK(0, 'a', 2), TRACK('u', 'a', 3), TELL('v', 'a', 'V', 4),
		TRACK(0, 'a', 5), TRACK('v', 'a', 6) } },
	{ "two users in turn and an anonymous identify", PROMISE_ARRIVED,
	    { TELL(0, 'a', 'X', 1), TRACK(0, 'a', 2), LINK('u', 'a', 3), TRACK(0, 'a', 4),
		LINK('v', 'a', 5), TELL('v', 0, 'V', 6) } },
	{ "an id that is replaced twice", PROMISE_ARRIVED,
	    { TELL('p', 0, 'P', 1), ALIAS('p', 'u', 2), ALIAS('p', 'v', 3), TRACK('u', 0, 4),
		TRACK('v', 0, 5), TRACK('p', 0, 6) } },
	{ "aliases that join what shared a device", PROMISE_ARRIVED,
	    { TRACK('p', 'a', 1), TELL(0, 'a', 'X', 2), TRACK('u', 'a', 3), ALIAS('p', 'u', 4),
		TRACK(0, 'a', 5), TRACK('u', 0, 6) } },
	{ "an address that changes", PROMISE_ARRIVED,
	    { TELL('u', 'a', 'U', 1), TRACK('u', 0, 2), TELL('u', 0, 'W', 3), TRACK(0, 'a', 4),
		ALIAS('a', 'u', 5), TELL(0, 'a', 'X', 6) } },
	{ "all at one time", PROMISE_ARRIVED,
	    { TELL('u', 'a', 'U', 1), TRACK(0, 'a', 1), LINK('v', 'a', 1), TRACK(0, 'a', 1),
		TELL('v', 0, 'V', 1), TELL('u', 0, 'W', 1) } },
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(*scenarios);

size_t
scenario_size(const struct scenario *scenario)
{
	size_t n = 0;

	while (n < SCENARIO_CALLS && scenario->calls[n].kind != KIND_UNKNOWN)
		n++;
	return n;
}

static char
device_of(const struct call *call)
{
	return call->anonymous != 0 ? call->anonymous : call->previous;
}

bool
sequence_keeps_device_order(const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (device_of(&calls[i]) != 0
			    && device_of(&calls[i]) == device_of(&calls[k])
			    && calls[k].at < calls[i].at)
				return false;
	return true;
}

/* ---- random calls --------------------------------------------------------------------------- */

static bool
maybe(struct rand *rand)
{
	return rand_below(rand, 2) == 0;
}

static char
one_of(struct rand *rand, const char *letters)
{
	return letters[rand_below(rand, strlen(letters))];
}

static void
shuffle(struct rand *rand, struct call *calls, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = rand_below(rand, i);
		struct call other = calls[k];

		calls[k] = calls[i - 1];
		calls[i - 1] = other;
	}
}

static enum event_kind
track_or_identify(struct rand *rand)
{
	return rand_below(rand, 5) < 3 ? KIND_TRACK : KIND_IDENTIFY;
}

/* Three persons with one address each, who share neither ids nor devices. */
static size_t
make_persons(struct rand *rand, struct call *calls)
{
	static const struct {
		const char *user, *earlier, *devices;
		char email;
	} persons[] = { { "u", "up", "ab", 'U' }, { "v", "vc", "cd", 'V' },
		{ "w", "w", "e", 'W' } };
	size_t n = 0, most = 2 + rand_below(rand, SEQUENCE_CALLS - 4);

	/* Without these calls the replaced ids would be other persons. */
	calls[n++] = (struct call){ .kind = KIND_ALIAS, .previous = 'p', .user = 'u' };
	calls[n++] = (struct call){ .kind = KIND_ALIAS, .previous = 'c', .user = 'v' };
	while (n < most + 2) {
		size_t i = rand_below(rand, 3);
		struct call *call = &calls[n++];

		*call = (struct call){ .kind = track_or_identify(rand) };
		if (maybe(rand))
			call->user = one_of(rand, i == 0 ? persons[i].earlier : persons[i].user);
		if (call->user == 0 || maybe(rand))
			call->anonymous = one_of(rand, persons[i].devices);
		if (call->kind == KIND_IDENTIFY && maybe(rand))
			call->email = persons[i].email;
	}
	return n;
}

/* Users with one address each, who share devices; only calls with a userId give addresses. */
static size_t
make_users(struct rand *rand, struct call *calls)
{
	size_t n = 3 + rand_below(rand, SEQUENCE_CALLS - 2);

	for (size_t i = 0; i < n; i++) {
		struct call *call = &calls[i];

		*call = (struct call){ .kind = track_or_identify(rand) };
		if (call->kind == KIND_IDENTIFY || maybe(rand))
			call->user = one_of(rand, "uvw");
		if (call->user == 0 || maybe(rand))
			call->anonymous = one_of(rand, "ab");
		if (call->kind == KIND_IDENTIFY && maybe(rand))
			call->email = (char)(call->user - 'a' + 'A');
	}
	return n;
}

/* Makes any calls. */
static size_t
make_any(struct rand *rand, struct call *calls)
{
	size_t n = make_users(rand, calls);

	for (size_t i = 0; i < n; i++) {
		struct call *call = &calls[i];

		if (call->kind != KIND_IDENTIFY)
			continue;
		if (rand_below(rand, 3) == 0)
			*call = (struct call){ .kind = KIND_ALIAS,
				.user = one_of(rand, "uvw"),
				.previous = one_of(rand, "uvwpab") };
		else if (rand_below(rand, 3) == 0)
			*call = (struct call){ .kind = KIND_IDENTIFY,
				.anonymous = one_of(rand, "ab"),
				.email = one_of(rand, "UVWX") };
		else if (call->email != 0 && maybe(rand))
			call->email = one_of(rand, "UVWX");
	}
	return n;
}

/* Swaps the times of two calls of one device as long as `is_wrong` says so. */
static void
sort_times(struct call *calls, size_t n,
    bool (*is_wrong)(const struct call *later, const struct call *earlier))
{
	bool sorted = false;

	while (!sorted) {
		sorted = true;
		for (size_t i = 0; i < n; i++)
			for (size_t k = i + 1; k < n; k++) {
				int at = calls[k].at;

				if (device_of(&calls[i]) == 0
				    || device_of(&calls[i]) != device_of(&calls[k])
				    || !is_wrong(at < calls[i].at ? &calls[i] : &calls[k],
					at < calls[i].at ? &calls[k] : &calls[i]))
					continue;
				calls[k].at = calls[i].at;
				calls[i].at = at;
				sorted = false;
			}
	}
}

/* Whether the second of two calls has the earlier time. */
static bool
arrives_first(const struct call *later, const struct call *earlier)
{
	return later < earlier; /* both calls are in one array */
}

/* Prevents a user from coming back to a device. */
static bool
is_of_lower_user(const struct call *later, const struct call *earlier)
{
	return later->user != 0 && earlier->user != 0 && later->user < earlier->user;
}

size_t
sequence_make(struct rand *rand, enum promise promise, struct call calls[SEQUENCE_CALLS])
{
	size_t n = promise == PROMISE_ANY_ORDER      ? make_persons(rand, calls)
		   : promise == PROMISE_DEVICE_ORDER ? make_users(rand, calls)
						     : make_any(rand, calls);

	shuffle(rand, calls, n);
	for (size_t i = 0; i < n; i++)
		calls[i].at = (int)i + 1;
	shuffle(rand, calls, n);
	if (promise == PROMISE_DEVICE_ORDER)
		sort_times(calls, n, arrives_first);
	if (promise == PROMISE_ARRIVED)
		sort_times(calls, n, is_of_lower_user);
	return n;
}
