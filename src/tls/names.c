/*
 * Reads the names in a certificate. A name that is too long, or that another program could print or
 * compare in another way, is left out. Cannot fail: without memory there is no name.
 */
#include "tls/names.h"

#include <stdbool.h>
#include <string.h>

#include "tls/openssl_private.h"

static bool
is_printable(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f)
			return false;
	return true;
}

static void
add(struct tls_names *names, const ASN1_STRING *text)
{
	const unsigned char *p = ASN1_STRING_get0_data(text);
	size_t n = (size_t)ASN1_STRING_length(text);

	if (names->n == TLS_NAMES_MAX || n == 0 || n >= TLS_NAME_SIZE || !is_printable(p, n))
		return;
	memcpy(names->name[names->n], p, n);
	names->name[names->n][n] = '\0';
	names->n++;
}

/* Returns whether it is a name of a kind that is read, even if this one cannot be. */
static bool
add_alternative(struct tls_names *names, const GENERAL_NAME *name)
{
	if (name->type == GEN_DNS)
		add(names, name->d.dNSName);
	else if (name->type == GEN_URI)
		add(names, name->d.uniformResourceIdentifier);
	else if (name->type == GEN_EMAIL)
		add(names, name->d.rfc822Name);
	else
		return false;
	return true;
}

static void
add_common_name(struct tls_names *names, const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at >= 0)
		add(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

void
tls_names_read(const X509 *certificate, struct tls_names *ret_names)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	bool has_alternative = false;

	ret_names->n = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
		if (add_alternative(ret_names, sk_GENERAL_NAME_value(list, i)))
			has_alternative = true;
	GENERAL_NAMES_free(list);
	/* Authorities check alternative names; many let clients choose the common name. */
	if (!has_alternative)
		add_common_name(ret_names, certificate);
}
