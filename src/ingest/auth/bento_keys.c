/*
 * Pairs of Bento keys and the sites that they belong to. A request names a pair by Basic
 * credentials and a site by its UUID; several sites may share a pair. Comparison takes constant
 * time. Building the table fails only without memory.
 */
#include "ingest/auth/bento_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret/constant_time.h"
#include "ingest/auth/auth.h"
#include "ingest/ingest.h"

#define WORDS ((BENTO_KEYS_MAX + 8) / 8)

/* Length and bytes of "publishable_key:secret_key", padded with zeros. */
struct keys {
	uint64_t words[WORDS];
};

struct bento_keys_site {
	struct keys keys;
	size_t same; /* the first site with this pair */
	char *site_uuid;
	int64_t site_id;
};

struct bento_keys {
	struct bento_keys_site *sites;
	size_t n_sites;
};

/* ---- the table -------------------------------------------------------------------------- */

static struct keys
keys_of(struct slice text)
{
	struct keys k = { { text.n } };

	memcpy(&k.words[1], text.p, text.n < BENTO_KEYS_MAX ? text.n : BENTO_KEYS_MAX);
	return k;
}

static size_t
find(const struct bento_keys *n, const struct keys *keys)
{
	/* Compares the length and as many bytes as were sent: the time reveals only the length that
	 * was sent. */
	size_t size = sizeof(keys->words[0]) + (size_t)keys->words[0];
	uint64_t found = BENTO_KEYS_NOBODY;

	for (size_t i = n->n_sites; i-- > 0;) {
		uint64_t mask = constant_time_equal(keys, &n->sites[i].keys, size);

		found = (found & ~mask) | (mask & (uint64_t)i);
	}
	return (size_t)found;
}

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static int
add_site(struct bento_keys *n, const struct ingest_site_options *o, struct err *e)
{
	struct bento_keys_site *site = &n->sites[n->n_sites];
	struct buf pair;

	if (!is_given(o->site_uuid) || !is_given(o->publishable_key) || !is_given(o->secret_key))
		return 0;
	buf_init(&pair, BENTO_KEYS_MAX);
	buf_printf(&pair, "%s:%s", o->publishable_key, o->secret_key);
	if (pair.failed) {
		buf_free(&pair);
		return 0;
	}
	site->keys = keys_of(buf_slice(&pair));
	explicit_bzero(pair.p, pair.n);
	buf_free(&pair);
	site->same = find(n, &site->keys);
	if (site->same == BENTO_KEYS_NOBODY)
		site->same = n->n_sites;
	site->site_id = o->site_id;
	site->site_uuid = strdup(o->site_uuid);
	n->n_sites++;
	return site->site_uuid == NULL ? err_nomem(e) : 0;
}

int
bento_keys_new(const struct ingest_site_options *sites, size_t n_sites,
    struct bento_keys **ret_keys, struct err *e)
{
	struct bento_keys *n = calloc(1, sizeof(*n));

	if (n != NULL)
		n->sites = calloc(n_sites + 1, sizeof(*n->sites));
	if (n == NULL || n->sites == NULL) {
		bento_keys_free(n);
		return err_nomem(e);
	}
	for (size_t i = 0; i < n_sites; i++) {
		if (add_site(n, &sites[i], e) != 0) {
			bento_keys_free(n);
			return -1;
		}
	}
	*ret_keys = n;
	return 0;
}

void
bento_keys_free(struct bento_keys *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->n_sites; i++)
		free(n->sites[i].site_uuid);
	if (n->sites != NULL)
		explicit_bzero(n->sites, n->n_sites * sizeof(*n->sites));
	free(n->sites);
	free(n);
}

/* ---- requests --------------------------------------------------------------------------- */

size_t
bento_keys_find_pair(const struct bento_keys *n, struct slice authorization)
{
	char text[BENTO_KEYS_MAX + 8];
	struct slice pair;
	struct keys keys;
	size_t found;

	if (auth_basic_text(authorization, text, sizeof(text), &pair) != AUTH_KNOWN
	    || pair.n > BENTO_KEYS_MAX)
		return BENTO_KEYS_NOBODY;
	keys = keys_of(pair);
	found = find(n, &keys);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&keys, sizeof(keys));
	return found;
}

bool
bento_keys_find_site(
    const struct bento_keys *n, size_t keys, struct slice site_uuid, int64_t *ret_site_id)
{
	for (size_t i = 0; i < n->n_sites; i++) {
		const struct bento_keys_site *site = &n->sites[i];

		if (site->same == keys && slice_equals(site_uuid, slice_from(site->site_uuid))) {
			*ret_site_id = site->site_id;
			return true;
		}
	}
	return false;
}

struct slice
bento_keys_query_site(struct slice query, char *to, size_t room)
{
	struct slice text = { to, 0 };

	return auth_query_get(query, SLICE("site_uuid="), to, room, &text.n) ? text : SLICE_NONE;
}
