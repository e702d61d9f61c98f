#include "unit/dispatch/fake_composer.h"

static const char first_reason[] = "first_reason", second_reason[] = "second_reason";

static struct composed
read_letters(struct slice *body)
{
	struct composed composed = { .endpoint = BENTO_EVENTS, .items = 1 };

	if (body->n > 0 && (body->p[0] == 's' || body->p[0] == 'c')) {
		composed.endpoint = body->p[0] == 's' ? BENTO_SUBSCRIBERS : BENTO_COMMANDS;
		body->p++;
		body->n--;
	}
	if (body->n > 3 && body->p[0] == '*') {
		composed.items = (unsigned)(body->p[1] - '0');
		body->p += 3;
		body->n -= 3;
	}
	return composed;
}

static struct composed
compose(const struct mapping_options *o, const struct outbox_event *event, struct buf *to)
{
	struct slice body = event->body;
	size_t before = to->n;
	struct composed composed;

	(void)o;
	if (body.n > 0 && (body.p[0] == '!' || body.p[0] == '?'))
		return (struct composed){
			.how = COMPOSED_NEVER,
			.reason = body.p[0] == '!' ? first_reason : second_reason,
			.status = STATUS_INVALID,
		};
	composed = read_letters(&body);
	for (unsigned i = 0; i < composed.items; i++) {
		if (i > 0)
			buf_append_byte(to, ',');
		buf_append_slice(to, body);
	}
	if (to->failed) {
		buf_truncate(to, before);
		composed.how = COMPOSED_NO_ROOM;
	}
	return composed;
}

static bool
has_key(const struct mapping_options *o, const struct outbox_event *event)
{
	struct slice body = event->body;

	(void)o;
	read_letters(&body);
	return body.n > 0 && body.p[0] != '-';
}

const struct composer fake_composer = { .compose = compose, .has_key = has_key };
