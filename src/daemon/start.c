/*
 * Starting the parts of the daemon, each after the parts that it uses: alarm, clocks, outbox, jobs,
 * dispatcher, ingest, control socket, and last the writer's thread. The first part that cannot
 * start ends the start with its error; daemon.c releases the parts that have started.
 */
#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/rand.h"
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
#include "daemon/site_changes.h"
#include "daemon/watch.h"
#include "daemon/wiring.h"

/* ---- outbox --------------------------------------------------------------------------------- */

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

/* Systemd gives the start this much more time, whenever an upgrade shows that it goes on. */
#define UPGRADE_MORE_S 300
#define UPGRADE_TELL_MS 10000

/* An upgrade of the file, while outbox_open runs. */
struct upgrade {
	const struct clock *clock;
	int64_t began_ms;
	int64_t next_ms;
	char doing[256]; /* what the last line said */
};

static void
on_upgrade(void *arg, const char *doing)
{
	struct upgrade *u = arg;
	int64_t now = clock_mono(u->clock);

	if (u->began_ms == 0)
		u->began_ms = now;
	if (now < u->next_ms && strncmp(u->doing, doing, sizeof(u->doing) - 1) == 0)
		return;
	snprintf(u->doing, sizeof(u->doing), "%s", doing);
	u->next_ms = now + UPGRADE_TELL_MS;
	notify_more_time(UPGRADE_MORE_S);
	log_info("upgrade: %s, %lld s so far", doing, (long long)(now - u->began_ms) / 1000);
}

/* Before anything of the database is opened: another host may be writing it. */
static int
start_lease(struct daemon *d, struct err *e)
{
	const struct config *c = d->config;

	return c->host_lease == 0 ? 0 : lease_take(c->database, c->host_lease, &d->lease, e);
}

static int
start_outbox(struct daemon *d, struct err *e)
{
	struct upgrade upgrade = { .clock = &clock_system };
	struct outbox_options o;
	int64_t recovered;

	wiring_outbox(d->config, &o);
	o.clock = clocks_clock(d->clocks);
	o.on_due = on_due;
	o.on_due_arg = d;
	o.on_upgrade = on_upgrade;
	o.on_upgrade_arg = &upgrade;
	if (outbox_open(&o, &d->outbox, &recovered, e) != 0)
		return -1;
	if (recovered > 0)
		log_warn("%lld attempt%s interrupted by a crash: the outcome is unknown, and the "
			 "events are pending again",
		    (long long)recovered, words_plural(recovered));
	log_debug("start: opened the database %s", d->config->database);
	for (size_t i = 0; i < d->config->n_sites; i++) {
		const char *name = d->config->sites[i].name;

		if (outbox_site(d->outbox, name, &d->site_ids[i], e) != 0)
			return -1;
		log_debug("start: site %s has the id %lld", name, (long long)d->site_ids[i]);
	}
	return 0;
}

/* ---- dispatcher ----------------------------------------------------------------------------- */

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
	log_debug("start: site %s was %s; at most %lld bytes a batch; %u refused in a row",
	    site->name, before.paused ? "paused" : "not paused", (long long)before.byte_limit,
	    (unsigned)before.refused);
	return 0;
}

/* On the dispatcher's thread. */
static void
on_date(void *arg, int64_t error)
{
	const struct daemon *d = arg;

	clocks_compare(d->clocks, error);
}

static int
new_dispatcher(struct daemon *d, struct outbox_port *outbox, struct transport *transport,
    struct dispatch_site_options *sites, struct err *e)
{
	struct dispatcher_options o = {
		.outbox = outbox,
		.transport = transport,
		.composer = &composer_mapping,
		.clock = clocks_clock(d->clocks),
		.history = clocks_history(d->clocks),
		.sites = sites,
		.n_sites = d->config->n_sites,
		.stop_deadline_ms = d->config->stop_deadline,
		.on_date = on_date,
		.on_date_arg = d,
		.on_site = site_changes_post,
		.on_site_arg = d->site_changes,
	};

	for (size_t i = 0; i < d->config->n_sites; i++) {
		const struct config_site *s = &d->config->sites[i];

		wiring_site_dispatch(d->config, s, d->site_ids[i],
		    certificate_set_of_site(&d->certificates, s->name), &sites[i]);
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
	struct outbox_port *outbox = NULL;
	struct transport *transport = NULL;
	int rc = -1;

	if (sites == NULL)
		return err_nomem(e);
	if (outbox_port_open(d->config->database, d->outbox, &outbox, e) == 0
	    && transport_curl_new(VERSION_AGENT, &transport, e) == 0)
		rc = new_dispatcher(d, outbox, transport, sites, e);
	if (rc != 0 && outbox != NULL)
		outbox->free(outbox);
	if (rc != 0 && transport != NULL)
		transport->free(transport);
	free(sites);
	return rc;
}

/* ---- certificates --------------------------------------------------------------------------- */

static void
use_in_site(const struct daemon *d, const char *site, struct tls_context *context)
{
	struct dispatch_site_options o;
	struct err e;

	for (size_t i = 0; i < d->config->n_sites; i++) {
		if (strcmp(d->config->sites[i].name, site) != 0)
			continue;
		wiring_site_dispatch(d->config, &d->config->sites[i], d->site_ids[i], context, &o);
		if (dispatcher_reload_sites(d->dispatcher, &o, 1, &e) != 0)
			log_error("site %s: shows the former certificate until a reload: %s", site,
			    e.text);
	}
}

static void
use_certificate(void *arg, const char *listener, struct tls_context *context)
{
	const struct daemon *d = arg;
	const char *site = certificate_set_site(listener);

	if (site != NULL)
		use_in_site(d, site, context);
	else if (strcmp(listener, "ingest") == 0)
		ingest_use_tls(d->ingest, context);
	else
		admin_use_tls(d->admin, context);
}

/* ---- ingest --------------------------------------------------------------------------------- */

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
	o.clock = clocks_clock(d->clocks);
	o.inherited = &d->inherited;
	o.sites = sites;
	o.n_sites = d->config->n_sites;
	o.tls = certificates_context(d->certificates.item[0]);
	rc = ingest_new(&o, d->base, d->outbox, &d->ingest, e);
	free(sites);
	for (size_t i = 0; rc == 0 && ingest_address(d->ingest, i) != NULL; i++)
		log_debug("start: listening on %s", ingest_address(d->ingest, i));
	return rc;
}

