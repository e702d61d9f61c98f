/* A table of names and their sites, searched from its beginning for each name of a client. Building
 * it fails on a name of two sites, and without memory. */
#include "ingest/auth/client_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ingest/ingest.h"
#include "tls/names.h"

struct known_name {
	char *name;
	int64_t site_id;
};

struct client_names {
	struct known_name *known;
	size_t n;
};

static const struct known_name *
find(const struct client_names *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcasecmp(c->known[i].name, name) == 0)
			return &c->known[i];
	return NULL;
}

static int
add(struct client_names *c, const struct ingest_site_options *site, const char *name, struct err *e)
{
	const struct known_name *other = find(c, name);
	struct known_name *known;

	if (other != NULL && other->site_id == site->site_id)
		return 0;
	if (other != NULL)
		return err_set(e, ERR_INPUT,
		    "site \"%s\": a name in client_names belongs to another site too; each site "
		    "needs names of its own",
		    site->name);
	known = realloc(c->known, (c->n + 1) * sizeof(*known));
	if (known == NULL)
		return err_nomem(e);
	c->known = known;
	known[c->n] = (struct known_name){ strdup(name), site->site_id };
	if (known[c->n].name == NULL)
		return err_nomem(e);
	c->n++;
	return 0;
}

int
client_names_new(const struct ingest_site_options *sites, size_t n_sites,
    struct client_names **ret_names, struct err *e)
{
	struct client_names *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n_sites; i++) {
		for (size_t k = 0; k < sites[i].n_client_names; k++) {
			if (add(c, &sites[i], sites[i].client_names[k], e) != 0) {
				client_names_free(c);
				return -1;
			}
		}
	}
	*ret_names = c;
	return 0;
}

void
client_names_free(struct client_names *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->known[i].name);
	free(c->known);
	free(c);
}

enum auth_result
client_names_find(
    const struct client_names *c, const struct tls_names *client, int64_t *ret_site_id)
{
	const struct known_name *first = NULL, *known;

	for (size_t i = 0; client != NULL && i < client->n; i++) {
		known = find(c, client->name[i]);
		if (known != NULL && first != NULL && known->site_id != first->site_id)
			return AUTH_UNKNOWN;
		if (first == NULL)
			first = known;
	}
	if (first == NULL)
		return AUTH_ABSENT;
	*ret_site_id = first->site_id;
	return AUTH_KNOWN;
}
