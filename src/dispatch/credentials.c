#include "dispatch/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/internal.h"
#include "event/bento.h"

struct credentials *
credentials_new(const struct dispatch_credentials *from)
{
	struct credentials *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->site_id = from->site_id;
	c->site_uuid = strdup(from->site_uuid);
	c->publishable_key = strdup(from->publishable_key);
	c->secret_key = strdup(from->secret_key);
	if (c->site_uuid != NULL && c->publishable_key != NULL && c->secret_key != NULL)
		return c;
	credentials_free(c);
	return NULL;
}

void
credentials_wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
credentials_free(struct credentials *c)
{
	if (c == NULL)
		return;
	free(c->site_uuid);
	credentials_wipe(c->publishable_key);
	credentials_wipe(c->secret_key);
	free(c);
}

void
site_take_credentials(struct site *s, struct credentials *c)
{
	credentials_free(s->letter);
	s->letter = c;
}

void
site_open_letter(struct site *s, int64_t now)
{
	struct credentials *c = s->letter;
	struct buf url;

	if (c == NULL || site_count(s, ATTEMPT_SENDING) > 0)
		return;
	buf_init(&url, SITE_URL_MAX);
	bento_events_url(&url, s->api_url, c->site_uuid);
	if (!url.failed) {
		free(s->url);
		credentials_wipe(s->user);
		credentials_wipe(s->password);
		s->url = buf_steal(&url, NULL);
		s->user = c->publishable_key;
		s->password = c->secret_key;
		c->publishable_key = c->secret_key = NULL;
	}
	buf_free(&url);
	credentials_free(c);
	s->letter = NULL;
	if (s->breaker.why == SITE_PAUSE)
		breaker_retry(&s->breaker, now);
	/* What failed with the old ones says nothing about the events. */
	suspects_clear(s);
	s->look = true;
}
