/* Rows of `envelope`. Fails on errors of the database. */
#include "outbox/origin/envelope.h"

#include "outbox/file/checksum.h"
#include "outbox/file/db.h"

bool
envelope_has(const struct envelope *env, const struct envelope_values *values)
{
	return env->begun && slice_equals(env->values.context, values->context)
	       && slice_equals(env->values.integrations, values->integrations)
	       && slice_equals(env->values.sent_at, values->sent_at);
}

int
envelope_begin(struct envelope *env, struct db *db, const struct envelope_values *values,
    int64_t next_event_id, struct err *e)
{
	struct stmt_envelope_add row = {
		.envelope_id = next_event_id,
		.context = values->context,
		.integrations = values->integrations,
		.sent_at = values->sent_at,
	};

	if (envelope_end(env, db, e) != 0)
		return -1;
	*env = (struct envelope){ .values = *values, .begun = true };
	if (values->context.p == NULL && values->integrations.p == NULL
	    && values->sent_at.p == NULL)
		return 0;
	row.checksum = checksum_envelope(&row);
	if (stmt_envelope_add(db, &row, e) != 0)
		return -1;
	env->id = row.envelope_id;
	return 0;
}

int
envelope_end(struct envelope *env, struct db *db, struct err *e)
{
	if (env->id == 0)
		return 0;
	return stmt_envelope_set_events(db,
	    &(struct stmt_envelope_set_events){
		.envelope_id = env->id,
		.events = env->events,
	    },
	    e);
}
