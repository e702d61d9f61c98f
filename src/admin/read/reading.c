/* Every refusal is a code and a sentence. */
#include "admin/read/reading.h"

#include <inttypes.h>

static bool
is_over(void *arg)
{
	const struct reading *g = arg;

	return clock_mono(g->admin->o.clock) >= g->deadline;
}

int
reading_begin(struct reading *g, const struct admin_request *r, struct admin_reply *reply)
{
	struct err e;

	*g = (struct reading){ .admin = r->admin, .audit = admin_audit(r->admin, &e) };
	if (g->audit == NULL) {
		reading_failed(g, reply, &e);
		return -1;
	}
	g->deadline = clock_mono(r->admin->o.clock) + READING_MS;
	g->budget = (struct audit_budget){ .steps = READING_STEPS, .is_over = is_over, .arg = g };
	return 0;
}

void
reading_failed(struct reading *g, struct admin_reply *reply, const struct err *e)
{
	admin_audit_failed(g->admin, e);
	admin_reply_refuse(
	    reply, 503, "database_unreadable", "the database cannot be read now: %s", e->text);
}

void
reading_refuse(struct admin_reply *reply, const struct err *e)
{
	admin_reply_refuse(reply, 400, "bad_parameter", "%s", e->text);
}

int
reading_params(const struct admin_request *r, struct admin_reply *reply, const char *const *known,
    struct params *ret_params)
{
	struct err e;

	if (params_parse(ret_params, r->query, known, &e) == 0)
		return 0;
	reading_refuse(reply, &e);
	return -1;
}

int
reading_id(const struct admin_request *r, struct admin_reply *reply, int64_t *ret_id)
{
	static const char *const known[] = { "id", NULL };
	struct params p;
	struct err e;

	if (reading_params(r, reply, known, &p) != 0)
		return -1;
	*ret_id = 0;
	if (params_number(&p, "id", 1, INT64_MAX, ret_id, &e) == 0 && *ret_id == 0)
		err_set(&e, ERR_INPUT, "id is missing");
	else if (*ret_id != 0)
		return 0;
	reading_refuse(reply, &e);
	return -1;
}

void
reading_not_found(struct admin_reply *reply, const char *what, int64_t id)
{
	admin_reply_refuse(reply, 404, "not_found",
	    "there is no %s %" PRId64 ": it never existed, or retention removed it", what, id);
}
