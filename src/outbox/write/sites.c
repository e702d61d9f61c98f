/*
 * The rows of the table `site`: adds sites, and records the state of a site. Fails on errors of the
 * database.
 */
#include "outbox/write/sites.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static const char *
mode_name(enum outbox_site_mode mode)
{
	switch (mode) {
	case OUTBOX_SITE_READY:
		return "ready";
	case OUTBOX_SITE_BACKOFF:
		return "backoff";
	case OUTBOX_SITE_PAUSED:
		return "paused";
	}
	return "ready";
}

int
sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e)
{
	if (stmt_site_add(db, name, e) != 0)
		return -1;
	return stmt_site_id(db, slice_from(name), ret_site_id, e) == 1 ? 0 : -1;
}

int
sites_set_state(struct db *db, int64_t site_id, const struct outbox_site_state *state,
    bool answered, int64_t now, struct err *e)
{
	return stmt_site_set_state(db,
	    &(struct stmt_site_set_state){
		.site_id = site_id,
		.mode = mode_name(state->mode),
		.reason = state->reason[0] == '\0' ? SLICE_NONE : slice_from(state->reason),
		.next_attempt_at = state->next_attempt_at,
		.failures = state->failures,
		.byte_limit = db_int_if(state->byte_limit != 0, (int64_t)state->byte_limit),
		.refused = state->refused,
		.answered = answered,
		.now = now,
	    },
	    e);
}

int
sites_read_before(
    struct db *db, int64_t site_id, struct outbox_site_before *ret_before, struct err *e)
{
	struct stmt_site_remembered_row row;

	if (stmt_site_remembered(db, site_id, &row, e) != 1)
		return -1;
	*ret_before = (struct outbox_site_before){
		.paused = row.paused,
		.byte_limit = (size_t)row.byte_limit,
		.refused = (unsigned)row.refused,
	};
	return 0;
}

int
sites_reset(struct db *db, struct err *e)
{
	return stmt_sites_reset(db, e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_site_change *change = (const struct outbox_site_change *)msg;

	return sites_set_state(t->db, change->site_id, &change->site, false, t->now, e);
}

const struct message_kind outbox_site_change_kind = {
	.name = "site state",
	.apply = apply,
};
