/* tls/context: which certificates and keys a listener takes, and what it says about others. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/context.h"
#include "unit/tls/authority.h"

#define DAY 86400

struct world {
	struct authority *ca;
	struct pair good;
	struct tls_files files;
};

static int
start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->ca = authority_new("test CA");
	authority_issue(
	    w->ca, &(struct issue){ .names = "DNS:Spool.example,DNS:other.example" }, &w->good);
	w->files = (struct tls_files){ .certificate = { "/c.pem", w->good.certificate },
		.private_key = { "/k.pem", w->good.private_key },
		.client_ca = { "/ca.pem", NULL } };
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	pair_free(&w->good);
	authority_free(w->ca);
	free(w);
	return 0;
}

static struct tls_context *
make(const struct tls_files *files)
{
	struct tls_context *c = NULL;
	struct err e;

	if (tls_context_new(files, &c, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static void
expect_refusal(const struct tls_files *files, const char *text)
{
	struct tls_context *c;
	struct err e;

	assert_int_equal(tls_context_new(files, &c, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, text);
}

static char *
join(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *text = malloc(n);

	assert_non_null(text);
	snprintf(text, n, "%s%s", a, b);
	return text;
}

static bool
is_about(int64_t at, long from_now_s)
{
	int64_t expected = ((int64_t)time(NULL) + from_now_s) * 1000;

	return at > expected - 600000 && at <= expected;
}

static void
a_pair_is_described(void **state)
{
	struct world *w = *state;
	struct tls_context *c = make(&w->files);
	const struct tls_certificate *t = tls_context_certificate(c);

	assert_string_equal(t->name, "Spool.example");
	assert_true(is_about(t->not_before, -3600));
	assert_true(is_about(t->not_after, 3600));
	assert_false(tls_context_asks_clients(c));
	tls_context_free(c);
}

static void
the_first_end_in_the_chain_counts(void **state)
{
	struct world *w = *state;
	struct pair intermediate, leaf;
	struct tls_context *c;
	char *chain;

	authority_issue(
	    w->ca, &(struct issue){ .ca = true, .from_s = -DAY, .to_s = DAY }, &intermediate);
	authority_issue(
	    w->ca, &(struct issue){ .common_name = "leaf", .from_s = -60, .to_s = 9 * DAY }, &leaf);
	chain = join(leaf.certificate, intermediate.certificate);
	w->files.certificate.text = chain;
	w->files.private_key.text = leaf.private_key;
	c = make(&w->files);
	assert_string_equal(tls_context_certificate(c)->name, "leaf");
	assert_true(is_about(tls_context_certificate(c)->not_before, -60));
	assert_true(is_about(tls_context_certificate(c)->not_after, DAY));
	tls_context_free(c);
	free(chain);
	pair_free(&intermediate);
	pair_free(&leaf);
}

static void
a_key_in_the_same_file_will_do(void **state)
{
	struct world *w = *state;
	char *both = join(w->good.private_key, w->good.certificate);

	w->files.certificate.text = both;
	w->files.private_key.text = both;
	tls_context_free(make(&w->files));
	free(both);
}

static void
files_without_certificate_or_key_are_refused(void **state)
{
	struct world *w = *state;
	char *cut;

	w->files.certificate.text = "";
	expect_refusal(&w->files, "certificate_file /c.pem: it holds no certificate in PEM form");
	w->files.certificate.text = w->good.private_key;
	expect_refusal(&w->files, "certificate_file /c.pem: it holds no certificate in PEM form");
	cut = join(w->good.certificate, w->good.certificate);
	cut[strlen(cut) - 40] = '\0';
	w->files.certificate.text = cut;
	expect_refusal(
	    &w->files, "certificate_file /c.pem: a certificate after the first one cannot be read");
	free(cut);
	w->files.certificate.text = w->good.certificate;
	w->files.private_key.text = w->good.certificate;
	expect_refusal(&w->files, "private_key_file /k.pem: it holds no private key in PEM form");
}

static void
a_key_of_another_certificate_is_refused(void **state)
{
	static const char text[] =
	    "private_key_file /k.pem: the key does not belong to the first certificate in "
	    "/c.pem";
	struct world *w = *state;
	struct pair other;
	char *chain;

	authority_issue(w->ca, &(struct issue){ .common_name = "other" }, &other);
	w->files.private_key.text = other.private_key;
	expect_refusal(&w->files, text);
	/* the order of a chain is that of a handshake */
	w->files.private_key.text = w->good.private_key;
	chain = join(w->ca->pem, w->good.certificate);
	w->files.certificate.text = chain;
	expect_refusal(&w->files, text);
	free(chain);
	pair_free(&other);
	/* a key of another kind */
	authority_issue(w->ca, &(struct issue){ .rsa_bits = 2048 }, &other);
	w->files.certificate.text = w->good.certificate;
	w->files.private_key.text = other.private_key;
	expect_refusal(&w->files, text);
	pair_free(&other);
}

