/*
 * The secrets of Segment webhooks, and the site of each. A signature is verified against one site's
 * secret, or against all of them to find the site. Building the table fails when two sites share a
 * secret.
 */
#include "ingest/auth/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/ingest.h"

struct site_secret {
	int64_t site_id;
	char *text;
};

struct webhook {
	struct site_secret *secrets;
	size_t n;
};

static int
add_secret(struct webhook *w, const struct ingest_site_options *site, struct err *e)
{
	const char *text = site->webhook_secret;

	if (text == NULL || text[0] == '\0')
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->secrets[i].text, text) == 0)
			return err_set(e, ERR_INPUT,
			    "site \"%s\": its webhook_secret belongs to another site too; each "
			    "site needs a secret of its own",
			    site->name);
	w->secrets[w->n].site_id = site->site_id;
	w->secrets[w->n].text = strdup(text);
	if (w->secrets[w->n].text == NULL)
		return err_nomem(e);
	w->n++;
	return 0;
}

int
webhook_new(const struct ingest_site_options *sites, size_t n_sites, struct webhook **ret_webhook,
    struct err *e)
{
	struct webhook *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(e);
	w->secrets = calloc(n_sites == 0 ? 1 : n_sites, sizeof(*w->secrets));
	if (w->secrets == NULL) {
		free(w);
		return err_nomem(e);
	}
	for (size_t i = 0; i < n_sites; i++) {
		if (add_secret(w, &sites[i], e) != 0) {
			webhook_free(w);
			return -1;
		}
	}
	*ret_webhook = w;
	return 0;
}

void
webhook_free(struct webhook *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++) {
		explicit_bzero(w->secrets[i].text, strlen(w->secrets[i].text));
		free(w->secrets[i].text);
	}
	free(w->secrets);
	free(w);
}

bool
webhook_is_used(const struct webhook *w)
{
	return w->n > 0;
}

bool
webhook_has_secret(const struct webhook *w, int64_t site_id)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->secrets[i].site_id == site_id)
			return true;
	return false;
}

bool
webhook_verify(const struct webhook *w, const int64_t *only_site, struct slice text,
    const unsigned char signature[SIGNATURE_SIZE], int64_t *ret_site_id)
{
	bool found = false;

	/* otherwise anybody could cost much CPU time with a large body, when there are many
	 * sites */
	if (only_site == NULL && text.n > WEBHOOK_MAX_HASHED / (w->n == 0 ? 1 : w->n))
		return false;
	for (size_t i = 0; i < w->n; i++) {
		const struct site_secret *secret = &w->secrets[i];

		if (only_site != NULL && secret->site_id != *only_site)
			continue;
		if (signature_fits(secret->text, text, signature)) {
			*ret_site_id = secret->site_id;
			found = true;
		}
	}
	return found;
}
