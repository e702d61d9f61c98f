#include "daemon/daemon.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/plural.h"
#include "base/rand.h"
#include "base/version.h"
#include "daemon/alarm.h"
#include "daemon/clocks.h"
#include "daemon/daemon_private.h"
#include "daemon/jobs/erasures.h"
#include "daemon/jobs/identities.h"
#include "daemon/jobs/retention.h"
#include "daemon/news.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/wiring.h"
#include "outbox/read/audit.h"

#define SPARE_FILES 64 /* database, sockets to Bento, control, a reserve */
#define WATCH_SECONDS 1
#define PENDING_COUNT_MAX 100000

/* ---- events of the loop --------------------------------------------------------------------- */

/* On the writer's thread. */
static void
on_due(void *arg, bool changed)
{
	struct daemon *d = arg;

	if (changed)
		dispatcher_look_again(d->dispatcher);
	else
		dispatcher_wake(d->dispatcher);
}

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
		log_warn(
		    "signal %d again: stopping at once; what was promised is on disk", (int)signal);
		_exit(1);
	}
	d->stopping = true;
	log_info("signal %d: stopping", (int)signal);
	notify_stopping();
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
		log_info("SIGHUP: read again, %d change%s; paused sites are asked at once",
		    cJSON_GetArraySize(changed), words_plural(cJSON_GetArraySize(changed)));
	cJSON_Delete(changed);
}

/* The writer does not log; a change of its health must not stay unsaid. */
static void
watch_health(struct daemon *d)
{
	enum outbox_health health = outbox_health(d->outbox);
	char text[ALARM_TEXT_SIZE];

	if (health == d->health)
		return;
	outbox_health_text(d->outbox, text, sizeof(text));
	if (health == OUTBOX_OK) {
		log_info("outbox: takes events again");
		alarm_raise(d->alarm, ALARM_STORAGE_OK, "", "events are taken again");
	} else {
		log_error("outbox: %s", text);
		alarm_raise(d->alarm, ALARM_STORAGE_FAILED, "", text);
	}
	d->health = health;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	watch_health(d);
	news_read(d->news, d->alarm);
	clocks_tick(d->clocks);
	retention_tick(d->retention, &d->config->retention);
	erasures_tick(d->erasures);
	identities_tick(d->identities, d->config, d->site_ids);
}

/* ---- start, in order ------------------------------------------------------------------------ */

static int
start_outbox(struct daemon *d, struct err *e)
{
	struct outbox_options o;
	int64_t recovered;

	wiring_outbox(d->config, &o);
	o.on_due = on_due;
	o.on_due_arg = d;
	if (outbox_open(&o, &d->outbox, &recovered, e) != 0)
		return -1;
	if (recovered > 0)
		log_warn("%lld attempt%s cut off by a crash: now unknown, the events wait again",
		    (long long)recovered, words_plural(recovered));
	for (size_t i = 0; i < d->config->n_sites; i++)
		if (outbox_site(d->outbox, d->config->sites[i].name, &d->site_ids[i], e) != 0)
			return -1;
	return 0;
}

static int
recall_site(
    const struct daemon *d, int64_t site_id, struct dispatch_site_options *site, struct err *e)
{
	struct outbox_site_before before;

	if (outbox_site_before(d->outbox, site_id, &before, e) != 0)
		return -1;
	site->paused = before.paused;
	site->byte_limit = before.byte_limit;
	site->refused = before.refused;
	return 0;
}

static int
new_dispatcher(struct daemon *d, struct transport *transport, struct dispatch_site_options *sites,
    struct err *e)
{
	struct dispatcher_options o = {
		.database = d->config->database,
		.outbox = d->outbox,
		.transport = transport,
		.clock = &clock_system,
		.clocks = clocks_before(d->clocks),
		.boot = d->boot,
		.sites = sites,
		.n_sites = d->config->n_sites,
		.stop_deadline_ms = d->config->stop_deadline,
		.on_site = news_post,
		.on_site_arg = d->news,
	};

