/* The certificate that a site shows to the host that it sends to, and its private key. Main thread.
 */
#ifndef CONFIG_CLIENT_FILES_H
#define CONFIG_CLIENT_FILES_H

#include "base/err.h"
#include "config/config.h"

/* Returns the files of a site, as those of a listener; "": it shows none. Borrowed. */
struct config_tls client_files_of(const struct config_site *site);
/* Checks that the two settings of each site go together, and that the site's URL uses TLS. Reads no
 * file. */
int client_files_check(const struct config *c, const struct config_site *site, struct err *e);
/*
 * Reads and keeps the files of all sites, with the same checks as those of a listener. Adds a
 * warning for a certificate that is not valid now. The error names the site.
 */
int client_files_read(struct config *c, struct err *e);

#endif
