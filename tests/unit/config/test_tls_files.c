/* config: the files of a TLS listener, and the settings that go with them. */
#include "lib/unit.h"

#include "unit/config/config_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/context.h"
#include "unit/tls/authority.h"

#define LISTEN "listen={\"tls:127.0.0.1:0\"} "
#define SITE "} site \"main\" {" CONFIG_RIG_KEYS " write_keys={\"w\"} }"

static struct authority *ca;

static int
make(void **state)
{
	ca = authority_new("test CA");
	return config_rig_make(state);
}

static int
end(void **state)
{
	authority_free(ca);
	return config_rig_remove(state);
}

static const char *
path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", config_rig_folder, name);
	return path;
}

/* Writes secret (the certificate) and keys (the private key), which the rig removes. */
static void
write_pair(const struct issue *issue)
{
	struct pair pair;

	authority_issue(ca, issue, &pair);
	config_rig_write("secret", pair.certificate, 0644);
	config_rig_write("keys", pair.private_key, 0600);
	pair_free(&pair);
}

static const char *
conf(const char *more)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "ingest { " LISTEN "certificate_file=\"%s\" private_key_file=\"%s\" %s" SITE,
	    path_of("secret"), path_of("keys"), more);
	return text;
}

static void
a_pair_is_accepted(void **state)
{
	struct config *c;

	(void)state;
	write_pair(&(struct issue){ 0 });
	c = config_rig_load(conf(""));
	assert_string_equal(c->ingest.tls.certificate_file, path_of("secret"));
	assert_string_equal(c->warning, "");
	config_free(c);
}

static void
settings_must_go_together(void **state)
{
	char text[512];

	(void)state;
	config_rig_refuses("ingest { " LISTEN SITE,
	    "%: ingest: certificate_file is missing: tls: addresses in listen need it");
	snprintf(text, sizeof(text), "ingest { " LISTEN "certificate_file=\"/x\" " SITE);
	config_rig_refuses(text, "private_key_file is missing");
	config_rig_refuses("ingest { certificate_file=\"/x\" " SITE,
	    "certificate_file is set, but no address in listen uses it");
	config_rig_refuses(
	    "ingest { private_key_file=\"/x\" " SITE, "private_key_file is set, but");
	config_rig_refuses("ingest { client_ca_file=\"/x\" " SITE, "client_ca_file is set, but");
}

static void
files_that_cannot_be_read_are_named(void **state)
{
	char words[256];

	(void)state;
	write_pair(&(struct issue){ 0 });
	unlink(path_of("keys"));
	snprintf(words, sizeof(words), "ingest: private_key_file: cannot open %s: No such file",
	    path_of("keys"));
	config_rig_refuses(conf(""), words);
	unlink(path_of("secret"));
	snprintf(words, sizeof(words), "ingest: certificate_file: cannot open %s: No such file",
	    path_of("secret"));
	config_rig_refuses(conf(""), words);
	write_pair(&(struct issue){ 0 });
	config_rig_refuses(conf("client_ca_file=\"/nowhere\" "),
	    "ingest: client_ca_file: cannot open /nowhere: No such file");
}

static void
the_key_must_be_private(void **state)
{
	struct pair pair;
	char words[256], both[8192];

	(void)state;
	write_pair(&(struct issue){ 0 });
	chmod(path_of("keys"), 0640);
	snprintf(words, sizeof(words), "can be read by others (mode 0640): chmod 600 %s",
	    path_of("keys"));
	config_rig_refuses(conf(""), words);
	/* also beside the certificate */
	authority_issue(ca, &(struct issue){ 0 }, &pair);
	snprintf(both, sizeof(both), "%s%s", pair.certificate, pair.private_key);
	config_rig_write("secret", both, 0644);
	config_rig_write("keys", pair.private_key, 0600);
	pair_free(&pair);
	config_rig_refuses(conf(""), "holds a private key and can be read by others: chmod 600");
	chmod(path_of("secret"), 0600);
	config_rig_accepts(conf(""));
}

static void
files_that_do_not_match_are_refused(void **state)
{
	struct pair other;

	(void)state;
	write_pair(&(struct issue){ 0 });
	authority_issue(ca, &(struct issue){ 0 }, &other);
	config_rig_write("keys", other.private_key, 0600);
	pair_free(&other);
	config_rig_refuses(conf(""), "the key does not belong to the first certificate");
	write_pair(&(struct issue){ 0 });
	config_rig_refuses(
	    conf("client_ca_file=\"/dev/null\" "), "/dev/null is not a regular file");
}

