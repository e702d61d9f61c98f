/*
 * A configuration reads the files once, so that what cannot be used is refused. The daemon watches
 * them afterwards (daemon/certificates.h). Fails on files that cannot be used.
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

struct config_tls
client_files_of(const struct config_site *site)
{
	static char none[1] = "";

	return (struct config_tls){ site->client_certificate_file, site->client_private_key_file,
		none };
}

int
client_files_read(struct config *c, struct err *e)
{
	char where[WHERE_SIZE];

	for (size_t i = 0; i < c->n_sites; i++) {
		struct config_site *site = &c->sites[i];
		struct config_tls files = client_files_of(site);

		if (files.certificate_file[0] == '\0')
			continue;
		if (tls_files_open_client(&files, &site->client_tls, e) != 0)
			return err_wrap(e, "%s: site \"%s\"", config_origin(c), site->name);
		snprintf(where, sizeof(where), "site \"%s\"", site->name);
		if (tls_files_warn(c, where, site->client_certificate_file, site->client_tls, e)
		    != 0)
			return -1;
	}
	return 0;
}
