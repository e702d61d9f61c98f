#include "client/offline.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "daemon/wiring.h"

#define SLICE_TIMEOUT_MS 60000

/* On the writer's thread: the message comes back through a box. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	mailbox_push_always(arg, &msg->mail);
}

struct offline {
	struct outbox *outbox;
	struct mailbox box; /* outlives the writer, which may still be leaving its last push */
};

static int
make_sites(struct outbox *outbox, const struct config *c, struct err *e)
{
	struct identity_site *sites = calloc(c->n_sites + 1, sizeof(*sites));
	int64_t site_id;
	int rc = sites == NULL ? err_nomem(e) : 0;

	for (size_t i = 0; rc == 0 && i < c->n_sites; i++) {
		rc = outbox_site(outbox, c->sites[i].name, &site_id, e);
		if (rc == 0)
			wiring_identity(&c->sites[i], site_id, &sites[i]);
	}
	if (rc == 0)
		rc = outbox_identities(outbox, sites, c->n_sites, e);
	free(sites);
	return rc;
}

int
offline_open(const struct config *c, bool stores, struct offline **ret_offline, struct err *e)
{
	struct offline *o = calloc(1, sizeof(*o));
	struct outbox_options options;

	if (o == NULL)
		return err_nomem(e);
	wiring_outbox(c, &options);
	options.passing = true;
	if (mailbox_init(&o->box, 1, 1, NULL, NULL, e) != 0) {
		free(o);
		return -1;
	}
	if (outbox_open(&options, &o->outbox, NULL, e) != 0) {
		mailbox_free(&o->box);
		free(o);
		return -1;
	}
	if ((stores && make_sites(o->outbox, c, e) != 0) || outbox_start(o->outbox, e) != 0) {
		offline_close(o, NULL);
		return -1;
	}
	*ret_offline = o;
	return 0;
}

int
offline_run(struct offline *o, struct outbox_msg *msg, struct err *e)
{
	msg->done = give_back;
	msg->done_arg = &o->box;
	if (outbox_send(o->outbox, msg) != 0)
		return err_set(e, ERR_STATE, "the outbox takes no operation");
	while (mailbox_wait(&o->box, SLICE_TIMEOUT_MS, NULL) == NULL)
		; /* the writer still owns the message: there is no going back without it */
	if (msg->rc == 0)
		return 0;
	*e = msg->err;
	return -1;
}

int
offline_close(struct offline *o, struct err *e)
{
	int rc = outbox_stop(o->outbox, e);

	outbox_close(o->outbox);
	mailbox_free(&o->box);
	free(o);
	return rc;
}

/* Sends the message until `again`, which tells of the progress, has enough of it; NULL: once. */
static int
with_writer(const struct config *c, struct outbox_msg *msg,
    bool (*again)(struct outbox_msg *msg, void *arg), void *arg, struct err *e)
{
	struct offline *o;
	int rc;

	if (offline_open(c, false, &o, e) != 0)
		return -1;
	do
		rc = offline_run(o, msg, e);
	while (rc == 0 && again != NULL && again(msg, arg));
	if (offline_close(o, rc == 0 ? e : NULL) != 0)
		rc = -1;
	return rc;
}

struct watch {
	struct progress *progress;
	const volatile sig_atomic_t *stop;
};

static bool
is_unfinished(struct outbox_msg *msg, void *arg)
{
	const struct outbox_operation *op = (struct outbox_operation *)msg;
	const struct watch *watch = arg;

	if (op->more)
		progress_tell(watch->progress, op->n_events);
	return op->more && !*watch->stop;
}

int
offline_operate(const struct config *c, struct outbox_operation *op, struct progress *progress,
    const volatile sig_atomic_t *stop, struct err *e)
{
	struct watch watch = { progress, stop };

	op->msg.type = OUTBOX_OPERATE;
	return with_writer(c, &op->msg, is_unfinished, &watch, e);
}

int
offline_site_control(
    const struct config *c, struct outbox_site_control *site_control, struct err *e)
{
	site_control->msg.type = OUTBOX_SITE_CONTROL;
	return with_writer(c, &site_control->msg, NULL, NULL, e);
}

static bool
is_unfinished_erasure(struct outbox_msg *msg, void *arg)
{
	(void)arg;
	return ((struct outbox_erase *)msg)->more;
}

int
offline_erase(const struct config *c, struct outbox_erase *erase, struct err *e)
{
	erase->msg.type = OUTBOX_ERASE;
	return with_writer(c, &erase->msg, is_unfinished_erasure, NULL, e);
}

static bool
is_unfinished_purge(struct outbox_msg *msg, void *arg)
{
	(void)arg;
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
