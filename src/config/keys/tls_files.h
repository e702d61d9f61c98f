/* The files that a TLS listener, or a site as a client, needs: certificate, private key,
 * authorities of clients. Main thread. */
#ifndef CONFIG_TLS_FILES_H
#define CONFIG_TLS_FILES_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"

struct tls_context;

#define TLS_FILES_SECTIONS 2

/* A section whose addresses may speak TLS; borrowed from the configuration. */
struct tls_section {
	const char *name; /* static */
	const struct config_list *listen;
	const struct config_tls *tls;
};

/* i: less than TLS_FILES_SECTIONS. The first is ingest. */
struct tls_section tls_files_section(const struct config *c, size_t i);

/* Whether one of the addresses is a TLS address. */
bool tls_files_are_needed(const struct config_list *listen);
/* Checks that the settings of each section go together: a certificate and a key where there are TLS
 * addresses, and only there. Reads no file. The error begins with the name of a section. */
int tls_files_check(const struct config *c, struct err *e);
/*
 * Reads the files, and checks that they belong together and that only this user can read the key.
 * The error names the setting and the file, and is what a person has to mend.
 */
int tls_files_open(const struct config_tls *tls, struct tls_context **ret_context, struct err *e);
/* Likewise for what a site shows to the host of its URL (client_files.h). */
int tls_files_open_client(
    const struct config_tls *tls, struct tls_context **ret_context, struct err *e);
/* Adds a warning if the certificate in that file is not valid now. where: "ingest". */
int tls_files_warn(struct config *c, const char *where, const char *path,
    const struct tls_context *context, struct err *e);
/* Opens the files of all listeners, and adds a warning for a certificate that is not valid now. The
 * error names the section. */
int tls_files_try(struct config *c, struct err *e);

#endif
