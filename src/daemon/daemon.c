/*
 * Runs the daemon. start.c starts the parts, and the event loop of the main thread runs until a
 * signal. Then the parts stop in an order that loses nothing: ingest answers its requests, the
 * dispatcher records its answers, the writer commits. Once a second the loop checks the storage's
 * health, changes of the sites, the clocks and the jobs. Fails when a part cannot start or stop.
 */
#include "daemon/daemon.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/version.h"
#include "daemon/alarm.h"
#include "daemon/certificates.h"
#include "daemon/clocks.h"
#include "daemon/daemon_private.h"
#include "daemon/jobs/erasures.h"
#include "daemon/jobs/identities.h"
#include "daemon/jobs/retention.h"
#include "daemon/lease.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/signals.h"
#include "daemon/site_changes.h"
#include "daemon/watch.h"
#include "daemon/watchdog.h"
#include "daemon/wiring.h"
#include "outbox/read/audit.h"

/* for the database, connections to Bento, the control socket, and a reserve */
#define SPARE_FILES 64
#define TICK_SECONDS 1
#define STRAY_LOG_MS 60000

/* ---- signals -------------------------------------------------------------------------------- */

static void
on_ingest_stopped(void *arg)
{
	struct daemon *d = arg;

	event_base_loopbreak(d->base);
}

static void
on_signal(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	if (d->stopping) {
		log_warn("signal %d again: stopping at once; every acknowledged event is on disk",
		    (int)signal);
		_exit(1);
	}
	d->stopping = true;
	log_info("signal %d: stopping", (int)signal);
	notify_stopping();
	admin_note_stopping(d->admin);
	ingest_stop(d->ingest, d->config->stop_deadline, on_ingest_stopped, d);
}

static void
on_reload(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *d = arg;
	cJSON *changed;
	struct err e;

	(void)signal;
	(void)what;
	if (d->stopping)
		return;
	changed = daemon_reload(d, &e);
	if (changed == NULL)
		log_error("SIGHUP: %s", e.text);
	else
		log_info("SIGHUP: configuration reloaded, %d change%s; retrying paused sites now",
		    cJSON_GetArraySize(changed), words_plural(cJSON_GetArraySize(changed)));
	cJSON_Delete(changed);
}

static void
on_stray(evutil_socket_t signal, short what, void *arg)
{
	struct daemon *d = arg;
	unsigned suppressed;

	(void)what;
	if (!log_limit_pass(&d->stray_limit, clock_mono(&clock_system), STRAY_LOG_MS, &suppressed))
		return;
	log_warn(
	    "signal %d (%s) ignored: it has no meaning here; SIGHUP reloads the configuration, "
	    "SIGTERM stops%s",
	    (int)signal, signal == SIGUSR1 ? "SIGUSR1" : "SIGUSR2",
	    suppressed > 0 ? " (and more such signals in the last minute)" : "");
}

/* ---- once a second -------------------------------------------------------------------------- */

/* The writer's thread does not log, so a change of its health is logged here. */
static void
watch_health(struct daemon *d)
{
	enum outbox_health health = outbox_health(d->outbox);
	char text[ALARM_TEXT_SIZE];

	if (health == d->health)
		return;
	outbox_health_text(d->outbox, text, sizeof(text));
	if (health == OUTBOX_OK) {
		log_info("outbox: accepts events again");
		alarm_raise(d->alarm, ALARM_STORAGE_OK, "", "events are accepted again");
	} else {
		log_error("outbox: %s", text);
		alarm_raise(d->alarm, ALARM_STORAGE_FAILED, "", text);
	}
	d->health = health;
}

void
daemon_look_at_clocks(struct daemon *d)
{
	clocks_tick(d->clocks);
	dispatcher_hold(d->dispatcher, clocks_are_unset(d->clocks));
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	watch_health(d);
	site_changes_raise(
	    d->site_changes, d->alarm, clock_mono(&clock_system), d->config->alarm_after);
	certificate_set_tick(&d->certificates, d->config);
	watch_tick(d->watch, d->config, d->site_ids);
	daemon_look_at_clocks(d);
	retention_tick(d->retention, &d->config->retention);
	erasures_tick(d->erasures);
	identities_tick(d->identities, d->config, d->site_ids);
}

/* ---- running -------------------------------------------------------------------------------- */

static int
start_signals(struct daemon *d, struct err *e)
{
	static const int signals[N_SIGNALS] = SIGNALS_STOP, stray[N_SIGNALS] = SIGNALS_STRAY;
	const struct timeval period = { .tv_sec = TICK_SECONDS };

	for (size_t i = 0; i < N_SIGNALS; i++) {
		d->signals[i] = evsignal_new(d->base, signals[i], on_signal, d);
		d->stray[i] = evsignal_new(d->base, stray[i], on_stray, d);
		if (d->signals[i] == NULL || event_add(d->signals[i], NULL) != 0
		    || d->stray[i] == NULL || event_add(d->stray[i], NULL) != 0)
			return err_nomem(e);
	}
	d->reload = evsignal_new(d->base, SIGHUP, on_reload, d);
	if (d->reload == NULL || event_add(d->reload, NULL) != 0)
		return err_nomem(e);
	d->tick = event_new(d->base, -1, EV_PERSIST, on_tick, d);
	if (d->tick == NULL || event_add(d->tick, &period) != 0)
		return err_nomem(e);
	return signals_unblock(e);
}