/* ---- control socket ------------------------------------------------------------------------- */

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
admit(void *arg, int64_t site_id, struct segment_request *r, struct err *e)
{
	const struct daemon *d = arg;

	return ingest_admit(d->ingest, site_id, r, e);
}

static void
describe(void *arg, cJSON *to)
{
	const struct daemon *d = arg;

	cJSON *list = cJSON_AddArrayToObject(to, "certificates");

	for (size_t i = 0; i < d->certificates.n; i++)
		certificates_describe(d->certificates.item[i], list);
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
		.version = VERSION_NUMBER,
		.outbox = d->outbox,
		.clock = clocks_clock(d->clocks),
		.sites = sites,
		.n_sites = d->config->n_sites,
		.on_site_control = on_site_control,
		.on_site_control_arg = d,
		.admit = admit,
		.admit_arg = d,
		.on_reload = daemon_reload,
		.on_reload_arg = d,
		.limits = tell_limits,
		.limits_arg = d,
		.describe = describe,
		.describe_arg = d,
	};
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < d->config->n_sites; i++)
		sites[i] = (struct control_site){ d->config->sites[i].name, d->site_ids[i] };
	rc = control_new(&o, d->base, &d->control, e);
	free(sites);
	if (rc == 0)
		log_debug("start: control socket %s", o.path);
	return rc;
}

/* ---- admin listener -------------------------------------------------------------------------- */

static int
start_admin(struct daemon *d, struct err *e)
{
	const struct tls_meter **meters =
	    calloc(d->certificates.n, sizeof(const struct tls_meter *));
	const struct admin_options o = {
		.listen = (const char *const *)d->config->admin.listen.item,
		.n_listen = d->config->admin.listen.n,
		.inherited = &d->inherited,
		.config = d->config,
		.database = d->config->database,
		.control = d->config->control,
		.min_free_bytes = (uint64_t)d->config->min_free,
		.clock = clocks_clock(d->clocks),
		.outbox = d->outbox,
		.requests = ingest_outcomes(d->ingest),
		.tls = certificates_context(d->certificates.item[1]),
		.read_token = d->config->admin.read_token,
		.act_token = d->config->admin.act_token,
		.certificates = meters,
		.n_certificates = d->certificates.n,
	};
	int rc;

	if (meters == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < d->certificates.n; i++)
		meters[i] = certificates_meter(d->certificates.item[i]);
	rc = o.n_listen == 0 ? 0 : admin_new(&o, &d->admin, e);
	free(meters);
	return rc;
}

/* ---- jobs and all parts --------------------------------------------------------------------- */

static int
start_jobs(struct daemon *d, struct err *e)
{
	const struct clock_history *history = clocks_history(d->clocks);
	const struct clock *clock = clocks_clock(d->clocks);

	if (retention_new(d->outbox, clock, history, &d->retention, e) != 0
	    || erasures_new(d->outbox, clock, &d->erasures, e) != 0
	    || identities_new(d->outbox, clock, history, &d->identities, e) != 0)
		return -1;
	return identities_start(d->identities, d->config, d->site_ids, e);
}

static int
start_watch(struct daemon *d, struct err *e)
{
	const struct watch_options o = {
		.outbox = d->outbox,
		.ingest = d->ingest,
		.certificates = &d->certificates,
		.alarm = d->alarm,
		.clock = clocks_clock(d->clocks),
		.site_ids = d->site_ids,
		.n_sites = d->config->n_sites,
	};

	return watch_new(&o, &d->watch, e);
}

int
daemon_start(struct daemon *d, struct err *e)
{
	d->site_ids = calloc(d->config->n_sites, sizeof(*d->site_ids));
	d->base = event_base_new();
	if (d->site_ids == NULL || d->base == NULL)
		return err_nomem(e);
	if (alarm_new(d->base, &d->config->alarm_command, &d->alarm, e) != 0
	    || site_changes_new(&d->site_changes, e) != 0
	    || clocks_new(&clock_system, d->boot, &d->clocks, e) != 0 || start_lease(d, e) != 0
	    || start_outbox(d, e) != 0 || clocks_recall(d->clocks, d->outbox, e) != 0
	    || start_jobs(d, e) != 0
	    || certificate_set_open(&d->certificates, d->config, use_certificate, d, e) != 0
	    || start_dispatcher(d, e) != 0 || start_ingest(d, e) != 0 || start_control(d, e) != 0
	    || start_admin(d, e) != 0 || start_watch(d, e) != 0
	    || inherited_check_all_found(&d->inherited, e) != 0)
		return -1;
	if (outbox_start(d->outbox, e) != 0)
		return -1;
	log_debug("start: the writer is running");
	daemon_look_at_clocks(d);
	return 0;
}
