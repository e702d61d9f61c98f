#include "cli/offline.h"

#include "base/mailbox.h"
#include "cli/wiring.h"

#define SLICE_TIMEOUT_MS 60000

/* On the writer's thread: the message comes back through a box. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	mailbox_push_always(arg, &msg->mail);
}

static int
run_slice(struct outbox *outbox, struct mailbox *box, struct outbox_operation *op, struct err *e)
{
	op->msg.type = OUTBOX_OPERATE;
	op->msg.done = give_back;
	op->msg.done_arg = box;
	if (outbox_send(outbox, &op->msg) != 0)
		return err_set(e, ERR_STATE, "the outbox takes no operation");
	while (mailbox_wait(box, SLICE_TIMEOUT_MS, NULL) == NULL)
		; /* the writer still owns the message: there is no going back without it */
	if (op->msg.rc == 0)
		return 0;
	*e = op->msg.err;
	return -1;
}

static int
run_slices(struct outbox *outbox, struct mailbox *box, struct outbox_operation *op, struct err *e)
{
	int rc;

	do
		rc = run_slice(outbox, box, op, e);
	while (rc == 0 && op->more);
	return rc;
}

int
offline_operate(const struct config *c, struct outbox_operation *op, struct err *e)
{
	struct outbox_options options;
	struct outbox *outbox;
	struct mailbox box; /* outlives the writer, which may still be leaving its last push */
	int rc;

	wiring_outbox(c, &options);
	if (mailbox_init(&box, 1, 1, NULL, NULL, e) != 0)
		return -1;
	if (outbox_open(&options, &outbox, NULL, e) != 0) {
		mailbox_free(&box);
		return -1;
	}
	rc = outbox_start(outbox, e);
	if (rc == 0) {
		rc = run_slices(outbox, &box, op, e);
		if (outbox_stop(outbox, rc == 0 ? e : NULL) != 0)
			rc = -1;
	}
	outbox_close(outbox);
	mailbox_free(&box);
	return rc;
}
