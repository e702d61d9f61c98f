/*
 * Erases a person. Phases go through identities, events, envelopes, attempts and operations, each
 * in the order of ids. A step reads a bounded number of rows of one phase; the message remembers
 * where to continue. The last step for a delete call removes it from the list.
 */
#include "outbox/operate/erase.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "outbox/file/db.h"
#include "outbox/filter/message_ids.h"
#include "outbox/identity/identity.h"
#include "outbox/message_kind.h"
#include "outbox/operate/erase_text.h"
#include "outbox/operate/operation_row.h"
#include "outbox/write/message_blocks.h"
#include "outbox/write/spans.h"
#include "outbox/write/store.h"

#define TEXT_MAX (256u << 20)
#define TEXTS_MAX 3

struct erasing {
	struct db *db;
	struct outbox_erase *erase;
	const char *email;
	struct erase_needle needle;
	int64_t now;
	size_t bytes;    /* bytes of texts that this step has read */
	int64_t changed; /* the last event whose block is to be written again; 0: none */
	struct err *e;
};

static bool
is_address(const struct erasing *s, struct slice text)
{
	return text.p != NULL && text.n == strlen(s->email)
	       && strncasecmp(text.p, s->email, text.n) == 0;
}

/* ---- quotes --------------------------------------------------------------------------------- */

/* Texts of a row. Those that quote the address are replaced by a clean copy. */
struct texts {
	struct slice text[TEXTS_MAX];
	struct buf clean[TEXTS_MAX];
	size_t n;
	bool any; /* one of the texts quoted the address */
};

/* Fills in `texts`. The caller must call end_texts whatever this returns. */
static int
clean_texts(struct erasing *s, struct texts *texts)
{
	int rc = 0;

	for (size_t i = 0; i < texts->n; i++) {
		buf_init(&texts->clean[i], TEXT_MAX);
		if (texts->text[i].p != NULL
		    && erase_text_replace(texts->text[i], &s->needle, &texts->clean[i])) {
			texts->text[i] = buf_slice(&texts->clean[i]);
			texts->any = true;
		}
		if (texts->clean[i].failed)
			rc = err_nomem(s->e);
	}
	return rc;
}

static bool
are_to_be_written(const struct erasing *s, const struct texts *texts)
{
	return texts->any && !s->erase->dry_run;
}

static void
end_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		buf_free(&texts->clean[i]);
}

/* ---- the person's ids ------------------------------------------------------------------------ */

static int
visit_identity(struct erasing *s, const struct stmt_erase_identities_row *row)
{
	bool told = is_address(s, row->email);

	if (s->erase->asked_by != 0 && row->taught > s->erase->asked_by)
		return 0;
	if (!told && !erase_text_has(row->id, &s->needle)
	    && !erase_text_has(row->user_id, &s->needle))
		return 0;
	s->erase->n_quotes++;
	if (s->erase->dry_run)
		return 0;
	if (told && SLICE_IS(row->kind, "user")
	    && identity_forget_user(s->db, row->site_id, row->id, s->erase->asked_by, s->e) != 0)
		return -1;
	if (identity_forget(s->db, row->site_id, row->identity_id, s->e) != 0)
		return -1;
	return stmt_release_forget(s->db,
	    &(struct stmt_release_forget){ .site_id = row->site_id, .email = s->email }, s->e);
}

/* ---- the person's events -------------------------------------------------------------------- */

static int
erase_names(struct erasing *s, const struct stmt_erase_events_row *row)
{
	struct texts t = { .text = { row->name, row->message_id }, .n = 2 };
	int rc;

	s->needle.loose = true;
	rc = clean_texts(s, &t);
	s->needle.loose = false;
	if (rc == 0 && are_to_be_written(s, &t))
		rc = stmt_erase_event_names(s->db,
		    &(struct stmt_erase_event_names){
			.event_id = row->event_id,
			.name = t.text[0],
			.message_id = t.text[1],
		    },
		    s->e);
	end_texts(&t);
	return rc;
}

static int
erase_event(struct erasing *s, const struct stmt_erase_events_row *row)
{
	int64_t id = row->event_id;

	s->erase->n_events++;
	s->erase->n_discarded += SLICE_IS(row->status, "pending") || SLICE_IS(row->status, "held");
	if (s->erase->dry_run)
		return 0;
	/* erase_names must come first: it needs the row as it was read. */
	if (erase_names(s, row) != 0 || message_blocks_change(s->db, &s->changed, id, s->e) != 0
	    || spans_leave_one(s->db, id, s->e) != 0 || stmt_erase_responses(s->db, id, s->e) != 0
	    || stmt_erase_leave_envelope(s->db, id, s->e) != 0
	    || stmt_erase_event(s->db, id, s->e) != 0
	    || stmt_erase_delivery(
		   s->db, &(struct stmt_erase_delivery){ .event_id = id, .now = s->now }, s->e)
		   != 0)
		return -1;
	return stmt_erase_remembered(s->db, id, s->e);
}

