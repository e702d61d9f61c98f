#include "cli/offline.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

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
run(struct outbox *outbox, struct mailbox *box, struct outbox_msg *msg, struct err *e)
{
	msg->done = give_back;
	msg->done_arg = box;
	if (outbox_send(outbox, msg) != 0)
		return err_set(e, ERR_STATE, "the outbox takes no operation");
	while (mailbox_wait(box, SLICE_TIMEOUT_MS, NULL) == NULL)
		; /* the writer still owns the message: there is no going back without it */
	if (msg->rc == 0)
		return 0;
	*e = msg->err;
	return -1;
}

/* Sends the message until `again`, which tells of the progress, has enough of it; NULL: once. */
static int
with_writer(const struct config *c, struct outbox_msg *msg,
    bool (*again)(struct outbox_msg *, struct progress *), struct progress *progress, struct err *e)
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
		do
			rc = run(outbox, &box, msg, e);
		while (rc == 0 && again != NULL && again(msg, progress));
		if (outbox_stop(outbox, rc == 0 ? e : NULL) != 0)
			rc = -1;
	}
	outbox_close(outbox);
	mailbox_free(&box);
	return rc;
}

static bool
is_unfinished(struct outbox_msg *msg, struct progress *progress)
{
	const struct outbox_operation *op = (struct outbox_operation *)msg;

	if (op->more)
		progress_tell(progress, op->n_events);
	return op->more;
}

int
offline_operate(
    const struct config *c, struct outbox_operation *op, struct progress *progress, struct err *e)
{
	op->msg.type = OUTBOX_OPERATE;
	return with_writer(c, &op->msg, is_unfinished, progress, e);
}

int
offline_steer(const struct config *c, struct outbox_steer *steer, struct err *e)
{
	steer->msg.type = OUTBOX_STEER;
	return with_writer(c, &steer->msg, NULL, NULL, e);
}

static bool
is_unfinished_erasure(struct outbox_msg *msg, struct progress *progress)
{
	(void)progress;
	return ((struct outbox_erase *)msg)->more;
}

int
offline_erase(const struct config *c, struct outbox_erase *erase, struct err *e)
{
	erase->msg.type = OUTBOX_ERASE;
	return with_writer(c, &erase->msg, is_unfinished_erasure, NULL, e);
}

static bool
is_unfinished_purge(struct outbox_msg *msg, struct progress *progress)
{
	(void)progress;
	return ((struct outbox_purge *)msg)->more;
}

int
offline_purge(const struct config *c, struct outbox_purge *purge, struct err *e)
{
	purge->msg.type = OUTBOX_PURGE;
	return with_writer(c, &purge->msg, is_unfinished_purge, NULL, e);
}

void
offline_actor(char *ret_name, size_t size)
{
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL)
		snprintf(ret_name, size, "%s", user->pw_name);
	else
		snprintf(ret_name, size, "uid %u", (unsigned)getuid());
}
