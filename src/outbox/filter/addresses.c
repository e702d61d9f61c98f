/*
 * A portion is a range of ids with the events in it that may have the address. Each block gives at
 * most its own events, and the table of later addresses a fixed number; when that has more, the
 * portion ends sooner. Fails on errors of the database and without memory.
 */
#include "outbox/filter/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"

bool
addresses_is_exact(const struct outbox_filter *f)
{
	return f->text[FILTER_EMAIL] != NULL && strpbrk(f->text[FILTER_EMAIL], "*?[") == NULL;
}

struct address_search *
addresses_begin(struct db *db, struct slice address, int64_t open, struct err *e)
{
	struct address_search *s = malloc(sizeof(*s));
	struct siphash_key secret = { 0 };

	if (s == NULL) {
		err_nomem(e);
		return NULL;
	}
	if (dedup_secret(db, &secret, e) < 0) {
		free(s);
		return NULL;
	}
	s->db = db;
	s->address = address;
	s->hash = address_hash(&secret, address);
	s->open = open;
	s->n = 0;
	return s;
}

static int
find_in_block(struct address_search *s, int64_t block, struct err *e)
{
	struct db_rows rows = stmt_filter_addresses(s->db, address_part(block, s->hash), e);
	struct slice entries;
	unsigned place;
	int rc = stmt_filter_addresses_next(&rows, &entries, e);

	if (rc == 1)
		for (size_t i = address_find(entries, s->hash);
		     address_at(entries, i, s->hash, &place); i++)
			s->ids[s->n++] = event_block_first(block) + place;
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

/* Returns 1 when it stopped before the last block; *block is then the last one that was searched.
 */
static int
find_in_blocks(struct address_search *s, struct db_rows *blocks, int64_t *block, struct err *e)
{
	int searched = 0, rc;

	while ((rc = stmt_filter_blocks_next(blocks, block, e)) == 1) {
		if (find_in_block(s, *block, e) != 0) {
			rc = -1;
			break;
		}
		if (++searched == ADDRESS_BLOCKS || s->n >= ADDRESS_IDS)
			break;
	}
	db_rows_end(blocks);
	return rc;
}

static struct db_rows
select_others(struct address_search *s, int64_t low, int64_t high, bool newest, struct err *e)
{
	const struct stmt_filter_of_address up = {
		.low = low,
		.high = high,
		.open = s->open,
		.email = s->address,
		.max = ADDRESS_IDS,
	};
	const struct stmt_filter_of_address_back back = {
		.low = low,
		.high = high,
		.open = s->open,
		.email = s->address,
		.max = ADDRESS_IDS,
	};

	return newest ? stmt_filter_of_address_back(s->db, &back, e)
		      : stmt_filter_of_address(s->db, &up, e);
}

/* Removes what lies outside of the portion. */
static void
keep(struct address_search *s, int64_t low, int64_t high)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->ids[i] >= low && s->ids[i] <= high)
			s->ids[n++] = s->ids[i];
	s->n = n;
}

/* Adds what the blocks do not have. When there is too much of it, *end moves to the last one. */
static int
find_others(
    struct address_search *s, int64_t low, int64_t high, bool newest, int64_t *end, struct err *e)
{
	struct db_rows rows = select_others(s, low, high, newest, e);
	size_t found = 0;
	int64_t id = 0;
	int rc;

	while ((rc = stmt_filter_of_address_next(&rows, &id, e)) == 1) {
		s->ids[s->n++] = id;
		found++;
	}
	if (found == ADDRESS_IDS)
		*end = s->ids[s->n - 1];
	return rc;
}

int
addresses_next(struct address_search *s, int64_t low, int64_t high, bool newest,
    struct db_rows *blocks, int64_t *ret_end, struct err *e)
{
	int64_t block = 0, end = newest ? low : high;
	int rc;

	s->n = 0;
	rc = find_in_blocks(s, blocks, &block, e);
	if (rc < 0)
		return -1;
	if (rc == 1 && newest && event_block_first(block) > low)
		end = event_block_first(block);
	if (rc == 1 && !newest && event_block_last(block) < high)
		end = event_block_last(block);
	if (find_others(s, newest ? end : low, newest ? high : end, newest, &end, e) != 0)
		return -1;
	keep(s, newest ? end : low, newest ? high : end);
	*ret_end = end;
	return 0;
}
