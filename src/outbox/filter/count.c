/*
 * Counts matching events. An exact count walks over all of them. The other count, for the last
 * line of a list, uses existing counts: by status (site_count), or by blocks of events
 * (outbox/write/event_block.h), of which it reads only those that are partly in the period or have
 * too many names. It walks only for other filters, and ends after a bounded amount of work. Fails
 * on errors of the database.
 */
#include "outbox/filter/count.h"

#include <string.h>

#include "outbox/file/db.h"
#include "outbox/filter/walk.h"
#include "outbox/write/event_block.h"

/* An event that is looked up by its id has a page of its own. */
#define WORK_BY_ID (FILTER_COUNT_WORK / 500)
#define WORK_PORTION (FILTER_COUNT_WORK / 100)
#define PORTION 4096
#define NAMES_MAX 256

struct counting {
	struct db *db;
	const struct outbox_filter *f;
	int64_t max, work; /* what is left of the work */
	int64_t portion;   /* most ids of a portion, so that the work is noticed in time; 0: any */
	struct stmt_audit_ids_row ids; /* the oldest and the newest event */
	struct filter_count count;
};

static bool
goes_on(struct counting *c)
{
	c->count.more = c->count.events > c->max || c->work <= 0;
	return !c->count.more;
}

/* ---- event by event ------------------------------------------------------------------------- */

static int
count_portion(struct counting *c, struct filter_walk *walk, struct err *e)
{
	int64_t event_id;
	int rc = 0;

	while (c->count.events <= c->max
	       && (rc = stmt_audit_match_next(&walk->rows, &event_id, e)) == 1)
		c->count.events++;
	c->work -= WORK_PORTION + db_rows_steps(&walk->rows);
	if (walk->search != NULL)
		c->work -= WORK_BY_ID * (int64_t)walk->search->n;
	return rc < 0 ? -1 : 0;
}

static int
count_range(struct counting *c, int64_t low, int64_t high, struct err *e)
{
	const struct filter_range range = {
		.low = low > c->ids.first ? low : c->ids.first,
		.high = high < c->ids.last ? high : c->ids.last,
		.scan_max = c->portion,
	};
	struct filter_walk walk;
	struct buf sql;
	int rc = filter_walk_begin(&walk, c->db, c->f, &range, e);

	if (rc == 0) {
		buf_init(&sql, FILTER_SQL_MAX);
		filter_walk_sql(&walk, &sql);
		walk.rows = stmt_audit_match(c->db, &sql, e);
	}
	while (rc == 0 && goes_on(c) && (rc = filter_walk_next(&walk, e)) == 1)
		rc = count_portion(c, &walk, e);
	filter_walk_end(&walk);
	return rc;
}

/* ---- what is counted already ---------------------------------------------------------------- */

/* Whether every criterion is one of those in `texts`, of kinds and times if `blocks`, or of
 * statuses if not. */
static bool
has_only(const struct outbox_filter *f, unsigned texts, bool blocks)
{
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL && (texts >> i & 1) == 0)
			return false;
	if (f->n_ids > 0 || f->http_status != 0)
		return false;
	return blocks ? f->statuses == 0 : f->kinds == 0 && f->since == 0 && f->until == 0;
}

static struct slice
text_of(const struct outbox_filter *f, enum filter_text which)
{
	return f->text[which] == NULL ? SLICE_NONE : slice_from(f->text[which]);
}

static struct slice
names_of(unsigned set, const char *(*name)(unsigned), struct buf *names)
{
	if (set == 0)
		return SLICE_NONE;
	buf_append_byte(names, ',');
	for (unsigned i = 0; set >> i != 0; i++)
		if (set >> i & 1)
			buf_printf(names, "%s,", name(i));
	return buf_slice(names);
}

static int
count_by_status(struct counting *c, struct err *e)
{
	struct buf names;
	int rc;

	buf_init(&names, NAMES_MAX);
	rc = stmt_filter_status_count(c->db,
	    &(struct stmt_filter_status_count){
		.site = text_of(c->f, FILTER_SITE),
		.statuses = names_of(c->f->statuses, filter_status_name, &names),
	    },
	    &c->count.events, e);
	buf_free(&names);
	return rc == 1 ? 0 : -1;
}

static int
count_block(struct counting *c, const struct stmt_filter_block_sums_row *block, struct err *e)
{
	if (block->events < 0)
		return count_range(
		    c, event_block_first(block->block), event_block_last(block->block), e);
	c->count.events += block->events;
	return 0;
}

static int
count_complete_blocks(struct counting *c, struct err *e)
{
	const struct outbox_filter *f = c->f;
	struct stmt_filter_block_sums_row block;
	struct db_rows rows;
	struct buf names;
	int rc = 0;

	buf_init(&names, NAMES_MAX);
	rows = stmt_filter_block_sums(c->db,
	    &(struct stmt_filter_block_sums){
		.since = f->since != 0 ? f->since : INT64_MIN,
		.until = f->until != 0 ? f->until : INT64_MAX,
		.any =
		    f->kinds == 0 && f->text[FILTER_NAME] == NULL && f->text[FILTER_SITE] == NULL,
		.kinds = names_of(f->kinds, filter_kind_name, &names),
		.name = text_of(f, FILTER_NAME),
		.site = text_of(f, FILTER_SITE),
	    },
	    e);
	while (goes_on(c) && (rc = stmt_filter_block_sums_next(&rows, &block, e)) == 1)
		if ((rc = count_block(c, &block, e)) != 0)
			break;
	db_rows_end(&rows);
	buf_free(&names);
	return rc < 0 ? -1 : 0;
}

static int
count_by_blocks(struct counting *c, struct err *e)
{
	int64_t open;

	if (stmt_filter_open_block(c->db, &open, e) != 1 || count_complete_blocks(c, e) != 0)
		return -1;
	return goes_on(c) ? count_range(c, open, INT64_MAX, e) : 0;
}

/* A pattern of stars matches the empty name that blocks have for events without a name. */
static bool
matches_no_name(const struct outbox_filter *f)
{
	const char *name = f->text[FILTER_NAME];

	return name != NULL && name[strspn(name, "*")] == '\0';
}

static int
count_about(struct counting *c, struct err *e)
{
	if (stmt_audit_ids(c->db, &c->ids, e) != 1)
		return -1;
	if (has_only(c->f, 1u << FILTER_SITE, false))
		return count_by_status(c, e);
	if (has_only(c->f, 1u << FILTER_SITE | 1u << FILTER_NAME, true) && !matches_no_name(c->f))
		return count_by_blocks(c, e);
	return count_range(c, 0, INT64_MAX, e);
}

int
filter_count_about(struct db *db, const struct outbox_filter *f, int64_t max,
    struct filter_count *ret_count, struct err *e)
{
	struct counting c = {
		.db = db, .f = f, .max = max, .work = FILTER_COUNT_WORK, .portion = PORTION
	};
	int rc = count_about(&c, e);

	if (c.count.more && c.count.events > max)
		c.count.events = max + 1; /* not up to the end of a block */
	*ret_count = c.count;
	return rc;
}

/* ---- exactly -------------------------------------------------------------------------------- */

int
filter_count_all(struct db *db, const struct outbox_filter *f, int64_t *ret_count, struct err *e)
{
	struct counting c = {
		.db = db,
		.f = f,
		.max = INT64_MAX - 1,
		.work = INT64_MAX,
		.ids.last = INT64_MAX,
	};
	int rc = count_range(&c, 0, INT64_MAX, e);

	*ret_count = c.count.events;
	return rc;
}
