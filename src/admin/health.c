/* Health checks answer from memory, so that they need no disk. Nothing fails. */
#include "admin/health.h"

#include "admin/state.h"

static void
reply_ok(struct admin_reply *reply)
{
	buf_append_literal(&reply->body, "ok\n");
}

static void
reply_trouble(struct admin_reply *reply, const char *code, const char *text)
{
	reply->status = 503;
	reply->code = code;
	reply->probe = true;
	buf_printf(&reply->body, "%s: %s\n", code, text);
}

static void
reply_storage(const struct admin_request *r, struct admin_reply *reply, const char *code)
{
	char text[512];

	outbox_health_text(r->admin->o.outbox, text, sizeof(text));
	reply_trouble(reply, code, text);
}

void
health_get_live(const struct admin_request *r, struct admin_reply *reply)
{
	if (outbox_health(r->admin->o.outbox) == OUTBOX_FAILED)
		reply_storage(r, reply, "storage_failed");
	else
		reply_ok(reply);
}

void
health_get_ready(const struct admin_request *r, struct admin_reply *reply)
{
	if (atomic_load(&r->admin->stopping)) {
		reply_trouble(reply, "stopping", "the daemon is stopping");
		return;
	}
	switch (outbox_health(r->admin->o.outbox)) {
	case OUTBOX_OK:
		reply_ok(reply);
		break;
	case OUTBOX_FULL:
		reply_storage(r, reply, "storage_full");
		break;
	case OUTBOX_BLOCKED:
		reply_storage(r, reply, "storage_busy");
		break;
	case OUTBOX_STALLED:
	case OUTBOX_FAULTY:
	case OUTBOX_FAILED:
		reply_storage(r, reply, "storage_failed");
		break;
	}
}