static void
expect_warning(const struct issue *issue, const char *words)
{
	struct config *c;

	write_pair(issue);
	c = config_rig_load(conf(""));
	if (strstr(c->warning, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, c->warning);
	config_free(c);
}

static void
dates_are_warned_of(void **state)
{
	(void)state;
	expect_warning(&(struct issue){ .from_s = -7200, .to_s = -3600 }, " ended ");
	expect_warning(
	    &(struct issue){ .from_s = -7200, .to_s = -3600 }, ": renew it; clients refuse it");
	expect_warning(&(struct issue){ .from_s = 3600, .to_s = 7200 }, " begins only ");
	expect_warning(&(struct issue){ .from_s = 3600, .to_s = 7200 },
	    ": set the clock of this machine, or wait");
}

static void
names_of_clients_need_an_authority(void **state)
{
	char more[256], text[2048];

	(void)state;
	write_pair(&(struct issue){ 0 });
	config_rig_write("ca", ca->pem, 0644);
	snprintf(more, sizeof(more), "client_ca_file=\"%s\" ", path_of("ca"));
	config_rig_accepts(conf(more));
	config_rig_refuses("site \"main\" {" CONFIG_RIG_KEYS " client_names={\"a\"} }",
	    "site \"main\": client_names needs client_ca_file in ingest");
	/* names take the place of keys */
	snprintf(text, sizeof(text),
	    "%.*s } site \"a\" {%s client_names={\"x\"} } site \"b\" {%s "
	    "client_names={\"y\"} }",
	    (int)(strstr(conf(more), SITE) - conf(more)), conf(more), CONFIG_RIG_KEYS,
	    CONFIG_RIG_KEYS);
	config_rig_accepts(text);
	memcpy(strstr(text, "\"y\""), "\"X\"", 3);
	config_rig_refuses(text, "sites \"a\" and \"b\" have the client name X in common");
	unlink(path_of("ca"));
}

static const char *
site_conf(const char *more)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "site \"main\" {" CONFIG_RIG_KEYS
	    " client_certificate_file=\"%s\" client_private_key_file=\"%s\" %s }",
	    path_of("secret"), path_of("keys"), more);
	return text;
}

static void
a_site_keeps_what_its_files_hold(void **state)
{
	struct config *c;
	struct pair pair;

	(void)state;
	authority_issue(ca, &(struct issue){ .usage = "clientAuth" }, &pair);
	config_rig_write("secret", pair.certificate, 0644);
	config_rig_write("keys", pair.private_key, 0600);
	c = config_rig_load(site_conf(""));
	assert_string_equal(
	    tls_context_client_certificate(c->sites[0].client_tls), pair.certificate);
	assert_string_equal(tls_context_client_key(c->sites[0].client_tls), pair.private_key);
	assert_string_equal(c->warning, "");
	config_free(c);
	config_rig_refuses(site_conf("api_url=\"http://127.0.0.1:1/api/v1\""),
	    "%: site \"main\": client_certificate_file has no effect: api_url does not begin with "
	    "https://");
	config_rig_accepts(site_conf("api_url=\"https://bento.example/api/v1\""));
	chmod(path_of("keys"), 0604);
	config_rig_refuses(site_conf(""), "%: site \"main\": client_private_key_file: ");
	pair_free(&pair);
	write_pair(&(struct issue){ .usage = "serverAuth" });
	config_rig_refuses(site_conf(""),
	    "the first certificate is not meant for clients (its extended key usage lacks "
	    "clientAuth)");
	write_pair(&(struct issue){ .from_s = -7200, .to_s = -3600 });
	c = config_rig_load(site_conf(""));
	assert_non_null(strstr(c->warning, "site \"main\": the certificate in "));
	assert_non_null(strstr(c->warning, ": renew it; servers refuse it"));
	config_free(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pair_is_accepted),
		TEST(settings_must_go_together),
		TEST(files_that_cannot_be_read_are_named),
		TEST(the_key_must_be_private),
		TEST(files_that_do_not_match_are_refused),
		TEST(dates_are_warned_of),
		TEST(names_of_clients_need_an_authority),
		TEST(a_site_keeps_what_its_files_hold),
	};

	return cmocka_run_group_tests_name("config: TLS files", tests, NULL, NULL);
}
