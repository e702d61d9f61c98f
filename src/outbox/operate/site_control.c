/*
 * Pause, resume and flush of a site or all of them: marks the sites, makes delayed events due, and
 * adds the operation's row. ERR_NOTFOUND: there is no such site.
 */
#include "outbox/operate/site_control.h"

#include "outbox/file/db.h"
#include "outbox/filter/filter.h"
#include "outbox/message_kind.h"
#include "outbox/operate/operation_row.h"

static const char *const names[] = {
	[SITE_CONTROL_PAUSE] = "pause",
	[SITE_CONTROL_RESUME] = "resume",
	[SITE_CONTROL_FLUSH] = "flush",
};

const char *
site_control_verb_name(enum site_control_verb verb)
{
	return names[verb];
}

int
site_control_verb_parse(struct slice name, enum site_control_verb *ret_verb)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_equals(name, slice_from(names[i]))) {
			*ret_verb = (enum site_control_verb)i;
			return 0;
		}
	return -1;
}

/* Marks the site of that name, or all sites, and counts them. */
static int
mark_sites(struct db *db, struct outbox_site_control *control, int64_t now, struct err *e)
{
	bool pause = control->verb == SITE_CONTROL_PAUSE;

	if (stmt_site_set_pause(db,
		&(struct stmt_site_set_pause){
		    .name = control->site,
		    .at = db_int_if(pause, now),
		    .actor = pause ? control->actor : NULL,
		    .note = pause ? control->note : NULL,
		},
		e)
	    != 0)
		return -1;
	control->n_sites = db_changes(db);
	return 0;
}

static int
count_sites(struct db *db, struct outbox_site_control *control, struct err *e)
{
	struct stmt_site_count_row row;

	if (stmt_site_count(db, control->site, &row, e) != 1)
		return -1;
	control->n_sites = row.sites;
	control->n_paused = row.paused;
	return 0;
}

static int
end_delays(struct db *db, const struct outbox_site_control *control, struct err *e)
{
	return stmt_site_end_delays(db,
	    &(struct stmt_site_end_delays){
		.name = control->site,
		.max = SITE_CONTROL_FLUSH_MAX,
	    },
	    e);
}

static int
write_operation(struct db *db, struct outbox_site_control *control, int64_t now, struct err *e)
{
	struct operation_row row = {
		.at = now,
		.actor = control->actor,
		.verb = site_control_verb_name(control->verb),
		.note = control->note,
	};
	struct outbox_filter filter;
	struct buf json;
	int rc = 0;

	outbox_filter_init(&filter);
	filter.all = control->site == NULL;
	if (control->site != NULL)
		rc = outbox_filter_set_text(&filter, FILTER_SITE, control->site, e);
	buf_init(&json, FILTER_MAX_JSON);
	outbox_filter_to_json(&filter, &json);
	if (rc == 0 && json.failed)
		rc = err_nomem(e);
	row.filter = buf_slice(&json);
	if (rc == 0)
		rc = operation_row_add(db, &row, &control->operation_id, e);
	buf_free(&json);
	outbox_filter_free(&filter);
	return rc;
}

int
site_control_apply(struct db *db, struct outbox_site_control *control, int64_t now, struct err *e)
{
	int rc;

	rc = control->verb == SITE_CONTROL_FLUSH ? count_sites(db, control, e)
						 : mark_sites(db, control, now, e);
	if (rc != 0)
		return -1;
	if (control->n_sites == 0)
		return control->site == NULL
			   ? err_set(e, ERR_NOTFOUND, "there is no site yet")
			   : err_set(e, ERR_NOTFOUND,
			       "there is no site \"%.64s\": bentospool status lists the sites",
			       control->site);
	if (control->verb != SITE_CONTROL_PAUSE && end_delays(db, control, e) != 0)
		return -1;
	return write_operation(db, control, now, e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	if (site_control_apply(t->db, (struct outbox_site_control *)msg, t->now, e) != 0)
		return -1;
	t->due = true;
	return 0;
}

const struct message_kind outbox_site_control_kind = {
	.name = "site control",
	.apply = apply,
};
