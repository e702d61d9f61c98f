/* A certificate authority in memory, for tests: it signs what the test describes. */
#ifndef UNIT_TLS_AUTHORITY_H
#define UNIT_TLS_AUTHORITY_H

#include <stdbool.h>

struct evp_pkey_st;
struct x509_st;

struct authority {
	struct evp_pkey_st *key;
	struct x509_st *certificate;
	char *pem;
};

/* What a certificate says. */
struct issue {
	const char *common_name; /* NULL: "test" */
	const char *names;       /* "DNS:a.example,URI:spiffe://b"; NULL: none */
	const char *usage;       /* "serverAuth" or "clientAuth"; NULL: any */
	long from_s, to_s;       /* from now; both 0: an hour before to an hour after now */
	int rsa_bits;            /* 0: an elliptic curve */
	bool ca;
	const char *passphrase; /* of the private key's text; NULL: none */
};

struct pair {
	char *certificate; /* PEM */
	char *private_key; /* PEM */
};

struct authority *authority_new(const char *common_name);
void authority_free(struct authority *a);
/* Signs a new certificate for a new key. */
void authority_issue(const struct authority *a, const struct issue *issue, struct pair *ret_pair);
void pair_free(struct pair *p);

#endif