static void
a_certificate_for_clients_must_be_meant_for_them(void **state)
{
	struct world *w = *state;
	struct pair one;
	struct tls_context *c;

	w->files.is_client = true;
	c = make(&w->files);
	assert_true(tls_context_certificate(c)->is_client);
	tls_context_free(c);
	authority_issue(w->ca, &(struct issue){ .usage = "clientAuth" }, &one);
	w->files.certificate.text = one.certificate;
	w->files.private_key.text = one.private_key;
	tls_context_free(make(&w->files));
	w->files.is_client = false;
	expect_refusal(&w->files,
	    "certificate_file /c.pem: the first certificate is not meant for servers (its extended "
	    "key usage lacks serverAuth)");
	pair_free(&one);
	authority_issue(w->ca, &(struct issue){ .usage = "serverAuth" }, &one);
	w->files.certificate.text = one.certificate;
	w->files.private_key.text = one.private_key;
	w->files.is_client = true;
	expect_refusal(&w->files,
	    "certificate_file /c.pem: the first certificate is not meant for clients (its extended "
	    "key usage lacks clientAuth)");
	pair_free(&one);
}

static void
a_key_with_a_passphrase_is_refused(void **state)
{
	struct world *w = *state;
	struct pair locked;

	authority_issue(w->ca, &(struct issue){ .passphrase = "secret" }, &locked);
	w->files.certificate.text = locked.certificate;
	w->files.private_key.text = locked.private_key;
	expect_refusal(&w->files,
	    "private_key_file /k.pem: the key has a passphrase: write it without one (openssl "
	    "pkey), with mode 0600");
	pair_free(&locked);
}

static void
a_weak_key_is_refused(void **state)
{
	struct world *w = *state;
	struct pair weak;

	authority_issue(w->ca, &(struct issue){ .rsa_bits = 1024 }, &weak);
	w->files.certificate.text = weak.certificate;
	w->files.private_key.text = weak.private_key;
	expect_refusal(
	    &w->files, "certificate_file /c.pem: the certificate cannot be used: ee key too small");
	pair_free(&weak);
}

static void
a_client_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct pair client;

	authority_issue(w->ca, &(struct issue){ .usage = "clientAuth" }, &client);
	w->files.certificate.text = client.certificate;
	w->files.private_key.text = client.private_key;
	expect_refusal(&w->files,
	    "certificate_file /c.pem: the first certificate is not meant for servers (its extended "
	    "key usage lacks serverAuth)");
	pair_free(&client);
}

static void
authorities_of_clients_are_read(void **state)
{
	struct world *w = *state;
	struct authority *other = authority_new("other CA");
	char *both = join(w->ca->pem, other->pem);
	struct tls_context *c;

	w->files.client_ca.text = both;
	c = make(&w->files);
	assert_true(tls_context_asks_clients(c));
	tls_context_free(c);
	w->files.client_ca.text = "nothing";
	expect_refusal(&w->files, "client_ca_file /ca.pem: it holds no certificate in PEM form");
	w->files.client_ca.text = w->good.certificate;
	expect_refusal(
	    &w->files, "client_ca_file /ca.pem: a certificate in it is not that of a CA");
	both[strlen(both) - 40] = '\0';
	w->files.client_ca.text = both;
	expect_refusal(&w->files, "client_ca_file /ca.pem: a certificate in it cannot be read");
	free(both);
	authority_free(other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pair_is_described),
		TEST(the_first_end_in_the_chain_counts),
		TEST(a_key_in_the_same_file_will_do),
		TEST(files_without_certificate_or_key_are_refused),
		TEST(a_key_of_another_certificate_is_refused),
		TEST(a_certificate_for_clients_must_be_meant_for_them),
		TEST(a_key_with_a_passphrase_is_refused),
		TEST(a_weak_key_is_refused),
		TEST(a_client_certificate_is_refused),
		TEST(authorities_of_clients_are_read),
	};

	return cmocka_run_group_tests_name("tls/context", tests, NULL, NULL);
}
