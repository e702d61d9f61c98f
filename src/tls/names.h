/* The names in a certificate. Pure; any thread. */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include <stddef.h>

#define TLS_NAMES_MAX 16  /* names of one certificate; later ones are not read */
#define TLS_NAME_SIZE 256 /* bytes of one name, with its NUL; a longer one is not read */

struct x509_st;

struct tls_names {
	size_t n;
	char name[TLS_NAMES_MAX][TLS_NAME_SIZE];
};

/*
 * Reads the subject alternative names: DNS names, URIs and email addresses. A certificate that has
 * none, not even one that is not read, gives its common name instead. Names with bytes that are not
 * printable ASCII are not read.
 */
void tls_names_read(const struct x509_st *certificate, struct tls_names *ret_names);

#endif
