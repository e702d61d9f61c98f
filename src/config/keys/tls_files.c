/*
 * Reads the files of a TLS listener, or of a site, and makes a context of them, which finds what is
 * wrong. The text of the private key is wiped. A certificate whose time is over, or has not come,
 * is only warned of: a spooler that starts after an outage of months still has events to deliver,
 * and a clock that was never set makes every certificate look too new.
 */
#include "config/keys/tls_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/address.h"
#include "config/keys/secret.h"
#include "config/warn.h"
#include "tls/context.h"
#include "tls/dates.h"

struct tls_section
tls_files_section(const struct config *c, size_t i)
{
	if (i == 0)
		return (struct tls_section){ "ingest", &c->ingest.listen, &c->ingest.tls };
	return (struct tls_section){ "admin", &c->admin.listen, &c->admin.tls };
}

bool
tls_files_are_needed(const struct config_list *listen)
{
	for (size_t i = 0; i < listen->n; i++)
		if (address_is_tls(listen->item[i]))
			return true;
	return false;
}

static int
check_unused(const struct config_tls *tls, struct err *e)
{
	const char *name = tls->certificate_file[0] != '\0'   ? "certificate_file"
			   : tls->private_key_file[0] != '\0' ? "private_key_file"
			   : tls->client_ca_file[0] != '\0'   ? "client_ca_file"
							      : NULL;

	if (name == NULL)
		return 0;
	return err_set(e, ERR_INPUT,
	    "%s is set, but no address in listen uses it: write \"tls:ADDRESS:PORT\", or remove %s",
	    name, name);
}

static int
check_section(const struct config_list *listen, const struct config_tls *tls, struct err *e)
{
	const char *missing;

	if (!tls_files_are_needed(listen))
		return check_unused(tls, e);
	missing = tls->certificate_file[0] == '\0'   ? "certificate_file"
		  : tls->private_key_file[0] == '\0' ? "private_key_file"
						     : NULL;
	if (missing == NULL)
		return 0;
	return err_set(e, ERR_INPUT, "%s is missing: tls: addresses in listen need it", missing);
}

int
tls_files_check(const struct config *c, struct err *e)
{
	for (size_t i = 0; i < TLS_FILES_SECTIONS; i++) {
		struct tls_section s = tls_files_section(c, i);

		if (check_section(s.listen, s.tls, e) != 0)
			return err_wrap(e, "%s", s.name);
	}
	return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A certificate may stand in a file with its key, which must then be as private as a key. */
static int
read_public(const char *path, const char *name, char **ret_text, struct err *e)
{
	char *text;

	if (secret_read_text(path, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "%s", name);
	if (strstr(text, "PRIVATE KEY-----") != NULL && secret_is_exposed(path)) {
		explicit_bzero(text, strlen(text));
		free(text);
		return err_set(e, ERR_INPUT,
		    "%s: %s holds a private key and can be read by others: chmod 600 %s", name,
		    path, path);
	}
	*ret_text = text;
	return 0;
}

static int
read_private(const char *path, const char *name, char **ret_text, struct err *e)
{
	return secret_read_private(path, CONFIG_MAX_BYTES, ret_text, e) == 0
		   ? 0
		   : err_wrap(e, "%s", name);
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int
open_files(
    const struct config_tls *tls, bool is_client, struct tls_context **ret_context, struct err *e)
{
	char *certificate = NULL, *private_key = NULL, *client_ca = NULL;
	struct tls_files files;
	int rc = 0;

	if (read_public(tls->certificate_file, "certificate_file", &certificate, e) != 0
	    || read_private(tls->private_key_file, "private_key_file", &private_key, e) != 0)
		rc = -1;
	if (rc == 0 && tls->client_ca_file[0] != '\0')
		rc = read_public(tls->client_ca_file, "client_ca_file", &client_ca, e);
	files = (struct tls_files){ .certificate = { tls->certificate_file, certificate },
		.private_key = { tls->private_key_file, private_key },
		.client_ca = { tls->client_ca_file, client_ca },
		.is_client = is_client };
	if (rc == 0)
		rc = tls_context_new(&files, ret_context, e);
	wipe(certificate);
	wipe(private_key);
	wipe(client_ca);
	return rc;
}

int
tls_files_open(const struct config_tls *tls, struct tls_context **ret_context, struct err *e)
{
	return open_files(tls, false, ret_context, e);
}

int
tls_files_open_client(const struct config_tls *tls, struct tls_context **ret_context, struct err *e)
{
	struct err why;

	if (open_files(tls, true, ret_context, &why) == 0)
		return 0;
	if (why.code == ERR_NOMEM)
		return err_nomem(e);
	/* The settings of a site have the names of a listener's with client_ before them. */
	return err_set(e, why.code, "client_%s", why.text);
}

int
tls_files_warn(struct config *c, const char *where, const char *path,
    const struct tls_context *context, struct err *e)
{
	char text[TLS_DATES_TEXT];

	if (!tls_dates_describe(
		tls_context_certificate(context), clock_wall(&clock_system), 0, text))
		return 0;
	return config_warn(c, e, "%s: the certificate in %s %s", where, path, text);
}

static int
try_section(struct config *c, const struct tls_section *s, struct err *e)
{
	struct tls_context *context;
	int rc;

	if (!tls_files_are_needed(s->listen))
		return 0;
	if (tls_files_open(s->tls, &context, e) != 0)
		return err_wrap(e, "%s", s->name);
	rc = tls_files_warn(c, s->name, s->tls->certificate_file, context, e);
	tls_context_free(context);
	return rc;
}

int
tls_files_try(struct config *c, struct err *e)
{
	for (size_t i = 0; i < TLS_FILES_SECTIONS; i++) {
		struct tls_section s = tls_files_section(c, i);

		if (try_section(c, &s, e) != 0)
			return -1;
	}
	return 0;
}
