/*
 * Wraps a call as it is stored, with what its receipt added: the messageId, both times, the kind
 * (which may come from the path), and what its batch said. event/segment/forwarded.c reads it.
 * Fails for events in Bento's own format, which are not calls, and when the buffer is full.
 */
#include "event/mapping/mapping_forward.h"

#include "event/json/json.h"

static void
append_raw(struct buf *to, const char *name, struct slice raw)
{
	if (raw.p == NULL)
		return;
	buf_printf(to, ",\"%s\":", name);
	buf_append_slice(to, raw);
}

int
mapping_forward_append(const struct mapping_input *in, struct buf *to, struct mapped *ret_mapped,
    const char **ret_reason)
{
	size_t before = to->n;

	*ret_reason = NULL;
	if (in->kind == KIND_BENTO || in->kind == KIND_SUBSCRIBER) {
		*ret_reason = mapping_not_forwarded;
		return -1;
	}
	buf_append_literal(to, "{\"id\":");
	json_string_append(to, in->message_id);
	buf_printf(to, ",\"receivedAt\":%lld,\"occurredAt\":%lld,\"kind\":\"%s\"",
	    (long long)in->received_at, (long long)in->occurred_at, kind_name(in->kind));
	if (in->browser)
		buf_append_literal(to, ",\"browser\":true");
	if (in->maybe_sent)
		buf_append_literal(to, ",\"maybeSent\":true");
	append_raw(to, "context", in->context);
	append_raw(to, "integrations", in->batch_integrations);
	append_raw(to, "call", in->body);
	buf_append_byte(to, '}');
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	*ret_mapped = (struct mapped){ .endpoint = BENTO_CENTER, .items = 1 };
	return 0;
}
