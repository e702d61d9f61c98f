/*
 * Erasing a person. Phases go through identities, events, envelopes, attempts and operations, each
 * in the order of ids. A step looks at a bounded number of rows of one phase; the message remembers
 * where to go on. An erasure for a delete call is removed from the list with its last step.
 */
#include "outbox/operate/erase.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "outbox/file/db.h"
#include "outbox/filter/message_ids.h"
#include "outbox/message_kind.h"
#include "outbox/operate/erase_text.h"
#include "outbox/operate/operation_row.h"
#include "outbox/write/identity.h"

#define TEXT_MAX (256u << 20)
#define COLUMNS_MAX 4

struct erasing {
	struct db *db;
	struct outbox_erase *erase;
	const char *email;
	struct erase_needle needle;
	int64_t now;
	struct err *e;
};

static bool
is_address(const struct erasing *s, struct slice text)
{
	return text.p != NULL && text.n == strlen(s->email)
	       && strncasecmp(text.p, s->email, text.n) == 0;
}

static int
run_with_id(struct erasing *s, enum stmt id, int64_t row)
{
	sqlite3_stmt *stmt = db_stmt(s->db, id, s->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, row);
	return db_run(s->db, stmt, s->e);
}

/* ---- quotes --------------------------------------------------------------------------------- */

/*
 * The columns of `row` from `first` on are texts that may quote the address. If one does, `update`
 * (?1 the id, then all the texts) writes them back with the address replaced.
 */
static int
replace_texts(struct erasing *s, sqlite3_stmt *row, int64_t id, int first, int n, enum stmt update,
    bool *ret_any)
{
	struct buf texts[COLUMNS_MAX];
	bool changed[COLUMNS_MAX], any = false;
	sqlite3_stmt *stmt = NULL;
	int rc = 0;

	for (int i = 0; i < n; i++) {
		struct slice text = db_text(row, first + i);

		buf_init(&texts[i], TEXT_MAX);
		changed[i] = text.p != NULL && erase_text_replace(text, &s->needle, &texts[i]);
		any = any || changed[i];
		if (texts[i].failed)
			rc = err_nomem(s->e);
	}
	*ret_any = any;
	if (any && rc == 0 && !s->erase->dry_run) {
		stmt = db_stmt(s->db, update, s->e);
		rc = stmt == NULL ? -1 : 0;
	}
	if (stmt != NULL) {
		db_bind_int(stmt, 1, id);
		for (int i = 0; i < n; i++)
			db_bind_text(stmt, i + 2,
			    changed[i] ? buf_slice(&texts[i]) : db_text(row, first + i));
		rc = db_run(s->db, stmt, s->e);
	}
	for (int i = 0; i < n; i++)
		buf_free(&texts[i]);
	return rc;
}

static int
replace_quotes(struct erasing *s, sqlite3_stmt *row, int64_t id, int first, int n, enum stmt update)
{
	bool any;
	int rc = replace_texts(s, row, id, first, n, update, &any);

	s->erase->n_quotes += any;
	return rc;
}

/* ---- the person's ids ------------------------------------------------------------------------ */

/* The columns are those of STMT_ERASE_IDENTITIES. */
static int
visit_identity(struct erasing *s, sqlite3_stmt *row)
{
	if (s->erase->asked_by != 0 && db_int(row, 6) > s->erase->asked_by)
		return 0;
	if (!is_address(s, db_text(row, 1)) && !erase_text_has(db_text(row, 2), &s->needle)
	    && !erase_text_has(db_text(row, 3), &s->needle))
		return 0;
	s->erase->n_quotes++;
	if (s->erase->dry_run)
		return 0;
	if (identity_count(s->db, db_int(row, 4), -1, s->e) != 0
	    || stmt_release_end(s->db, db_int(row, 5), s->e) != 0)
		return -1;
	return run_with_id(s, STMT_ERASE_IDENTITY, db_int(row, 0));
}

/* ---- the person's events -------------------------------------------------------------------- */

