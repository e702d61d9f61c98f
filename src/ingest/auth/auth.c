/*
 * The write keys and origins of all sites, and the places of a request where clients put a key:
 * Basic credentials, the query, the body. Keys are looked up in constant time. Building the table
 * fails on keys that are empty, too long, missing or shared by two sites, and without memory.
 */
#include "ingest/auth/auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/secret/constant_time.h"
#include "ingest/ingest.h"

#define KEY_WORDS ((AUTH_KEY_MAX + 8) / 8)
/* bytes of decoded credentials; room for a long password, which is ignored */
#define BASIC_MAX 1024

/* The length and the bytes of a key, padded with zeros. */
struct key {
	uint64_t words[KEY_WORDS];
};

struct known_key {
	struct key key;
	int64_t site_id;
};

struct auth {
	struct known_key *keys;
	size_t n_keys;
	char **origins;
	size_t n_origins;
	bool open;            /* there is one site, and nothing is asked of its senders */
	int64_t only_site_id; /* that site */
};

/* ---- the table of keys -------------------------------------------------------------- */

static struct key
key_of(struct slice text)
{
	struct key k = { { text.n } };

	memcpy(&k.words[1], text.p, text.n < AUTH_KEY_MAX ? text.n : AUTH_KEY_MAX);
	return k;
}

static enum auth_result
find(const struct auth *a, struct slice text, int64_t *ret_site_id)
{
	struct key k = key_of(text);
	/* Compares the length and as many bytes as were sent: the time reveals only the length that
	 * was sent. */
	size_t size = sizeof(k.words[0]) + (text.n < AUTH_KEY_MAX ? text.n : AUTH_KEY_MAX);
	uint64_t site = 0, found = 0;

	for (size_t i = 0; i < a->n_keys; i++) {
		uint64_t mask = constant_time_equal(&k, &a->keys[i].key, size);

		site |= mask & (uint64_t)a->keys[i].site_id;
		found |= mask;
	}
	if (found == 0)
		return AUTH_UNKNOWN;
	*ret_site_id = (int64_t)site;
	return AUTH_KNOWN;
}

static int
add_key(struct auth *a, const struct ingest_site_options *site, const char *text, struct err *e)
{
	struct slice key = slice_from(text);
	struct known_key *keys;
	int64_t other;

	if (key.n == 0 || key.n > AUTH_KEY_MAX)
		return err_set(e, ERR_INPUT,
		    "site \"%s\": a key in write_keys has %zu bytes; allowed are 1 to %d",
		    site->name, key.n, AUTH_KEY_MAX);
	if (find(a, key, &other) == AUTH_KNOWN) {
		if (other == site->site_id)
			return 0;
		return err_set(e, ERR_INPUT,
		    "site \"%s\": a key in write_keys belongs to another site too; each site "
		    "needs keys of its own",
		    site->name);
	}
	keys = realloc(a->keys, (a->n_keys + 1) * sizeof(*keys));
	if (keys == NULL)
		return err_nomem(e);
	a->keys = keys;
	keys[a->n_keys].key = key_of(key);
	keys[a->n_keys].site_id = site->site_id;
	a->n_keys++;
	return 0;
}

static int
add_origin(struct auth *a, const char *origin, struct err *e)
{
	char **origins = realloc(a->origins, (a->n_origins + 1) * sizeof(*origins));

	if (origins == NULL)
		return err_nomem(e);
	a->origins = origins;
	origins[a->n_origins] = strdup(origin);
	if (origins[a->n_origins] == NULL)
		return err_nomem(e);
	a->n_origins++;
	return 0;
}

static int
add_site(struct auth *a, const struct ingest_site_options *site, bool alone, struct err *e)
{
	bool open = site->n_write_keys == 0 && site->n_client_names == 0;

	if (open && !alone)
		return err_set(e, ERR_INPUT,
		    "site \"%s\" has no write_keys: with several sites each needs keys of its own, "
		    "because the write key decides the site",
		    site->name);
	a->open = open;
	a->only_site_id = site->site_id;
	for (size_t i = 0; i < site->n_write_keys; i++)
		if (add_key(a, site, site->write_keys[i], e) != 0)
			return -1;
	for (size_t i = 0; i < site->n_allow_origins; i++)
		if (add_origin(a, site->allow_origins[i], e) != 0)
			return -1;
	return 0;
}