static int
replace_in_event(struct erasing *s, const struct stmt_erase_events_row *row, bool *ret_any)
{
	struct texts t = { .text = { row->name, row->message_id, row->body }, .n = 3 };
	int rc = clean_texts(s, &t);

	if (rc == 0 && are_to_be_written(s, &t))
		rc = message_blocks_change(s->db, &s->changed, row->event_id, s->e);
	if (rc == 0 && are_to_be_written(s, &t))
		rc = stmt_erase_event_quotes(s->db,
		    &(struct stmt_erase_event_quotes){
			.event_id = row->event_id,
			.name = t.text[0],
			.message_id = t.text[1],
			.body = t.text[2],
		    },
		    s->e);
	*ret_any = t.any;
	end_texts(&t);
	return rc;
}

static int
replace_in_detail(struct erasing *s, const struct stmt_erase_events_row *row, bool *ret_any)
{
	struct texts t = { .text = { row->detail }, .n = 1 };
	int rc = clean_texts(s, &t);

	if (rc == 0 && are_to_be_written(s, &t)) {
		rc = stmt_erase_detail_quotes(s->db,
		    &(struct stmt_erase_detail_quotes){
			.event_id = row->event_id,
			.detail = t.text[0],
		    },
		    s->e);
		if (rc == 0)
			rc = stmt_erase_remembered(s->db, row->event_id, s->e);
	}
	*ret_any = t.any;
	end_texts(&t);
	return rc;
}

/* Handles another person's event, which may quote the address. */
static int
replace_quotes(struct erasing *s, const struct stmt_erase_events_row *row)
{
	bool text = false, detail = false;

	if (replace_in_event(s, row, &text) != 0 || replace_in_detail(s, row, &detail) != 0)
		return -1;
	s->erase->n_quotes += text || detail;
	if (s->erase->dry_run
	    || (!erase_text_has(row->user_id, &s->needle)
		&& !erase_text_has(row->anonymous_id, &s->needle)))
		return 0;
	return stmt_erase_event_ids(s->db, row->event_id, s->e);
}

static int
visit_event(struct erasing *s, const struct stmt_erase_events_row *row)
{
	if (s->erase->asked_by != 0 && row->event_id > s->erase->asked_by)
		return 0;
	s->erase->last_event_id = row->event_id;
	if (s->erase->last_envelope_id < row->envelope_id)
		s->erase->last_envelope_id = row->envelope_id;
	if (is_address(s, row->email) || is_address(s, row->sent_to))
		return erase_event(s, row);
	return replace_quotes(s, row);
}

/* ---- other rows that quote the address ------------------------------------------------------- */

static int
visit_envelope(struct erasing *s, const struct stmt_erase_envelopes_row *row)
{
	struct texts t = { .text = { row->context, row->integrations }, .n = 2 };
	int rc;

	if (s->erase->asked_by != 0 && row->envelope_id > s->erase->last_envelope_id)
		return 0;
	rc = clean_texts(s, &t);
	if (rc == 0 && are_to_be_written(s, &t))
		rc = stmt_erase_envelope_quotes(s->db,
		    &(struct stmt_erase_envelope_quotes){
			.envelope_id = row->envelope_id,
			.context = t.text[0],
			.integrations = t.text[1],
		    },
		    s->e);
	s->erase->n_quotes += t.any;
	end_texts(&t);
	return rc;
}

static int
visit_attempt(struct erasing *s, const struct stmt_erase_attempts_row *row)
{
	struct texts t = { .text = { row->error, row->response }, .n = 2 };
	int rc = clean_texts(s, &t);

	if (rc == 0 && are_to_be_written(s, &t))
		rc = stmt_erase_attempt_quotes(s->db,
		    &(struct stmt_erase_attempt_quotes){
			.attempt_id = row->attempt_id,
			.error = t.text[0],
			.response = t.text[1],
		    },
		    s->e);
	s->erase->n_quotes += t.any;
	end_texts(&t);
	return rc;
}

static int
visit_operation(struct erasing *s, const struct stmt_erase_operations_row *row)
{
	struct texts t = { .text = { row->filter, row->note }, .n = 2 };
	int rc = clean_texts(s, &t);

	if (rc == 0 && are_to_be_written(s, &t))
		rc = stmt_erase_operation_quotes(s->db,
		    &(struct stmt_erase_operation_quotes){
			.operation_id = row->operation_id,
			.filter = t.text[0],
			.note = t.text[1],
		    },
		    s->e);
	s->erase->n_quotes += t.any;
	end_texts(&t);
	return rc;
}