/* The columns are those of STMT_ERASE_EVENTS. */
static int
erase_event(struct erasing *s, sqlite3_stmt *row)
{
	static const enum stmt steps[] = { STMT_ERASE_ANSWERS, STMT_ERASE_ENVELOPE,
		STMT_ERASE_EVENT, STMT_ERASE_DELIVERY, STMT_ERASE_REMEMBERED };
	int64_t id = db_int(row, 0);
	struct slice status = db_text(row, 3);
	bool any;
	int rc;

	s->erase->n_events++;
	s->erase->n_discarded += SLICE_IS(status, "pending") || SLICE_IS(status, "held");
	if (s->erase->dry_run)
		return 0;
	/* First, while the row still is as it was read. */
	s->needle.loose = true;
	rc = replace_texts(s, row, id, 4, 2, STMT_ERASE_EVENT_NAMES, &any);
	s->needle.loose = false;
	if (rc != 0)
		return -1;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		sqlite3_stmt *stmt = db_stmt(s->db, steps[i], s->e);

		if (stmt == NULL)
			return -1;
		db_bind_int(stmt, 1, id);
		if (steps[i] == STMT_ERASE_DELIVERY)
			db_bind_int(stmt, 2, s->now);
		if (db_run(s->db, stmt, s->e) != 0)
			return -1;
	}
	return 0;
}

/* Another person's event, which may quote the address. */
static int
quoting_event(struct erasing *s, sqlite3_stmt *row, int64_t id)
{
	bool text = false, detail = false;

	if (replace_texts(s, row, id, 4, 3, STMT_ERASE_EVENT_QUOTES, &text) != 0
	    || replace_texts(s, row, id, 7, 1, STMT_ERASE_DETAIL_QUOTES, &detail) != 0)
		return -1;
	s->erase->n_quotes += text || detail;
	return detail && !s->erase->dry_run ? run_with_id(s, STMT_ERASE_REMEMBERED, id) : 0;
}

static int
visit_event(struct erasing *s, sqlite3_stmt *row)
{
	if (s->erase->asked_by != 0 && db_int(row, 0) > s->erase->asked_by)
		return 0;
	s->erase->last_event_id = db_int(row, 0);
	if (s->erase->last_envelope_id < db_int(row, 10))
		s->erase->last_envelope_id = db_int(row, 10);
	if (is_address(s, db_text(row, 1)) || is_address(s, db_text(row, 2)))
		return erase_event(s, row);
	if (quoting_event(s, row, db_int(row, 0)) != 0)
		return -1;
	if (s->erase->dry_run
	    || (!erase_text_has(db_text(row, 8), &s->needle)
		&& !erase_text_has(db_text(row, 9), &s->needle)))
		return 0;
	return run_with_id(s, STMT_ERASE_EVENT_IDS, db_int(row, 0));
}

static int
visit_envelope(struct erasing *s, sqlite3_stmt *row)
{
	if (s->erase->asked_by != 0 && db_int(row, 0) > s->erase->last_envelope_id)
		return 0;
	return replace_quotes(s, row, db_int(row, 0), 1, 2, STMT_ERASE_ENVELOPE_QUOTES);
}

static int
visit_attempt(struct erasing *s, sqlite3_stmt *row)
{
	return replace_quotes(s, row, db_int(row, 0), 1, 2, STMT_ERASE_ATTEMPT_QUOTES);
}

static int
visit_operation(struct erasing *s, sqlite3_stmt *row)
{
	return replace_quotes(s, row, db_int(row, 0), 1, 2, STMT_ERASE_OPERATION_QUOTES);
}

/* ---- phases --------------------------------------------------------------------------------- */

static const struct {
	enum stmt scan; /* ?1: ids above; the id is its first column */
	int (*visit)(struct erasing *s, sqlite3_stmt *row);
	int texts, n_texts; /* columns, for counting bytes */
} phases[] = {
	[ERASE_IDENTITIES] = { STMT_ERASE_IDENTITIES, visit_identity, 1, 3 },
	[ERASE_EVENTS] = { STMT_ERASE_EVENTS, visit_event, 6, 1 },
	[ERASE_ENVELOPES] = { STMT_ERASE_ENVELOPES, visit_envelope, 1, 2 },
	[ERASE_ATTEMPTS] = { STMT_ERASE_ATTEMPTS, visit_attempt, 1, 2 },
	[ERASE_OPERATIONS] = { STMT_ERASE_OPERATIONS, visit_operation, 1, 2 },
};

