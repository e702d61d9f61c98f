/*
 * Runs the writer without a daemon: opens the outbox, starts its thread, and sends it one message
 * at a time. The wait for a message has no limit, because the writer owns the message until it
 * returns it. When another process has the database open, offline_open fails on the lock of that
 * process.
 */
#include "client/offline.h"

#include <stdlib.h>

#include "base/mailbox.h"
#include "daemon/lease.h"
#include "daemon/wiring.h"

#define WAIT_MS 60000 /* after this time the wait is repeated */

/* Called on the writer's thread. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	mailbox_push_always(arg, &msg->mail);
}

struct offline {
	struct outbox *outbox;
	struct mailbox box; /* outlives the writer, which may still be inside its last push */
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
	struct offline *o;
	struct outbox_options options;

	if (c->host_lease > 0 && lease_check(c->database, c->host_lease, e) != 0)
		return -1;
	o = calloc(1, sizeof(*o));
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
		return err_set(e, ERR_STATE, "the outbox is stopping and accepts no operations");
	while (mailbox_wait(&o->box, WAIT_MS, NULL) == NULL)
		; /* the writer still owns the message */
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