	for (size_t i = 0; i < d->config->n_sites; i++) {
		wiring_site_dispatch(d->config, &d->config->sites[i], d->site_ids[i], &sites[i]);
		if (recall_site(d, d->site_ids[i], &sites[i], e) != 0)
			return -1;
	}
	if (rand_system(&o.seed, sizeof(o.seed), e) != 0)
		return -1;
	return dispatcher_new(&o, &d->dispatcher, e);
}

static int
start_dispatcher(struct daemon *d, struct err *e)
{
	struct dispatch_site_options *sites = calloc(d->config->n_sites, sizeof(*sites));
	struct transport *transport;
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	rc = transport_curl_new(version_agent, &transport, e);
	if (rc == 0) {
		rc = new_dispatcher(d, transport, sites, e);
		if (rc != 0)
			transport->free(transport);
	}
	free(sites);
	return rc;
}

static int
start_ingest(struct daemon *d, struct err *e)
{
	struct ingest_site_options *sites = calloc(d->config->n_sites, sizeof(*sites));
	struct ingest_options o;
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < d->config->n_sites; i++)
		wiring_site_ingest(&d->config->sites[i], d->site_ids[i], &sites[i]);
	wiring_ingest(d->config, &o);
	o.sites = sites;
	o.n_sites = d->config->n_sites;
	rc = ingest_new(&o, d->base, d->outbox, &d->ingest, e);
	free(sites);
	return rc;
}

static void
on_site_control(void *arg, int64_t site_id, enum site_control_verb verb)
{
	static const enum dispatch_site_control words[] = {
		[SITE_CONTROL_PAUSE] = DISPATCH_PAUSE,
		[SITE_CONTROL_RESUME] = DISPATCH_RESUME,
		[SITE_CONTROL_FLUSH] = DISPATCH_FLUSH,
	};
	const struct daemon *d = arg;

	dispatcher_site_control(d->dispatcher, site_id, words[verb]);
}

static int
judge(void *arg, int64_t site_id, struct segment_request *r, struct err *e)
{
	const struct daemon *d = arg;

	return ingest_admit(d->ingest, site_id, r, e);
}

static void
tell_limits(void *arg, struct purge_limits *ret_limits, const char **ret_archive)
{
	const struct daemon *d = arg;

	retention_now(d->retention, &d->config->retention, ret_limits);
	*ret_archive = d->config->retention.archive;
}

static int
start_control(struct daemon *d, struct err *e)
{
	struct control_site *sites = calloc(d->config->n_sites, sizeof(*sites));
	struct control_options o = {
		.path = d->config->control,
		.version = version_number,
		.outbox = d->outbox,
		.clock = &clock_system,
		.sites = sites,
		.n_sites = d->config->n_sites,
		.on_site_control = on_site_control,
		.on_site_control_arg = d,
		.judge = judge,
		.judge_arg = d,
		.on_reload = daemon_reload,
		.on_reload_arg = d,
		.limits = tell_limits,
		.limits_arg = d,
	};
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < d->config->n_sites; i++)
		sites[i] = (struct control_site){ d->config->sites[i].name, d->site_ids[i] };
	rc = control_new(&o, d->base, &d->control, e);
	free(sites);
	return rc;
}

static int
start_signals(struct daemon *d, struct err *e)
{
	static const int signals[N_SIGNALS] = PROCESS_STOP_SIGNALS;
	const struct timeval period = { .tv_sec = WATCH_SECONDS };

	for (size_t i = 0; i < N_SIGNALS; i++) {
		d->signals[i] = evsignal_new(d->base, signals[i], on_signal, d);
		if (d->signals[i] == NULL || event_add(d->signals[i], NULL) != 0)
			return err_nomem(e);
	}
	d->reload = evsignal_new(d->base, SIGHUP, on_reload, d);
	if (d->reload == NULL || event_add(d->reload, NULL) != 0)
		return err_nomem(e);
	d->watch = event_new(d->base, -1, EV_PERSIST, on_watch, d);
	if (d->watch == NULL || event_add(d->watch, &period) != 0)
		return err_nomem(e);
	return process_hear_signals(e);
}