/* Only rows that the scan has passed are written, so the scan is not disturbed. */
static int
scan(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	sqlite3_stmt *row = db_stmt(s->db, phases[erase->phase].scan, s->e);
	size_t bytes = 0;
	int looked = 0, rc = 1;

	if (row == NULL)
		return -1;
	db_bind_int(row, 1, erase->after_id);
	while (
	    looked++ < ERASE_SCAN && bytes < ERASE_BYTES && (rc = db_step(s->db, row, s->e)) == 1) {
		int64_t id = db_int(row, 0);

		for (int i = 0; i < phases[erase->phase].n_texts; i++)
			bytes += db_text(row, phases[erase->phase].texts + i).n;
		if (phases[erase->phase].visit(s, row) != 0) {
			db_done(row);
			return -1;
		}
		erase->after_id = id;
	}
	db_done(row);
	if (rc == 0) {
		erase->phase++;
		erase->after_id = 0;
	}
	return rc < 0 ? -1 : 0;
}

static int
note_operation(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	const struct operation_row row = {
		.at = s->now,
		.actor = erase->actor,
		.verb = "erase",
		.filter = SLICE("{\"email\":\"" ERASE_WORD "\"}"),
	};

	if (erase->n_events + erase->n_quotes == 0 || erase->dry_run)
		return 0;
	if (erase->operation_id == 0
	    && operation_row_add(s->db, &row, &erase->operation_id, s->e) != 0)
		return -1;
	return operation_row_count(s->db, erase->operation_id, erase->n_events, s->e);
}

/* ---- erasures for delete calls -------------------------------------------------------------- */

/* The oldest erasure that a delete call asked for: 1, 0 there is none, -1. */
static int
read_asked(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_ERASURE_NEXT, s->e);
	struct slice email;
	int rc;

	if (stmt == NULL)
		return -1;
	rc = db_step(s->db, stmt, s->e);
	if (rc == 1) {
		email = db_text(stmt, 1);
		erase->asked_by = db_int(stmt, 0);
		snprintf(erase->asked, sizeof(erase->asked), "%.*s", (int)email.n, email.p);
	}
	db_done(stmt);
	return rc;
}

/* Older ones of the same person are done, too. */
static int
end_asked(struct erasing *s)
{
	sqlite3_stmt *stmt = db_stmt(s->db, STMT_ERASURE_END, s->e);

	if (stmt == NULL)
		return -1;
	db_bind_int(
	    stmt, 1, s->erase->asked_by != 0 ? s->erase->asked_by : s->erase->last_event_id);
	db_bind_text(stmt, 2, slice_from(s->email));
	return db_run(s->db, stmt, s->e);
}

/* Sets s->email: 1, 0 when there is nothing to erase, -1. */
static int
find_email(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	int rc = 1;

	if (erase->email == NULL && erase->asked_by == 0)
		rc = read_asked(s);
	s->email = erase->email != NULL ? erase->email : erase->asked;
	erase->none = rc == 0;
	return rc;
}

static int
run_step(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;

	if (erase->phase == ERASE_EVENTS && erase->after_id == 0 && !erase->dry_run
	    && run_with_id(s, STMT_ERASE_SITES, 0) != 0)
		return -1;
	if (scan(s) != 0 || note_operation(s) != 0)
		return -1;
	erase->more = erase->phase != ERASE_DONE;
	return erase->more || erase->dry_run ? 0 : end_asked(s);
}

int
erase_step(struct db *db, struct outbox_erase *erase, int64_t now, struct err *e)
{
	struct erasing s = { .db = db, .erase = erase, .now = now, .e = e };
	int rc = find_email(&s);

	erase->more = false;
	if (rc <= 0)
		return rc;
	if (!erase_needle_of(slice_from(s.email), &s.needle))
		return erase->email == NULL
			   ? end_asked(&s)
			   : err_set(e, ERR_INPUT, "this is not an e-mail address");
	return run_step(&s);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_erase *erase = (struct outbox_erase *)msg;

	if (erase_step(t->db, erase, t->now, e) != 0)
		return -1;
	if (erase->dry_run || erase->none)
		return 0;
	t->cut_wal = t->cut_wal || !erase->more;
	t->changed = true;
	return 0;
}

const struct message_kind outbox_erase_kind = {
	.name = "erase",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
};