int
auth_new(
    const struct ingest_site_options *sites, size_t n_sites, struct auth **ret_auth, struct err *e)
{
	struct auth *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n_sites; i++) {
		if (add_site(a, &sites[i], n_sites == 1, e) != 0) {
			auth_free(a);
			return -1;
		}
	}
	*ret_auth = a;
	return 0;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_origins; i++)
		free(a->origins[i]);
	free(a->origins);
	if (a->keys != NULL)
		explicit_bzero(a->keys, a->n_keys * sizeof(*a->keys));
	free(a->keys);
	free(a);
}

/* ---- where clients put their key ---------------------------------------------------- */

enum auth_result
auth_key(const struct auth *a, struct slice key, int64_t *ret_site_id)
{
	if (a->open) {
		*ret_site_id = a->only_site_id;
		return AUTH_KNOWN;
	}
	return key.n == 0 ? AUTH_ABSENT : find(a, key, ret_site_id);
}

enum auth_result
auth_basic_text(struct slice authorization, char *to, size_t room, struct slice *ret_text)
{
	struct slice text = { to, 0 };

	if (authorization.n < 6 || strncasecmp(authorization.p, "Basic ", 6) != 0)
		return AUTH_ABSENT;
	for (authorization.p += 6, authorization.n -= 6;
	     authorization.n > 0 && authorization.p[0] == ' '; authorization.p++)
		authorization.n--;
	if (decode_base64(authorization, to, room, &text.n) != 0)
		return AUTH_UNKNOWN;
	*ret_text = text;
	return AUTH_KNOWN;
}

enum auth_result
auth_basic(const struct auth *a, struct slice authorization, int64_t *ret_site_id)
{
	char text[BASIC_MAX];
	enum auth_result result;
	struct slice user;
	const char *colon;

	if (a->open)
		return auth_key(a, SLICE_NONE, ret_site_id);
	result = auth_basic_text(authorization, text, sizeof(text), &user);
	if (result != AUTH_KNOWN)
		return result;
	colon = memchr(text, ':', user.n);
	if (colon == NULL)
		return AUTH_UNKNOWN;
	user.n = (size_t)(colon - text);
	return auth_key(a, user, ret_site_id);
}

enum auth_result
auth_header(const struct auth *a, struct slice value, int64_t *ret_site_id)
{
	const char *colon = value.n == 0 ? NULL : memchr(value.p, ':', value.n);

	if (colon != NULL)
		value.n = (size_t)(colon - value.p);
	return auth_key(a, value, ret_site_id);
}

bool
auth_query_get(struct slice query, struct slice name, char *to, size_t room, size_t *ret_n)
{
	while (query.n > 0) {
		const char *end = memchr(query.p, '&', query.n);
		size_t n = end == NULL ? query.n : (size_t)(end - query.p);

		if (n > name.n && memcmp(query.p, name.p, name.n) == 0) {
			struct slice raw = { query.p + name.n, n - name.n };

			*ret_n = decode_percent(raw, to, room);
			return true;
		}
		n += end != NULL;
		query.p += n;
		query.n -= n;
	}
	return false;
}

enum auth_result
auth_query(const struct auth *a, struct slice query, int64_t *ret_site_id)
{
	char text[AUTH_KEY_MAX + 1];
	struct slice key = { text, 0 };

	if (!auth_query_get(query, SLICE("writeKey="), text, sizeof(text), &key.n))
		key = SLICE_NONE;
	return auth_key(a, key, ret_site_id);
}

bool
auth_origin(const struct auth *a, struct slice origin)
{
	if (origin.n == 0 || origin.n > AUTH_ORIGIN_MAX)
		return false;
	return a->n_keys > 0 || auth_origin_is_listed(a, origin);
}

bool
auth_origin_is_listed(const struct auth *a, struct slice origin)
{
	for (size_t i = 0; i < a->n_origins; i++)
		if (slice_equals(origin, slice_from(a->origins[i])))
			return true;
	return false;
}
