/*
 * Compares what stat says of the files with what it said when they were read. A renewal writes
 * certificate and key one after the other, so files are read only when two looks found the same.
 * Fails, and says so in the log and as a fault, when the new files cannot be used.
 */
#include "daemon/certificates.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/isotime.h"
#include "base/log.h"
#include "config/keys/client_files.h"
#include "config/keys/tls_files.h"
#include "tls/dates.h"
#include "tls/meter.h"

#define N_FILES 3
#define SITE "site "
#define LISTENER_SIZE 256

/* What changes when a file is replaced or written; all zeros without a file. */
struct stamp {
	int64_t device, inode, size, modified_s, modified_ns, changed_s, changed_ns;
};

struct look {
	struct stamp file[N_FILES];
};

struct certificates {
	struct certificates_options o;
	char *listener;
	struct tls_context *context; /* NULL: a site without files */
	struct tls_context *next;    /* between prepare and commit */
	struct look used;            /* of the files that were read last, used or not */
	struct look seen;            /* at the last tick */
	char fault[sizeof(((struct err *)0)->text)];
	int64_t retry_at; /* mono ms; while there is a fault */
	struct tls_meter meter;
};

static void
stamp_of(const char *path, struct stamp *ret_stamp)
{
	struct stat st;

	*ret_stamp = (struct stamp){ 0 };
	if (path[0] == '\0' || stat(path, &st) != 0)
		return;
	*ret_stamp = (struct stamp){ (int64_t)st.st_dev, (int64_t)st.st_ino, st.st_size,
		st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec };
}

static struct look
look_at(const struct config_tls *tls)
{
	struct look look;

	stamp_of(tls->certificate_file, &look.file[0]);
	stamp_of(tls->private_key_file, &look.file[1]);
	stamp_of(tls->client_ca_file, &look.file[2]);
	return look;
}

static bool
is_same(const struct look *a, const struct look *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void
measure(struct certificates *c)
{
	static const struct tls_certificate none;
	const struct tls_certificate *t =
	    c->context == NULL ? &none : tls_context_certificate(c->context);

	atomic_store(&c->meter.not_before, t->not_before);
	atomic_store(&c->meter.not_after, t->not_after);
	atomic_store(&c->meter.new_is_refused, c->fault[0] != '\0');
}

static int
open_files(const struct certificates *c, const struct config_tls *tls,
    struct tls_context **ret_context, struct err *e)
{
	if (!c->o.is_client)
		return tls_files_open(tls, ret_context, e);
	*ret_context = NULL;
	return tls->certificate_file[0] == '\0' ? 0 : tls_files_open_client(tls, ret_context, e);
}

/* ---- setup and release -------------------------------------------------------------- */

int
certificates_new(const struct certificates_options *o, const struct config_tls *tls,
    struct certificates **ret_certificates, struct err *e)
{
	struct certificates *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->listener = strdup(o->listener)) == NULL) {
		free(c);
		return err_nomem(e);
	}
	c->o = *o;
	c->o.listener = c->listener;
	c->used = c->seen = look_at(tls);
	if (open_files(c, tls, &c->context, e) != 0) {
		certificates_free(c);
		return err_wrap(e, "%s", o->listener);
	}
	c->meter.listener = c->listener;
	c->meter.is_client = o->is_client;
	measure(c);
	*ret_certificates = c;
	return 0;
}

void
certificates_free(struct certificates *c)
{
	if (c == NULL)
		return;
	tls_context_free(c->context);
	tls_context_free(c->next);
	free(c->listener);
	free(c);
}

/* ---- renewals ----------------------------------------------------------------------- */

/* Takes ownership of context. */
static void
use(struct certificates *c, struct tls_context *context)
{
	const struct tls_certificate *t;
	char end[ISOTIME_SIZE];

	tls_context_free(c->context);
	c->context = context;
	c->fault[0] = '\0';
	measure(c);
	if (context == NULL)
		return;
	t = tls_context_certificate(context);
	isotime_format(t->not_after, end);
	log_info("%s: new connections %s the certificate of %s, which ends %s", c->o.listener,
	    c->o.is_client ? "show" : "get", t->name, end);
}

/* Logs a fault once, and not each time that the files are tried again. */
static void
keep(struct certificates *c, const struct err *why)
{
	char end[ISOTIME_SIZE];

	c->retry_at = clock_mono(c->o.clock) + CERTIFICATES_RETRY_MS;
	if (strcmp(c->fault, why->text) == 0)
		return;
	snprintf(c->fault, sizeof(c->fault), "%s", why->text);
	measure(c);
	isotime_format(tls_context_certificate(c->context)->not_after, end);
	log_warn("%s: the new certificate is not used: %s; the present one ends %s", c->o.listener,
	    why->text, end);
}

void
certificates_tick(struct certificates *c, const struct config_tls *tls)
{
	struct tls_context *context;
	struct look now;
	struct err e;
	bool settled;

	if (c == NULL)
		return;
	now = look_at(tls);
	settled = is_same(&now, &c->seen);
	c->seen = now;
	if (!settled)
		return;
	if (is_same(&now, &c->used)
	    && (c->fault[0] == '\0' || clock_mono(c->o.clock) < c->retry_at))
		return;
	c->used = now;
	if (open_files(c, tls, &context, &e) != 0) {
		keep(c, &e);
		return;
	}
	use(c, context);
	c->o.use(c->o.use_arg, c->listener, context);
}

/* ---- reloads ------------------------------------------------------------------------ */

