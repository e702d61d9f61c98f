/* client: every kind of message reaches the daemon's writer unchanged, and its results come
 * back. */
#include "lib/unit.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "client/importer.h"
#include "client/offline.h"
#include "outbox/operate/erase.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/operate/site_control.h"
#include "unit/control/control_rig.h"

static struct config config;
static char nowhere[] = "/nonexistent/socket";

/* ---- the writer without a daemon: in place of client/offline's ------------------------------- */

static struct {
	int open;
	bool stores;
	int steps;
} writer;

int
offline_open(const struct config *c, bool stores, struct offline **ret_offline, struct err *e)
{
	(void)e;
	assert_ptr_equal(c, &config);
	writer.open++;
	writer.stores = stores;
	*ret_offline = (struct offline *)&writer;
	return 0;
}

int
offline_run(struct offline *o, struct outbox_msg *msg, struct err *e)
{
	struct outbox_purge *purge = (struct outbox_purge *)msg;

	(void)o;
	assert_int_equal(msg->type, OUTBOX_PURGE);
	if (++writer.steps > 3)
		return err_set(e, ERR_FULL, "the disk is full");
	purge->n_rows += 10;
	purge->more = writer.steps < 3;
	return 0;
}

int
offline_close(struct offline *o, struct err *e)
{
	(void)o;
	(void)e;
	writer.open--;
	return 0;
}

/* ---- the daemon ------------------------------------------------------------------------------ */

static int
start(void **state)
{
	int rc = control_rig_start(state);

	memset(&writer, 0, sizeof(writer));
	config.control = rig.path;
	config.database = rig.folder;
	return rc;
}

static void
act_or_fail(struct act *act)
{
	struct err e;

	if (client_act(&config, act, &e) != 0)
		fail_msg("%s", e.text);
	assert_true(act->daemon);
}

/* Records what the writer got, after the name of the actor. */
static void
assert_seen(const char *want)
{
	const struct passwd *user = getpwuid(getuid());
	char all[512];

	snprintf(all, sizeof(all), "%s %s", user == NULL ? "?" : user->pw_name, want);
	assert_string_equal(rig.seen, all);
}

static void
note_progress(void *arg, int64_t done)
{
	char *text = arg;
	size_t n = strlen(text);

	snprintf(text + n, 64 - n, "%lld ", (long long)done);
}

static void
operation_comes_back_with_its_progress(void **state)
{
	struct outbox_filter filter = { .all = true };
	struct outbox_operation op = { .verb = OPERATE_HOLD, .filter = &filter, .note = "why" };
	char progress[64] = "";
	struct act act = {
		.exchange = &exchange_operate,
		.msg = &op.msg,
		.on_progress = note_progress,
		.progress_arg = progress,
	};

	(void)state;
	act_or_fail(&act);
	assert_seen("hold {\"all\":true} why");
	assert_string_equal(progress, "500 1000 ");
	assert_int_equal(op.n_events, 1500);
	assert_int_equal(op.operation_id, 17);
}

static void
undo_comes_back_with_what_it_left(void **state)
{
	struct outbox_operation op = { .verb = OPERATE_UNDO, .undoes = 12 };
	struct act act = { .exchange = &exchange_undo, .msg = &op.msg };

	(void)state;
	act_or_fail(&act);
	assert_seen("undo 12 -");
	assert_int_equal(op.n_events, 1500);
	assert_int_equal(op.left.delivered, 1);
	assert_int_equal(op.left.settled, 2);
	assert_int_equal(op.left.changed, 3);
	assert_int_equal(op.left.changed_by, 4);
	assert_int_equal(op.left.undone, 5);
	assert_int_equal(op.left.gone, 6);
}

static void
site_control_reaches_the_dispatcher_too(void **state)
{
	struct outbox_site_control message = { .verb = SITE_CONTROL_FLUSH, .site = "shop" };
	struct act act = { .exchange = &exchange_site_control, .msg = &message.msg };

	(void)state;
	act_or_fail(&act);
	assert_seen("flush shop -");
	assert_string_equal(rig.controlled, "6 flush\n");
	assert_int_equal(message.n_sites, 2);
	assert_int_equal(message.n_paused, 1);
	assert_int_equal(message.operation_id, 18);
	message = (struct outbox_site_control){ .verb = SITE_CONTROL_PAUSE, .note = "night" };
	act_or_fail(&act);
	assert_seen("pause - night");
	assert_string_equal(rig.controlled, "6 flush\n5 pause\n6 pause\n");
}

static void
erasure_comes_back_with_its_counts(void **state)
{
	struct outbox_erase erase = { .email = "ann@example.com", .dry_run = true };
	struct act act = { .exchange = &exchange_erase, .msg = &erase.msg };

	(void)state;
	act_or_fail(&act);
	assert_seen("ann@example.com dry");
	assert_int_equal(erase.n_events, 30);
	assert_int_equal(erase.n_discarded, 2);
	assert_int_equal(erase.n_quotes, 3);
	assert_int_equal(erase.operation_id, 19);
}

/* The daemon applies its own limits, not the client's. */
static void
purge_comes_back_with_its_counts(void **state)
{
	struct purge_limits ours = { .rows_before = { 1 } };
	struct outbox_purge purge = { .limits = &ours, .archive = "/ours" };
	struct act act = { .exchange = &exchange_purge, .msg = &purge.msg };

	(void)state;
	act_or_fail(&act);
	assert_seen("77 /archive wet");
	assert_int_equal(purge.n_payloads, 60);
	assert_int_equal(purge.n_rows, 9);
	assert_int_equal(purge.operation_id, 20);
}

