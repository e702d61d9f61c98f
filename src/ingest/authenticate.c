/*
 * Finds out who the sender is. The head of a request has most of the evidence (Basic credentials,
 * the query, a signature); the rest may be in the body (`writeKey`, `site_uuid`), and a signature
 * is checked against the body. authenticate_head refuses what is already wrong; authenticate_body
 * finds the site or refuses. A reload between the two may change the keys: where that matters, the
 * client must try again.
 */
#include "ingest/authenticate.h"

#define SITE_UUID_MAX 256 /* bytes of a UUID in a query; a longer one is unknown */

static const struct answer wrong_key = { .status = 401,
	.code = "invalid_write_key",
	.message = "the write key is missing or is not in write_keys" };
static const struct answer wrong_bento_keys = { .status = 401,
	.code = "unauthorized",
	.message = "publishable key, secret key and site_uuid do not match any configured site" };
static const struct answer wrong_signature = { .status = 401,
	.code = "invalid_signature",
	.message = "X-Signature is missing, is not an HMAC-SHA1 in hexadecimal, or does not match "
		   "webhook_secret" };
static const struct answer wrong_box = { .status = 401,
	.code = "unauthorized",
	.message = "this key belongs to no box: the central spooler lists boxes in boxes_file" };
static const struct answer wrong_client = { .status = 401,
	.code = "invalid_client_name",
	.message = "the certificate of the client belongs to another site than the key does" };
static const struct answer wrong_page = { .status = 403,
	.code = "origin_not_allowed",
	.message = "pages of this origin may not post with the browser's certificate: send a write "
		   "key, or list the origin in allow_origins" };
static const struct answer reloaded = { .status = 503,
	.code = "renewed",
	.message = "the keys were reloaded while this request was received; try again",
	.retry_after = 1 };

/* ---- by the head -------------------------------------------------------------------- */

/* Looks in one place after another; the first place that has a key counts. */
static enum auth_result
find_key(const struct auth *auth, const struct http_head *h, int64_t *ret_site_id)
{
	enum auth_result result = auth_basic(auth, h->authorization, ret_site_id);

	if (result == AUTH_ABSENT)
		result = auth_query(auth, h->query, ret_site_id);
	return result == AUTH_ABSENT ? auth_header(auth, h->write_key, ret_site_id) : result;
}

/* Follows Bento's order: first the keys, then the site, which the query or else the body names. */
static const struct answer *
check_bento_head(struct request *r, const struct http_head *h)
{
	const struct ingest *in = r->ingest;
	char text[SITE_UUID_MAX];
	struct slice uuid = bento_keys_query_site(h->query, text, sizeof(text));

	r->generation = in->generation;
	r->bento_pair = bento_keys_find_pair(in->bento_keys, h->authorization);
	r->bento_site_known = uuid.n > 0;
	if (r->bento_pair == BENTO_KEYS_NOBODY)
		return &wrong_bento_keys;
	if (r->bento_site_known
	    && !bento_keys_find_site(in->bento_keys, r->bento_pair, uuid, &r->site_id))
		return &wrong_bento_keys;
	return NULL;
}

static const struct answer *
check_box_head(struct request *r, const struct http_head *h)
{
	const struct ingest *in = r->ingest;

	r->generation = in->generation;
	if (!boxes_find(in->boxes, h->authorization, &r->site_id, r->box_name))
		return &wrong_box;
	box_report_read(h->box, clock_wall(in->clock), r->box_version, &r->box);
	r->box.name = slice_from(r->box_name);
	r->box.bytes = (int64_t)h->content_length;
	return NULL;
}

const struct answer *
authenticate_head(struct request *r, const struct http_head *h)
{
	r->client =
	    client_names_find(r->ingest->client_names, conn_client(r->conn), &r->client_site_id);
	if (r->route->action == ROUTE_FLEET)
		return check_box_head(r, h);
	if (r->route->action == ROUTE_BENTO_API)
		return check_bento_head(r, h);
	r->origin_listed = auth_origin_is_listed(r->ingest->auth, h->origin);
	r->key = find_key(r->ingest->auth, h, &r->site_id);
	r->is_signed = signature_parse(h->signature, r->signature) == 0;
	return r->key == AUTH_UNKNOWN ? &wrong_key : NULL;
}

/* ---- by the body -------------------------------------------------------------------- */

/* The certificate of a client stands in for a key. A browser shows it for every page, so the page
 * must be known. */
static const struct answer *
take_client(struct request *r)
{
	if (r->key != AUTH_ABSENT || r->client != AUTH_KNOWN)
		return NULL;
	if (r->browser && !r->origin_listed)
		return &wrong_page;
	r->key = AUTH_KNOWN;
	r->site_id = r->client_site_id;
	return NULL;
}

static const struct answer *
check_key(struct request *r)
{
	const struct answer *refusal;

	if (r->key == AUTH_ABSENT)
		r->key = auth_key(r->ingest->auth, r->parse.write_key, &r->site_id);
	refusal = take_client(r);
	if (refusal != NULL)
		return refusal;
	return r->key == AUTH_KNOWN ? NULL : &wrong_key;
}

/* A site with a secret accepts only signed posts; without a key the secret decides the site. */
static const struct answer *
check_webhook(struct request *r)
{
	const struct segment_request *parse = &r->parse;
	struct slice text = parse->is_array ? parse->events[0].body : parse->body;
	const struct answer *refusal = take_client(r);
	bool known = r->key == AUTH_KNOWN;

	if (refusal != NULL)
		return refusal;
	if (known && !webhook_has_secret(r->ingest->webhook, r->site_id))
		return NULL;
	if (!known && !r->is_signed)
		return webhook_is_used(r->ingest->webhook) ? &wrong_signature : &wrong_key;
	if (r->is_signed
	    && webhook_verify(
		r->ingest->webhook, known ? &r->site_id : NULL, text, r->signature, &r->site_id))
		return NULL;
	return &wrong_signature;
}

static const struct answer *
check_bento_body(struct request *r)
{
	const struct ingest *in = r->ingest;

	if (r->bento_site_known)
		return NULL;
	if (r->generation != in->generation)
		return &reloaded;
	return bento_keys_find_site(in->bento_keys, r->bento_pair, r->parse.site_uuid, &r->site_id)
		   ? NULL
		   : &wrong_bento_keys;
}

static const struct answer *
check_sender(struct request *r)
{
	switch (r->route->action) {
	case ROUTE_BENTO_API:
		return check_bento_body(r);
	case ROUTE_WEBHOOK:
		return check_webhook(r);
	case ROUTE_FLEET: /* the key may have been revoked while the body arrived */
		return r->generation == r->ingest->generation ? NULL : &reloaded;
	case ROUTE_EVENTS:
	case ROUTE_DISCARD:
	case ROUTE_HEALTH:
		break;
	}
	return check_key(r);
}

/* What else says who the sender is must agree with the certificate. */
const struct answer *
authenticate_body(struct request *r)
{
	const struct answer *refusal = check_sender(r);

	if (refusal != NULL || r->client == AUTH_ABSENT)
		return refusal;
	return r->client == AUTH_KNOWN && r->client_site_id == r->site_id ? NULL : &wrong_client;
}
