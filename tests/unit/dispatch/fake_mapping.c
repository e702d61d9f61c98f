/*
 * A mapping that copies the body, for tests of what stands around it. A body that begins with '!'
 * or '?' can never become an event, for two different reasons. Letters in front of it are not
 * copied: 's' makes a subscriber and 'c' a command of it, then "*3:" three items.
 */
#include "event/mapping/mapping.h"

const char fake_reason_first[] = "first_reason";
const char fake_reason_second[] = "second_reason";

static struct mapped
read_letters(struct slice *body)
{
	struct mapped mapped = { .endpoint = BENTO_EVENTS, .items = 1 };

	if (body->n > 0 && (body->p[0] == 's' || body->p[0] == 'c')) {
		mapped.endpoint = body->p[0] == 's' ? BENTO_SUBSCRIBERS : BENTO_COMMANDS;
		body->p++;
		body->n--;
	}
	if (body->n > 3 && body->p[0] == '*') {
		mapped.items = (unsigned)(body->p[1] - '0');
		body->p += 3;
		body->n -= 3;
	}
	return mapped;
}

int
mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason)
{
	struct slice body = in->body;
	size_t before = to->n;

	(void)o;
	*ret_reason = NULL;
	if (in->body.n > 0 && (in->body.p[0] == '!' || in->body.p[0] == '?')) {
		*ret_reason = in->body.p[0] == '!' ? fake_reason_first : fake_reason_second;
		return -1;
	}
	*ret_mapped = read_letters(&body);
	for (unsigned i = 0; i < ret_mapped->items; i++) {
		if (i > 0)
			buf_append_byte(to, ',');
		buf_append_slice(to, body);
	}
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	return 0;
}

enum event_status
mapping_status(const char *reason)
{
	(void)reason;
	return STATUS_INVALID;
}

/* A body that begins with '-', after its letter, has none. */
bool
mapping_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	struct slice body = in->body;

	(void)o;
	read_letters(&body);
	return body.n > 0 && body.p[0] != '-';
}

void
mapping_describe(const struct mapping_options *o, struct buf *to)
{
	buf_printf(to, "{\"fake\":%d}", o->unique_key);
}