static void
set_stop_ends_the_wait(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct outbox_filter filter = { .all = true };
	struct outbox_operation op = { .verb = OPERATE_HOLD, .filter = &filter };
	struct act act = { .exchange = &exchange_operate, .msg = &op.msg, .stop = &stop };
	struct err e;

	(void)state;
	assert_int_equal(client_act(&config, &act, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_non_null(strstr(e.text, "bentospool operations: interrupted"));
}

static void
client_goes_on_after_a_refusal(void **state)
{
	struct outbox_erase erase = { .email = "ann@example.com" };
	struct act act = { .exchange = &exchange_erase, .msg = &erase.msg };
	struct client *client;
	struct err e;

	(void)state;
	assert_int_equal(client_open(&config, false, &client, &e), 0);
	rig.refuse = true;
	assert_int_equal(client_send(client, &act, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	rig.refuse = false;
	assert_int_equal(client_send(client, &act, &e), 0);
	assert_int_equal(client_close(client, &e), 0);
}

/* ---- without a daemon ------------------------------------------------------------------------ */

static void
without_a_daemon_the_steps_run_here(void **state)
{
	static const volatile sig_atomic_t go_on = 0;
	struct outbox_purge purge = { .dry_run = true };
	char progress[64] = "";
	struct act act = {
		.exchange = &exchange_purge,
		.msg = &purge.msg,
		.on_progress = note_progress,
		.progress_arg = progress,
		.stop = &go_on,
	};
	struct err e;

	(void)state;
	config.control = nowhere;
	assert_int_equal(client_act(&config, &act, &e), 0);
	assert_false(act.daemon);
	assert_int_equal(purge.n_rows, 30);
	assert_string_equal(progress, "10 20 ");
	assert_false(writer.stores);
	assert_int_equal(client_act(&config, &act, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	assert_int_equal(writer.open, 0);
}

static void
set_stop_ends_the_steps_here(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct outbox_purge purge = { .dry_run = true };
	struct act act = { .exchange = &exchange_purge, .msg = &purge.msg, .stop = &stop };
	struct err e;

	(void)state;
	config.control = nowhere;
	assert_int_equal(client_act(&config, &act, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(purge.n_rows, 10);
	assert_int_equal(writer.open, 0);
}

/* When the daemon's socket cannot be used, the client must not become a second writer. */
static void
unreadable_socket_is_an_error(void **state)
{
	struct outbox_purge purge = { .dry_run = true };
	struct act act = { .exchange = &exchange_purge, .msg = &purge.msg };
	char far[200];
	struct err e;

	(void)state;
	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	config.control = far;
	assert_int_equal(client_act(&config, &act, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(writer.steps, 0);
}

/* ---- importing ------------------------------------------------------------------------------- */

static char refused[256];

static void
note_refused(void *arg, int64_t number, const char *why)
{
	size_t n = strlen(refused);

	(void)arg;
	snprintf(refused + n, sizeof(refused) - n, "%lld %s\n", (long long)number, why);
}

static void
ignore_wait(void *arg, const struct err *why)
{
	(void)arg;
	(void)why;
}

static void
lines_are_imported_in_batches(void **state)
{
	char progress[64] = "";
	const struct importer_options options = {
		.config = &config,
		.verb = "adopt",
		.from = "old.db",
		.site = "shop",
		.on_refused = note_refused,
		.on_progress = note_progress,
		.on_wait = ignore_wait,
		.arg = progress,
	};
	struct importer im;
	struct err e;

	(void)state;
	refused[0] = '\0';
	assert_int_equal(importer_open(&im, &options, &e), 0);
	importer_refuse(&im, 900, "not sent");
	for (int i = 1; i <= IMPORTER_LINES + 1; i++)
		assert_int_equal(importer_add(&im, slice_from("{\"a\":1}"), i, &e), 0);
	if (importer_close(&im, 0, &e) != 0)
		fail_msg("%s", e.text);
	/* the writer refuses the first line of each batch */
	assert_seen("adopt old.db shop - wet 21 {\"a\":1}");
	assert_string_equal(refused, "900 not sent\n1 no\n201 no\n");
	assert_string_equal(progress, "201 202 ");
	assert_int_equal(im.results.counts.stored, IMPORTER_LINES - 2);
	assert_int_equal(im.results.counts.bad, 3);
	assert_int_equal(im.results.counts.duplicates, 1);
	assert_int_equal(im.results.operation_id, 21);
	assert_int_equal(im.last_number, IMPORTER_LINES + 1);
}

int
main(void)
{
#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, start, control_rig_stop)
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(operation_comes_back_with_its_progress),
		WITH_DAEMON(undo_comes_back_with_what_it_left),
		WITH_DAEMON(site_control_reaches_the_dispatcher_too),
		WITH_DAEMON(erasure_comes_back_with_its_counts),
		WITH_DAEMON(purge_comes_back_with_its_counts),
		WITH_DAEMON(set_stop_ends_the_wait),
		WITH_DAEMON(client_goes_on_after_a_refusal),
		WITH_DAEMON(without_a_daemon_the_steps_run_here),
		WITH_DAEMON(set_stop_ends_the_steps_here),
		WITH_DAEMON(unreadable_socket_is_an_error),
		WITH_DAEMON(lines_are_imported_in_batches),
	};

	/* as the program does, because the daemon may have closed the connection */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("acting", tests, NULL, NULL);
}