int
certificates_prepare(struct certificates *c, const struct config_tls *tls, struct err *e)
{
	if (c == NULL)
		return 0;
	c->seen = look_at(tls);
	if (open_files(c, tls, &c->next, e) == 0)
		return 0;
	return err_wrap(e, "%s", c->o.listener);
}

void
certificates_commit(struct certificates *c)
{
	if (c == NULL)
		return;
	c->used = c->seen;
	use(c, c->next);
	if (!c->o.is_client)
		c->o.use(c->o.use_arg, c->listener, c->next);
	c->next = NULL;
}

void
certificates_cancel(struct certificates *c)
{
	if (c == NULL)
		return;
	tls_context_free(c->next);
	c->next = NULL;
}

/* ---- what is in use ----------------------------------------------------------------- */

struct tls_context *
certificates_context(const struct certificates *c)
{
	return c == NULL ? NULL : c->context;
}

struct tls_context *
certificates_prepared(const struct certificates *c)
{
	return c->next;
}

const char *
certificates_listener(const struct certificates *c)
{
	return c->listener;
}

bool
certificates_end(
    const struct certificates *c, int64_t now, int64_t soon_ms, char *ret_text, size_t size)
{
	const struct tls_certificate *t;
	char dates[TLS_DATES_TEXT];

	if (c->context == NULL)
		return false;
	t = tls_context_certificate(c->context);
	if (!tls_dates_describe(t, now, soon_ms, dates))
		return false;
	snprintf(ret_text, size, "%s: the certificate of %s %s", c->o.listener, t->name, dates);
	return true;
}

const char *
certificates_fault(const struct certificates *c)
{
	return c->fault;
}

const struct tls_meter *
certificates_meter(const struct certificates *c)
{
	return c == NULL ? NULL : &c->meter;
}

static void
add_time(cJSON *to, const char *key, int64_t at)
{
	char text[ISOTIME_SIZE];

	isotime_format(at, text);
	cJSON_AddStringToObject(to, key, text);
}

void
certificates_describe(const struct certificates *c, cJSON *list)
{
	const struct tls_certificate *t;
	cJSON *o;

	if (c == NULL || c->context == NULL)
		return;
	t = tls_context_certificate(c->context);
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "listener", c->o.listener);
	cJSON_AddStringToObject(o, "name", t->name);
	add_time(o, "not_before", t->not_before);
	add_time(o, "not_after", t->not_after);
	cJSON_AddStringToObject(o, "fault", c->fault);
	cJSON_AddItemToArray(list, o);
}

/* ---- all of them -------------------------------------------------------------------- */

const char *
certificate_set_site(const char *listener)
{
	return strncmp(listener, SITE, strlen(SITE)) == 0 ? listener + strlen(SITE) : NULL;
}

/* Returns the files of the certificates at i. */
static struct config_tls
files_of(const struct certificate_set *s, const struct config *c, size_t i)
{
	const char *site;

	if (i < TLS_FILES_SECTIONS)
		return *tls_files_section(c, i).tls;
	site = certificate_set_site(certificates_listener(s->item[i]));
	/* A reload cannot remove a site. */
	return client_files_of(config_find_site(c, site));
}

int
certificate_set_open(struct certificate_set *s, const struct config *c,
    void (*used)(void *arg, const char *listener, struct tls_context *context), void *arg,
    struct err *e)
{
	struct certificates_options o = { .clock = &clock_system, .use = used, .use_arg = arg };
	char listener[LISTENER_SIZE];

	s->n = TLS_FILES_SECTIONS + c->n_sites;
	s->item = calloc(s->n, sizeof(struct certificates *));
	if (s->item == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < TLS_FILES_SECTIONS; i++) {
		struct tls_section section = tls_files_section(c, i);

		o.listener = section.name;
		if (tls_files_are_needed(section.listen)
		    && certificates_new(&o, section.tls, &s->item[i], e) != 0)
			return -1;
	}
	o.is_client = true;
	o.listener = listener;
	for (size_t i = 0; i < c->n_sites; i++) {
		struct config_tls files = client_files_of(&c->sites[i]);

		snprintf(listener, sizeof(listener), SITE "%s", c->sites[i].name);
		if (certificates_new(&o, &files, &s->item[TLS_FILES_SECTIONS + i], e) != 0)
			return -1;
	}
	return 0;
}

void
certificate_set_close(struct certificate_set *s)
{
	for (size_t i = 0; s->item != NULL && i < s->n; i++)
		certificates_free(s->item[i]);
	free(s->item);
	*s = (struct certificate_set){ 0 };
}

static const struct certificates *
find(const struct certificate_set *s, const char *site)
{
	size_t i = TLS_FILES_SECTIONS;

	while (strcmp(certificate_set_site(certificates_listener(s->item[i])), site) != 0)
		i++;
	return s->item[i];
}

struct tls_context *
certificate_set_of_site(const struct certificate_set *s, const char *site)
{
	return certificates_context(find(s, site));
}

struct tls_context *
certificate_set_prepared(const struct certificate_set *s, const char *site)
{
	return certificates_prepared(find(s, site));
}

void
certificate_set_tick(struct certificate_set *s, const struct config *c)
{
	for (size_t i = 0; i < s->n; i++) {
		struct config_tls files = files_of(s, c, i);

		certificates_tick(s->item[i], &files);
	}
}

int
certificate_set_prepare(struct certificate_set *s, const struct config *c, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		struct config_tls files = files_of(s, c, i);

		if (certificates_prepare(s->item[i], &files, e) != 0)
			return -1;
	}
	return 0;
}

void
certificate_set_commit(struct certificate_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		certificates_commit(s->item[i]);
}

void
certificate_set_cancel(struct certificate_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		certificates_cancel(s->item[i]);
}
