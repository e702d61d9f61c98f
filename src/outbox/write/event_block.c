/*
 * Fills a block event by event and stores it: one row of event_block, a row of event_block_count
 * for each group, and up to ADDRESS_PARTS rows of event_address. Fails on errors of the database
 * and without memory.
 */
#include "outbox/write/event_block.h"

#include <string.h>

#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"

#define TEXTS_MAX (16u << 20) /* bytes of all names; more means that the groups are not counted */
#define DIGIT_BITS (ADDRESS_HASH_BITS / 2)
#define DIGITS (1 << DIGIT_BITS)

_Static_assert(ADDRESS_HASH_BITS % 2 == 0, "the sort takes two equal digits");

/* ---- addresses ------------------------------------------------------------------------------ */

uint32_t
address_hash(const struct siphash_key *secret, struct slice address)
{
	/* Not the key of messageIds, so that the two hashes say nothing of each other. */
	struct siphash_key key = { ~secret->k0, secret->k1 };
	char lower[ADDRESS_MAX];
	size_t n = address.n < sizeof(lower) ? address.n : sizeof(lower);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		lower[i] = (char)(c | ((unsigned char)(c - 'A') < 26) << 5);
	}
	return (uint32_t)(siphash(&key, lower, n) >> (64 - ADDRESS_HASH_BITS));
}

static uint32_t
entry_of(uint32_t hash, unsigned place)
{
	return hash << EVENT_BLOCK_BITS | place;
}