/* ---- phases --------------------------------------------------------------------------------- */

/* Makes the scan continue after a row that was handled. Returns 1, or -1 when rc is an error. */
static int
pass(struct erasing *s, int64_t id, size_t bytes, int visited)
{
	if (visited != 0)
		return -1;
	s->erase->after_id = id;
	s->bytes += bytes;
	return 1;
}

static int
next_identity(struct erasing *s, struct db_rows *rows)
{
	struct stmt_erase_identities_row row;
	int rc = stmt_erase_identities_next(rows, &row, s->e);

	return rc != 1 ? rc
		       : pass(s, row.identity_id, row.email.n + row.id.n + row.user_id.n,
			   visit_identity(s, &row));
}

static int
next_event(struct erasing *s, struct db_rows *rows)
{
	struct stmt_erase_events_row row;
	int rc = stmt_erase_events_next(rows, &row, s->e);

	return rc != 1 ? rc : pass(s, row.event_id, row.body.n, visit_event(s, &row));
}

static int
next_envelope(struct erasing *s, struct db_rows *rows)
{
	struct stmt_erase_envelopes_row row;
	int rc = stmt_erase_envelopes_next(rows, &row, s->e);

	return rc != 1 ? rc
		       : pass(s, row.envelope_id, row.context.n + row.integrations.n,
			   visit_envelope(s, &row));
}

static int
next_attempt(struct erasing *s, struct db_rows *rows)
{
	struct stmt_erase_attempts_row row;
	int rc = stmt_erase_attempts_next(rows, &row, s->e);

	return rc != 1
		   ? rc
		   : pass(s, row.attempt_id, row.error.n + row.response.n, visit_attempt(s, &row));
}

static int
next_operation(struct erasing *s, struct db_rows *rows)
{
	struct stmt_erase_operations_row row;
	int rc = stmt_erase_operations_next(rows, &row, s->e);

	return rc != 1
		   ? rc
		   : pass(s, row.operation_id, row.filter.n + row.note.n, visit_operation(s, &row));
}

static const struct {
	struct db_rows (*begin)(struct db *db, int64_t after, struct err *e);
	int (*next)(struct erasing *s, struct db_rows *rows);
} phases[] = {
	[ERASE_IDENTITIES] = { stmt_erase_identities, next_identity },
	[ERASE_EVENTS] = { stmt_erase_events, next_event },
	[ERASE_ENVELOPES] = { stmt_erase_envelopes, next_envelope },
	[ERASE_ATTEMPTS] = { stmt_erase_attempts, next_attempt },
	[ERASE_OPERATIONS] = { stmt_erase_operations, next_operation },
};

/* Changes only rows that the scan has passed, so that the changes do not disturb the scan. */
static int
scan(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	struct db_rows rows = phases[erase->phase].begin(s->db, erase->after_id, s->e);
	int looked = 0, rc = 1;

	while (looked++ < ERASE_SCAN && s->bytes < ERASE_BYTES
	       && (rc = phases[erase->phase].next(s, &rows)) == 1)
		;
	db_rows_end(&rows);
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

/* Reads the oldest erasure that a delete call asked for. Returns 1, 0 when there is none, or -1. */
static int
read_asked(struct erasing *s)
{
	struct outbox_erase *erase = s->erase;
	struct db_rows rows = stmt_erasure_oldest(s->db, s->e);
	struct stmt_erasure_oldest_row row;
	int rc = stmt_erasure_oldest_next(&rows, &row, s->e);

	if (rc == 1) {
		erase->asked_by = row.event_id;
		snprintf(erase->asked, sizeof(erase->asked), "%.*s", (int)row.email.n, row.email.p);
	}
	db_rows_end(&rows);
	return rc;
}

/* Removes the request from the list, with older requests for the same person. */
static int
end_asked(struct erasing *s)
{
	return stmt_erasure_end(s->db,
	    &(struct stmt_erasure_end){
		.event_id = s->erase->asked_by != 0 ? s->erase->asked_by : s->erase->last_event_id,
		.email = s->email,
	    },
	    s->e);
}

/* Sets s->email. Returns 1, 0 when there is nothing to erase, or -1. */
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
	    && stmt_erase_site_reasons(s->db, s->e) != 0)
		return -1;
	if (scan(s) != 0 || message_blocks_change(s->db, &s->changed, 0, s->e) != 0
	    || note_operation(s) != 0)
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

	claims_clear(&t->store->claims);
	if (erase_step(t->db, erase, t->now, e) != 0)
		return -1;
	message_blocks_forget(&t->store->blocks, erase->last_event_id);
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
	.space = SPACE_WORK,
};