/* Nobody runs the loop any more: from here on a second signal ends the process by itself. */
static void
stop_signals(struct daemon *d)
{
	for (size_t i = 0; i < N_SIGNALS; i++) {
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
		d->signals[i] = NULL;
	}
}

/* A million waiting events must not delay the start: they are counted only so far. */
static void
log_start(const struct daemon *d)
{
	struct outbox_audit *audit;
	int64_t pending = 0;
	struct err e;

	if (outbox_audit_open(d->config->database, &audit, &e) == 0) {
		if (outbox_audit_pending(audit, PENDING_COUNT_MAX, &pending, &e) != 0)
			log_warn("cannot count what waits: %s", e.text);
		outbox_audit_close(audit);
	}
	log_info("bentospool %s: database %s, %zu site%s, %lld%s event%s waiting", version_number,
	    d->config->database, d->config->n_sites, words_plural((int64_t)d->config->n_sites),
	    (long long)pending, pending == PENDING_COUNT_MAX ? " or more" : "",
	    words_plural(pending));
	if (d->config->warning[0] != '\0')
		log_warn("%s", d->config->warning);
}

static void
announce(const struct daemon *d)
{
	log_start(d);
	for (size_t i = 0; ingest_address(d->ingest, i) != NULL; i++)
		printf("listening on %s\n", ingest_address(d->ingest, i));
	fflush(stdout);
	notify_ready();
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int
start(struct daemon *d, struct err *e)
{
	d->site_ids = calloc(d->config->n_sites, sizeof(*d->site_ids));
	d->base = event_base_new();
	if (d->site_ids == NULL || d->base == NULL)
		return err_nomem(e);
	if (alarm_new(d->base, &d->config->alarm_command, &d->alarm, e) != 0
	    || news_new(&d->news, e) != 0)
		return -1;
	if (start_outbox(d, e) != 0
	    || clocks_new(d->outbox, &clock_system, d->boot, &d->clocks, e) != 0
	    || retention_new(d->outbox, &clock_system, clocks_age(d->clocks), &d->retention, e) != 0
	    || erasures_new(d->outbox, &clock_system, &d->erasures, e) != 0
	    || identities_new(d->outbox, &clock_system, clocks_age(d->clocks), &d->identities, e)
		   != 0
	    || identities_start(d->identities, d->config, d->site_ids, e) != 0
	    || start_dispatcher(d, e) != 0 || start_ingest(d, e) != 0 || start_control(d, e) != 0)
		return -1;
	return outbox_start(d->outbox, e);
}

static int
run(struct daemon *d, struct err *e)
{
	int rc;

	if (dispatcher_start(d->dispatcher, e) != 0)
		return -1;
	rc = start_signals(d, e);
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

/* In reverse order. */
static void
release(struct daemon *d)
{
	control_free(d->control);
	if (d->ingest != NULL)
		ingest_free(d->ingest);
	if (d->dispatcher != NULL)
		dispatcher_free(d->dispatcher);
	if (d->outbox != NULL)
		outbox_close(d->outbox);
	stop_signals(d);
	if (d->reload != NULL)
		event_free(d->reload);
	if (d->watch != NULL)
		event_free(d->watch);
	retention_free(d->retention);
	erasures_free(d->erasures);
	identities_free(d->identities);
	clocks_free(d->clocks);
	news_free(d->news);
	alarm_free(d->alarm);
	if (d->base != NULL)
		event_base_free(d->base);
	free(d->site_ids);
	config_free(d->config);
}

int
daemon_run(struct config *c, const struct config_request *request, struct err *e)
{
	struct daemon d = { .config = c, .request = request, .boot = clock_boot() };
	int rc;

	if (process_prepare(e) != 0
	    || process_allow_files((unsigned)c->ingest.max_connections + SPARE_FILES, e) != 0)
		return -1;
	shared_hold(&c->shared);
	rc = start(&d, e);
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