static uint32_t
read_entry(struct slice entries, size_t i)
{
	const unsigned char *p = (const unsigned char *)entries.p + i * ADDRESS_ENTRY_SIZE;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

size_t
address_find(struct slice entries, uint32_t hash)
{
	size_t from = 0, to = entries.n / ADDRESS_ENTRY_SIZE;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (read_entry(entries, middle) < entry_of(hash, 0))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool
address_at(struct slice entries, size_t i, uint32_t hash, unsigned *ret_place)
{
	uint32_t entry;

	if (i >= entries.n / ADDRESS_ENTRY_SIZE)
		return false;
	entry = read_entry(entries, i);
	*ret_place = entry & (EVENT_BLOCK_EVENTS - 1);
	return entry_of(hash, *ret_place) == entry;
}

/* Sorts by one digit of the hash and keeps the order of equal ones. */
static void
sort_by_digit(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
	uint16_t at[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		at[(from[i] >> shift & (DIGITS - 1)) + 1]++;
	for (size_t i = 1; i <= DIGITS; i++)
		at[i] = (uint16_t)(at[i] + at[i - 1]);
	for (size_t i = 0; i < n; i++)
		to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

static void
sort_addresses(struct event_block *b)
{
	uint64_t other[EVENT_BLOCK_EVENTS];

	sort_by_digit(b->addresses, other, b->n_addresses, EVENT_BLOCK_BITS);
	sort_by_digit(other, b->addresses, b->n_addresses, EVENT_BLOCK_BITS + DIGIT_BITS);
}

/* ---- filling -------------------------------------------------------------------------------- */

void
event_block_init(struct event_block *b)
{
	buf_init(&b->texts, TEXTS_MAX);
}

void
event_block_free(struct event_block *b)
{
	buf_free(&b->texts);
}

int
event_block_begin(struct event_block *b, struct db *db, struct err *e)
{
	b->events = 0;
	b->n_groups = b->n_addresses = 0;
	b->too_many = false;
	buf_clear(&b->texts);
	b->secret = (struct siphash_key){ 0 }; /* in a file that no writer has opened */
	return dedup_secret(db, &b->secret, e) < 0 ? -1 : 0;
}

static bool
is_group(const struct event_block *b, const struct event_block_group *g,
    const struct event_block_event *event)
{
	const char *texts = b->texts.p;

	return g->site_id == event->site_id && g->n_name == event->name.n
	       && g->n_kind == event->kind.n
	       && (g->n_kind == 0 || memcmp(texts + g->kind, event->kind.p, g->n_kind) == 0)
	       && (g->n_name == 0 || memcmp(texts + g->name, event->name.p, g->n_name) == 0);
}

static void
add_group(struct event_block *b, const struct event_block_event *event)
{
	struct event_block_group *g = &b->groups[b->n_groups];

	if (b->n_groups == EVENT_BLOCK_GROUPS) {
		b->too_many = true;
		return;
	}
	*g = (struct event_block_group){
		.site_id = event->site_id,
		.kind = b->texts.n,
		.n_kind = event->kind.n,
		.name = b->texts.n + event->kind.n,
		.n_name = event->name.n,
		.events = 1,
	};
	buf_append_slice(&b->texts, event->kind);
	buf_append_slice(&b->texts, event->name);
	if (b->texts.failed)
		b->too_many = true;
	else
		b->n_groups++;
}

/* A group moves toward the front when it is found, so that frequent ones are found soon. */
static void
count(struct event_block *b, const struct event_block_event *event)
{
	for (size_t i = 0; i < b->n_groups; i++) {
		if (!is_group(b, &b->groups[i], event))
			continue;
		b->groups[i].events++;
		if (i > 0) {
			struct event_block_group g = b->groups[i];

			b->groups[i] = b->groups[i - 1];
			b->groups[i - 1] = g;
		}
		return;
	}
	add_group(b, event);
}

void
event_block_add(struct event_block *b, const struct event_block_event *event)
{
	uint64_t place = (uint64_t)event->event_id & (EVENT_BLOCK_EVENTS - 1);

	if (b->events == 0 || event->received_at < b->first_received_at)
		b->first_received_at = event->received_at;
	if (b->events == 0 || event->received_at > b->last_received_at)
		b->last_received_at = event->received_at;
	b->events++;
	if (!b->too_many)
		count(b, event);
	if (event->email.p != NULL)
		b->addresses[b->n_addresses++] =
		    (uint64_t)address_hash(&b->secret, event->email) << EVENT_BLOCK_BITS | place;
}

/* ---- storing -------------------------------------------------------------------------------- */

static int
write_counts(const struct event_block *b, struct db *db, int64_t number, struct err *e)
{
	for (size_t i = 0; i < b->n_groups; i++) {
		const struct event_block_group *g = &b->groups[i];
		const struct stmt_event_block_count_add in = {
			.block = number,
			.site_id = g->site_id,
			.kind = { b->texts.p + g->kind, g->n_kind },
			.name = { b->texts.p + g->name, g->n_name },
			.events = g->events,
		};

		if (stmt_event_block_count_add(db, &in, e) != 0)
			return -1;
	}
	return 0;
}

static void
put_entry(char *to, uint32_t entry)
{
	for (int i = 0; i < ADDRESS_ENTRY_SIZE; i++)
		to[i] = (char)(entry >> (8 * i) & 0xff);
}

/* Stores the addresses from i on that belong to the same row; *ret_end gets the first of the next.
 */
static int
write_part(const struct event_block *b, struct db *db, int64_t number, size_t i, size_t *ret_end,
    struct err *e)
{
	char entries[EVENT_BLOCK_EVENTS * ADDRESS_ENTRY_SIZE];
	int64_t part = address_part(number, (uint32_t)(b->addresses[i] >> EVENT_BLOCK_BITS));
	size_t n = 0;

	for (; i < b->n_addresses
	       && address_part(number, (uint32_t)(b->addresses[i] >> EVENT_BLOCK_BITS)) == part;
	     i++) {
		put_entry(entries + n, (uint32_t)b->addresses[i]);
		n += ADDRESS_ENTRY_SIZE;
	}
	*ret_end = i;
	return stmt_event_address_add(
	    db, &(struct stmt_event_address_add){ .part = part, .entries = { entries, n } }, e);
}

int
event_block_write(struct event_block *b, struct db *db, int64_t number, struct err *e)
{
	const struct stmt_event_block_add in = {
		.block = number,
		.first_received_at = b->first_received_at,
		.last_received_at = b->last_received_at,
		.events = b->events,
		.counted = !b->too_many,
	};

	if (stmt_event_block_add(db, &in, e) != 0
	    || (!b->too_many && write_counts(b, db, number, e) != 0))
		return -1;
	sort_addresses(b);
	for (size_t i = 0; i < b->n_addresses;)
		if (write_part(b, db, number, i, &i, e) != 0)
			return -1;
	return 0;
}

int
event_block_drop(struct db *db, int64_t number, struct err *e)
{
	if (stmt_event_block_drop(db, number, e) != 0
	    || stmt_event_block_counts_drop(db, number, e) != 0)
		return -1;
	for (uint32_t i = 0; i < ADDRESS_PARTS; i++)
		if (stmt_event_address_drop(db, address_part(number, i << ADDRESS_KEY_BITS), e)
		    != 0)
			return -1;
	return 0;
}
