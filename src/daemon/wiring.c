/*
 * Translates settings, which were checked when they were read, into the options of outbox,
 * dispatcher and ingest. Cannot fail.
 */
#include "daemon/wiring.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/fleet/window.h"
#include "config/mapping.h"

#define WRITER_MAX_WAITING 16384 /* number of requests; max_buffered bounds their bytes */

void
wiring_outbox(const struct config *c, struct outbox_options *ret)
{
	*ret = (struct outbox_options){
		.path = c->database,
		.min_free_bytes = (uint64_t)c->min_free,
		.max_wal_bytes = (uint64_t)c->max_wal,
		.max_waiting = WRITER_MAX_WAITING,
		.max_waiting_bytes = (size_t)c->ingest.max_buffered,
		.clock = &clock_system,
	};
}

static enum ambiguous_policy
ambiguous_of(const char *text)
{
	if (strcmp(text, "delivered") == 0)
		return AMBIGUOUS_DELIVERED;
	return strcmp(text, "hold") == 0 ? AMBIGUOUS_HOLD : AMBIGUOUS_RETRY;
}

static struct verdict_policy
policy_of(const struct config_site *s)
{
	return (struct verdict_policy){
		.partial = strcmp(s->partial, "hold") == 0 ? PARTIAL_HOLD : PARTIAL_SPLIT,
		.ambiguous = ambiguous_of(s->ambiguous),
		.maybe_delivered =
		    strcmp(s->maybe_delivered, "fail") == 0 ? MAYBE_FAIL : MAYBE_HOLD,
		.all_refused = (unsigned)s->all_refused,
	};
}

static const char *const *
items(const struct config_list *list)
{
	return (const char *const *)list->item;
}

/* A site with an upstream sends to the central spooler, one request at a time, so that all calls
 * arrive in order. The center knows each call by its messageId: sending one again is safe. */
static void
forward(const struct config_site *s, struct dispatch_site_options *ret)
{
	ret->api_url = s->upstream;
	ret->site_uuid = "";
	ret->publishable_key = "box";
	ret->secret_key = s->upstream_key;
	ret->policy = (struct verdict_policy){
		.center = true,
		.maybe_delivered = MAYBE_FAIL,
	};
}

void
wiring_site_dispatch(struct config *c, const struct config_site *s, int64_t site_id,
    struct tls_context *client_tls, struct dispatch_site_options *ret)
{
	*ret = (struct dispatch_site_options){
		.owner = &c->shared,
		.site_id = site_id,
		.name = s->name,
		.api_url = s->api_url,
		.site_uuid = s->site_uuid,
		.publishable_key = s->publishable_key,
		.secret_key = s->secret_key,
		.ca_file = s->ca_file,
		.client_tls = client_tls,
		.batch_events = (unsigned)s->batch_events,
		.batch_bytes = (size_t)s->batch_bytes,
		.concurrency = (unsigned)s->concurrency,
		.link.requests_per_minute = (unsigned)s->requests_per_minute,
		.link.bytes_per_hour = s->bytes_per_hour,
		.timeout_ms = s->timeout,
		.retry_first_ms = s->retry_first,
		.retry_max_ms = s->retry_max,
		.policy = policy_of(s),
		.max_attempts = (unsigned)s->max_attempts,
		.max_age_ms = s->max_age,
		.heartbeat_ms = s->heartbeat,
		.first = items(&s->send_first),
		.n_first = s->send_first.n,
	};
	/* The text was checked. */
	(void)window_parse(s->send_between, &ret->link.window.from, &ret->link.window.to, NULL);
	config_mapping(s, &ret->mapping);
	if (s->upstream[0] != '\0')
		forward(s, ret);
}

void
wiring_identity(const struct config_site *s, int64_t site_id, struct identity_site *ret)
{
	*ret = (struct identity_site){
		.site_id = site_id,
		.max_ids = s->identity_max,
		.waits = s->identity_wait > 0 && s->identity_max > 0,
	};
	/* The central spooler decides who a call is about. */
	if (s->upstream[0] != '\0')
		*ret = (struct identity_site){ .site_id = site_id, .forwards = true };
}

void
wiring_site_ingest(const struct config_site *s, int64_t site_id, struct ingest_site_options *ret)
{
	*ret = (struct ingest_site_options){
		.site_id = site_id,
		.name = s->name,
		.write_keys = items(&s->write_keys),
		.n_write_keys = s->write_keys.n,
		.client_names = items(&s->client_names),
		.n_client_names = s->client_names.n,
		.allow_origins = items(&s->allow_origins),
		.n_allow_origins = s->allow_origins.n,
		.ignore_ids = items(&s->ignore_ids),
		.n_ignore_ids = s->ignore_ids.n,
		.site_uuid = s->site_uuid,
		.publishable_key = s->publishable_key,
		.secret_key = s->secret_key,
		.webhook_secret = s->webhook_secret,
		.erase = strcmp(s->delete_calls, "erase") == 0,
		.boxes = items(&s->boxes),
		.n_boxes = s->boxes.n,
	};
	config_mapping(s, &ret->mapping);
}

void
wiring_log(const struct config *c)
{
	enum log_level level;
	enum log_format format;

	if (log_level_parse(c->log_level, &level) == 0
	    && log_format_parse(c->log_format, &format) == 0)
		log_setup(level, format);
}

void
wiring_ingest(const struct config *c, struct ingest_options *ret)
{
	const struct config_ingest *in = &c->ingest;

	*ret = (struct ingest_options){
		.listen = items(&in->listen),
		.n_listen = in->listen.n,
		.max_body = (size_t)in->max_body,
		.max_event = (size_t)in->max_event,
		.max_message_id = (size_t)in->max_message_id,
		.max_header_bytes = (size_t)in->max_header_bytes,
		.max_headers = (unsigned)in->max_headers,
		.max_connections = (unsigned)in->max_connections,
		.max_buffered_bytes = (size_t)in->max_buffered,
		.request_timeout_ms = in->request_timeout,
		.idle_timeout_ms = in->idle_timeout,
		.clock = &clock_system,
	};
}
