/*
 * The settings of one site. Building them can fail: an api_url that is too long, a batch without
 * room for an event, no memory.
 */
#include "dispatch/site_settings.h"

#include <stdlib.h>

#include "event/mapping/mapping.h"
#include "tls/context.h"

#define URL_MAX 8192
#define MAPPING_TEXT_MAX 4096
#define BATCH_BYTES_MIN 1000 /* as the setting batch_bytes */

static int
make_urls(struct site_settings *s, struct err *e)
{
	const struct dispatch_site_options *o = &s->options;
	struct buf url;

	for (unsigned i = 0; i < BENTO_ENDPOINTS; i++) {
		buf_init(&url, URL_MAX);
		bento_url(&url, o->api_url, (enum bento_endpoint)i, o->site_uuid);
		if (url.failed) {
			buf_free(&url);
			return err_set(e, ERR_INPUT, "api_url is too long");
		}
		s->urls[i] = buf_steal(&url, NULL);
		if (s->urls[i] == NULL)
			return err_nomem(e);
	}
	return 0;
}

/* A request takes at most five minutes of the byte budget, so that an event that comes meanwhile
 * does not wait longer for its turn. */
static void
limit_batch(struct dispatch_site_options *o)
{
	size_t most = (size_t)(o->link.bytes_per_hour / 12);

	if (o->link.bytes_per_hour > 0 && most < o->batch_bytes)
		o->batch_bytes = most < BATCH_BYTES_MIN ? BATCH_BYTES_MIN : most;
}

static int
derive(struct site_settings *s, struct err *e)
{
	if (s->options.batch_events == 0 || s->options.batch_bytes == 0)
		return err_set(e, ERR_INPUT, "a batch must have room for an event");
	limit_batch(&s->options);
	mapping_describe(&s->options.mapping, &s->mapping_text);
	return s->mapping_text.failed ? err_nomem(e) : make_urls(s, e);
}

int
site_settings_init(
    struct site_settings *s, const struct dispatch_site_options *options, struct err *e)
{
	*s = (struct site_settings){ .options = *options };
	shared_hold(options->owner);
	if (options->client_tls != NULL)
		tls_context_hold(options->client_tls);
	buf_init(&s->mapping_text, MAPPING_TEXT_MAX);
	if (s->options.concurrency == 0)
		s->options.concurrency = 1;
	if (s->options.ca_file != NULL && s->options.ca_file[0] == '\0')
		s->options.ca_file = NULL;
	if (derive(s, e) == 0)
		return 0;
	site_settings_free(s);
	return err_wrap(e, "site %s", options->name);
}

void
site_settings_free(struct site_settings *s)
{
	for (unsigned i = 0; i < BENTO_ENDPOINTS; i++)
		free(s->urls[i]);
	buf_free(&s->mapping_text);
	shared_release(s->options.owner);
	tls_context_free(s->options.client_tls);
	*s = (struct site_settings){ .options.owner = NULL };
}
