/*
 * A mapping that copies the body, for tests of what stands around it. A body that begins with '!'
 * or '?' can never become an event, for two different reasons.
 */
#include "event/mapping.h"

const char fake_reason_first[] = "first_reason";
const char fake_reason_second[] = "second_reason";

int
mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason)
{
	size_t before = to->n;

	(void)o;
	*ret_reason = NULL;
	if (in->body.n > 0 && (in->body.p[0] == '!' || in->body.p[0] == '?')) {
		*ret_reason = in->body.p[0] == '!' ? fake_reason_first : fake_reason_second;
		return -1;
	}
	buf_append_slice(to, in->body);
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	*ret_mapped = (struct mapped){ .endpoint = BENTO_EVENTS, .items = 1 };
	return 0;
}

enum event_status
mapping_status(const char *reason)
{
	(void)reason;
	return STATUS_INVALID;
}

/* A body that begins with '-' has none. */
bool
mapping_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	(void)o;
	return in->body.n > 0 && in->body.p[0] != '-';
}

void
mapping_describe(const struct mapping_options *o, struct buf *to)
{
	buf_printf(to, "{\"fake\":%d}", o->unique_key);
}
