/* Keys and certificates made with OpenSSL. */
#include "lib/unit.h"

#include "unit/tls/authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600

/* Takes the bytes of the BIO, and frees it. */
static char *
take_text(BIO *bio)
{
	char *data, *text;
	long n = BIO_get_mem_data(bio, &data);

	assert_true(n > 0);
	text = strndup(data, (size_t)n);
	assert_non_null(text);
	BIO_free(bio);
	return text;
}

static char *
certificate_text(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	return take_text(bio);
}

static char *
key_text(const EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *copy = passphrase == NULL ? NULL : strdup(passphrase);

	assert_int_equal(
	    PEM_write_bio_PKCS8PrivateKey(bio, key, copy == NULL ? NULL : EVP_aes_128_cbc(), copy,
		copy == NULL ? 0 : (int)strlen(copy), NULL, NULL),
	    1);
	free(copy);
	return take_text(bio);
}

static void
add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void
set_name(X509_NAME *name, const char *common_name)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)common_name, -1, -1, 0),
	    1);
}

static X509 *
describe(const struct issue *issue, EVP_PKEY *key)
{
	static long serial;
	bool hour = issue->from_s == 0 && issue->to_s == 0;
	X509 *c = X509_new();

	assert_non_null(c);
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c), hour ? -HOUR : issue->from_s);
	X509_gmtime_adj(X509_getm_notAfter(c), hour ? HOUR : issue->to_s);
	X509_set_pubkey(c, key);
	set_name(
	    X509_get_subject_name(c), issue->common_name == NULL ? "test" : issue->common_name);
	add_extension(
	    c, NID_basic_constraints, issue->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (issue->names != NULL)
		add_extension(c, NID_subject_alt_name, issue->names);
	if (issue->usage != NULL)
		add_extension(c, NID_ext_key_usage, issue->usage);
	return c;
}

static EVP_PKEY *
make_key(const struct issue *issue)
{
	EVP_PKEY *key =
	    issue->rsa_bits > 0 ? EVP_RSA_gen((unsigned)issue->rsa_bits) : EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

struct authority *
authority_new(const char *common_name)
{
	const struct issue issue = { .common_name = common_name, .ca = true };
	struct authority *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	a->key = make_key(&issue);
	a->certificate = describe(&issue, a->key);
	X509_set_issuer_name(a->certificate, X509_get_subject_name(a->certificate));
	assert_true(X509_sign(a->certificate, a->key, EVP_sha256()) > 0);
	a->pem = certificate_text(a->certificate);
	return a;
}

void
authority_free(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->certificate);
	free(a->pem);
	free(a);
}

void
authority_issue(const struct authority *a, const struct issue *issue, struct pair *ret_pair)
{
	EVP_PKEY *key = make_key(issue);
	X509 *c = describe(issue, key);

	X509_set_issuer_name(c, X509_get_subject_name(a->certificate));
	assert_true(X509_sign(c, a->key, EVP_sha256()) > 0);
	ret_pair->certificate = certificate_text(c);
	ret_pair->private_key = key_text(key, issue->passphrase);
	X509_free(c);
	EVP_PKEY_free(key);
}

void
pair_free(struct pair *p)
{
	free(p->certificate);
	free(p->private_key);
	*p = (struct pair){ 0 };
}