/* From here on the next signal ends the process at once. */
static void
stop_signals(struct daemon *d)
{
	for (size_t i = 0; i < N_SIGNALS; i++) {
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
		d->signals[i] = NULL;
	}
	signals_end_at_next_stop();
}

/* Counts pending events only up to PENDING_COUNT_MAX: a large backlog must not delay the start. */
static void
log_start(const struct daemon *d)
{
	struct outbox_audit *audit;
	int64_t pending = 0;
	struct err e;

	if (outbox_audit_open(d->config->database, &audit, &e) == 0) {
		if (outbox_audit_pending(audit, &pending, &e) != 0)
			log_warn("cannot count the pending events: %s", e.text);
		outbox_audit_close(audit);
	}
	log_info("bentospool %s: %s, database %s, %zu site%s, %lld event%s pending", VERSION_NUMBER,
	    d->config->file[0] == '\0' ? "settings from the environment" : d->config->file,
	    d->config->database, d->config->n_sites, words_plural((int64_t)d->config->n_sites),
	    (long long)pending, words_plural(pending));
	if (d->config->warning[0] != '\0')
		log_warn("%s", d->config->warning);
}

static void
announce(const struct daemon *d)
{
	log_start(d);
	for (size_t i = 0; ingest_address(d->ingest, i) != NULL; i++)
		printf("listening on %s\n", ingest_address(d->ingest, i));
	for (size_t i = 0; d->admin != NULL && admin_address(d->admin, i) != NULL; i++)
		printf("admin listening on %s\n", admin_address(d->admin, i));
	fflush(stdout);
	notify_ready();
}

static int
run(struct daemon *d, struct err *e)
{
	int rc;

	if (dispatcher_start(d->dispatcher, e) != 0)
		return -1;
	rc = start_signals(d, e);
	if (rc == 0)
		rc = watchdog_new(d->base, d->outbox, d->dispatcher, &d->watchdog, e);
	if (rc == 0 && d->admin != NULL)
		rc = admin_start(d->admin, e);
	if (rc == 0) {
		announce(d);
		if (event_base_dispatch(d->base) < 0)
			rc = err_set(e, ERR_SYSTEM, "the event loop failed");
	}
	stop_signals(d);
	control_stop(d->control);
	dispatcher_stop(d->dispatcher);
	return rc;
}

/* ---- from start to stop --------------------------------------------------------------------- */

/* In reverse order of the start. */
static void
release(struct daemon *d)
{
	admin_free(d->admin);
	control_free(d->control);
	if (d->ingest != NULL)
		ingest_free(d->ingest);
	inherited_close(&d->inherited);
	certificate_set_close(&d->certificates);
	if (d->dispatcher != NULL)
		dispatcher_free(d->dispatcher);
	if (d->outbox != NULL)
		outbox_close(d->outbox);
	lease_release(d->lease);
	stop_signals(d);
	if (d->reload != NULL)
		event_free(d->reload);
	for (size_t i = 0; i < N_SIGNALS; i++)
		if (d->stray[i] != NULL)
			event_free(d->stray[i]);
	if (d->tick != NULL)
		event_free(d->tick);
	watchdog_free(d->watchdog);
	retention_free(d->retention);
	erasures_free(d->erasures);
	identities_free(d->identities);
	clocks_free(d->clocks);
	site_changes_free(d->site_changes);
	watch_free(d->watch);
	alarm_free(d->alarm);
	if (d->base != NULL)
		event_base_free(d->base);
	free(d->site_ids);
	config_free(d->config);
}

int
daemon_prepare(struct err *e)
{
	return process_prepare(e);
}

uint64_t
daemon_files(const struct config *c)
{
	uint64_t admin = c->admin.listen.n == 0 ? 0 : ADMIN_MAX_CONNECTIONS;

	return (uint64_t)c->ingest.max_connections + admin + SPARE_FILES;
}

int
daemon_run(struct config *c, const struct config_request *request, struct err *e)
{
	struct daemon d = { .config = c, .request = request, .boot = clock_boot() };
	int rc;

	if (process_check_user(c->database, e) != 0 || process_allow_files(daemon_files(c), e) != 0)
		return -1;
	wiring_log(c);
	shared_hold(&c->shared);
	rc = inherited_take(&d.inherited, e);
	if (rc == 0)
		rc = daemon_start(&d, e);
	if (rc == 0) {
		rc = run(&d, e);
		if (outbox_stop(d.outbox, rc == 0 ? e : NULL) != 0)
			rc = -1;
	}
	release(&d);
	if (rc == 0)
		log_info("stopped");
	return rc;
}
