/*
 * Reads the files once for all requests until the next reload, so that a renewal that replaces one
 * file after the other is never seen half done. The names of the settings are those of a listener
 * with client_ before them, and so are the errors. Fails on files that cannot be used.
 */
#include "config/keys/client_files.h"

#include <stdio.h>
#include <string.h>

#include "config/keys/tls_files.h"
#include "tls/context.h"

#define WHERE_SIZE 160

int
client_files_check(const struct config *c, const struct config_site *site, struct err *e)
{
	bool certificate = site->client_certificate_file[0] != '\0';
	bool private_key = site->client_private_key_file[0] != '\0';
	bool forwards = site->upstream[0] != '\0';

	if (certificate != private_key)
		return err_set(e, ERR_INPUT, "%s: site \"%s\": %s is missing: %s needs it",
		    config_origin(c), site->name,
		    certificate ? "client_private_key_file" : "client_certificate_file",
		    certificate ? "client_certificate_file" : "client_private_key_file");
	if (certificate && strncmp(forwards ? site->upstream : site->api_url, "https://", 8) != 0)
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": client_certificate_file has no effect: %s does not begin "
		    "with https://",
		    config_origin(c), site->name, forwards ? "upstream" : "api_url");
	return 0;
}

static int
open_files(struct config_site *site, struct err *e)
{
	struct tls_files files = { .certificate.path = site->client_certificate_file,
		.private_key.path = site->client_private_key_file,
		.is_client = true };

	if (tls_files_read_public(
		files.certificate.path, "certificate_file", &site->client_certificate, e)
		!= 0
	    || tls_files_read_private(
		   files.private_key.path, "private_key_file", &site->client_private_key, e)
		   != 0)
		return -1;
	files.certificate.text = site->client_certificate;
	files.private_key.text = site->client_private_key;
	return tls_context_new(&files, &site->client_tls, e);
}

int
client_files_read(struct config *c, struct err *e)
{
	char where[WHERE_SIZE];
	struct err why;

	for (size_t i = 0; i < c->n_sites; i++) {
		struct config_site *site = &c->sites[i];

		if (site->client_certificate_file[0] == '\0')
			continue;
		if (open_files(site, &why) != 0)
			return why.code == ERR_NOMEM
				   ? err_nomem(e)
				   : err_set(e, why.code, "%s: site \"%s\": client_%s",
				       config_origin(c), site->name, why.text);
		snprintf(where, sizeof(where), "site \"%s\"", site->name);
		if (tls_files_warn(c, where, site->client_certificate_file, site->client_tls, e)
		    != 0)
			return -1;
	}
	return 0;
}
