/*
 * The report to a central spooler and the heartbeat that carries it while no event does. Reading
 * the outbox can fail: the report then has the numbers of the last time. A heartbeat that fails is
 * followed by the next one.
 */
#include "dispatch/outgoing/center.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/version.h"
#include "tls/context.h"

static void take_result(struct request_owner *owner, const struct transport_result *result);

static bool
beats(const struct center *c)
{
	const struct dispatch_site_options *o = &c->settings->options;

	return o->mapping.forward && o->heartbeat_ms > 0;
}

void
center_init(struct center *c, struct dispatch_context *ctx, const struct site_settings *settings)
{
	*c = (struct center){
		.owner.take_result = take_result,
		.ctx = ctx,
		.settings = settings,
		.next_ms = INT64_MIN,
	};
	snprintf(c->report, sizeof(c->report), "version=%s", VERSION_NUMBER);
}

const char *
center_report(struct center *c, const struct members *carried)
{
	const struct dispatch_site_options *o = &c->settings->options;
	struct outbox_port *outbox = c->ctx->outbox;
	int64_t carried_n = carried == NULL ? 0 : (int64_t)carried->n, events, oldest_at, left;
	/* With send_first older events may stay behind. */
	int64_t after = carried_n > 0 && o->n_first == 0 ? carried->ids[carried->n - 1] : 0;
	struct err e;

	if (!o->mapping.forward)
		return NULL;
	if (outbox->backlog(outbox, o->site_id, after, &events, &oldest_at, &e) == 0) {
		left = events > carried_n ? events - carried_n : 0;
		snprintf(c->report, sizeof(c->report),
		    "version=%s; backlog=%lld; oldest=%lld; clock=%lld", VERSION_NUMBER,
		    (long long)left, (long long)(left == 0 ? 0 : oldest_at),
		    (long long)clock_wall(c->ctx->clock));
	}
	return c->report;
}

void
center_sent(struct center *c, int64_t now)
{
	c->next_ms = now + c->settings->options.heartbeat_ms;
}

bool
center_beat(struct center *c, int64_t now)
{
	const struct site_settings *settings = c->settings;
	struct transport_request request = {
		.owner = c,
		.url = settings->urls[BENTO_CENTER],
		.user = settings->options.publishable_key,
		.password = settings->options.secret_key,
		.ca_file = settings->options.ca_file,
		.client_certificate = tls_context_client_certificate(settings->options.client_tls),
		.client_private_key = tls_context_client_key(settings->options.client_tls),
		.body = SLICE("{\"events\":[]}"),
		.timeout_ms = settings->options.timeout_ms,
	};
	struct err e;

	center_sent(c, now);
	request.report = center_report(c, NULL);
	c->in_flight = c->ctx->transport->start(c->ctx->transport, &request, &e) == 0;
	return c->in_flight;
}

int64_t
center_next(const struct center *c)
{
	return beats(c) && !c->in_flight ? c->next_ms : CONTEXT_NEVER;
}

static void
take_result(struct request_owner *owner, const struct transport_result *result)
{
	struct center *c = (struct center *)(void *)owner;

	c->in_flight = false;
	log_debug("site %s: a heartbeat ends: HTTP %d %s", c->settings->options.name,
	    result->http_status, result->error);
}
