/* daemon/certificates: when files are read again, what is used then, and what a fault leaves. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/certificates.h"
#include "lib/fake_clock.h"
#include "lib/tempdir.h"
#include "tls/meter.h"
#include "unit/tls/authority.h"

static struct authority *ca;
static struct tempdir dir;
static struct fake_clock fake;
static struct clock clock_fake;
static char certificate_path[PATH_MAX + 32], key_path[PATH_MAX + 32], log_path[PATH_MAX + 32];
static struct config_tls files = { certificate_path, key_path, (char[]){ "" } };
static struct certificates *certificates;
static int uses;                       /* calls of `use` */
static const struct tls_context *used; /* by the last one */
static int real_stderr;

static void
use(void *arg, const char *listener, struct tls_context *context)
{
	assert_ptr_equal(arg, &uses);
	assert_string_equal(listener, certificates_listener(certificates));
	used = context;
	uses++;
}

static void
write_file(const char *path, const char *text)
{
	char part[PATH_MAX + 64];
	int fd;

	snprintf(part, sizeof(part), "%s.new", path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(rename(part, path), 0);
}

static void
write_pair(const char *name)
{
	struct pair pair;

	authority_issue(ca, &(struct issue){ .common_name = name }, &pair);
	write_file(certificate_path, pair.certificate);
	write_file(key_path, pair.private_key);
	pair_free(&pair);
}

static const char *
name_in_use(void)
{
	return tls_context_certificate(certificates_context(certificates))->name;
}

static void
tick(int times)
{
	for (int i = 0; i < times; i++) {
		fake_clock_advance(&fake, 1000);
		certificates_tick(certificates, &files);
	}
}

static int
count_log(const char *words)
{
	static char text[65536];
	int fd = open(log_path, O_RDONLY | O_CLOEXEC), n = 0;
	ssize_t size;

	fflush(stderr);
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	for (const char *p = strstr(text, words); p != NULL; p = strstr(p + 1, words))
		n++;
	return n;
}

static const struct certificates_options *
options(void)
{
	static struct certificates_options o;

	o = (struct certificates_options){
		.listener = "ingest", .clock = &clock_fake, .use = use, .use_arg = &uses
	};
	return &o;
}

static int
set_up(void **state)
{
	struct err e;
	int fd;

	(void)state;
	ca = authority_new("test CA");
	tempdir_make(&dir);
	snprintf(certificate_path, sizeof(certificate_path), "%s/certificate", dir.path);
	snprintf(key_path, sizeof(key_path), "%s/key", dir.path);
	snprintf(log_path, sizeof(log_path), "%s/log", dir.path);
	fake = (struct fake_clock){ .wall = CLOCK_FLOOR, .mono = 1000 };
	clock_fake = fake_clock_of(&fake);
	real_stderr = dup(STDERR_FILENO);
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	uses = 0;
	write_pair("first");
	assert_int_equal(certificates_new(options(), &files, &certificates, &e), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	certificates_free(certificates);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	tempdir_remove(&dir);
	authority_free(ca);
	return 0;
}

/* ---- renewals ----------------------------------------------------------------------- */

static void
files_that_do_not_change_are_read_once(void **state)
{
	(void)state;
	assert_string_equal(name_in_use(), "first");
	tick(120);
	assert_int_equal(uses, 0);
	assert_string_equal(certificates_fault(certificates), "");
}

/* A look that finds another file than the one before waits for the next. */
static void
new_files_are_used_once_they_stay(void **state)
{
	const struct tls_meter *meter = certificates_meter(certificates);

	(void)state;
	assert_string_equal(meter->listener, "ingest");
	for (int i = 0; i < 3; i++) {
		write_pair("second");
		tick(1);
		assert_int_equal(uses, 0);
	}
	tick(1);
	assert_int_equal(uses, 1);
	assert_ptr_equal(used, certificates_context(certificates));
	assert_string_equal(name_in_use(), "second");
	assert_int_equal(atomic_load(&meter->not_after), tls_context_certificate(used)->not_after);
	assert_int_equal(
	    atomic_load(&meter->not_before), tls_context_certificate(used)->not_before);
	tick(120);
	assert_int_equal(uses, 1);
	assert_int_equal(count_log("new connections get the certificate of second, which ends"), 1);
}

static void
half_a_renewal_changes_nothing(void **state)
{
	const struct tls_meter *meter = certificates_meter(certificates);
	struct pair pair;

	(void)state;
	authority_issue(ca, &(struct issue){ .common_name = "second" }, &pair);
	write_file(certificate_path, pair.certificate);
	tick(2);
	assert_non_null(strstr(certificates_fault(certificates), "does not belong"));
	assert_true(atomic_load(&meter->new_is_refused));
	assert_string_equal(name_in_use(), "first");
	/* Tried again each minute, and said once. */
	tick(300);
	assert_int_equal(count_log("ingest: the new certificate is not used: "), 1);
	write_file(key_path, pair.private_key);
	pair_free(&pair);
	tick(2);
	assert_int_equal(uses, 1);
	assert_string_equal(name_in_use(), "second");
	assert_string_equal(certificates_fault(certificates), "");
	assert_false(atomic_load(&meter->new_is_refused));
}

/* The files look the same when the fault was the system's. */
static void
a_fault_is_tried_again_after_a_minute(void **state)
{
	struct rlimit limit, none = { 0 };

	(void)state;
	write_pair("second");
	tick(1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	tick(1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(strstr(certificates_fault(certificates), "cannot open"));
	fake_clock_advance(&fake, CERTIFICATES_RETRY_MS - 1);
	certificates_tick(certificates, &files);
	assert_int_equal(uses, 0);
	fake_clock_advance(&fake, 1);
	certificates_tick(certificates, &files);
	assert_int_equal(uses, 1);
	assert_string_equal(certificates_fault(certificates), "");
}

static void
files_that_are_gone_are_a_fault(void **state)
{
	(void)state;
	unlink(key_path);
	tick(2);
	assert_non_null(strstr(certificates_fault(certificates), key_path));
	assert_string_equal(name_in_use(), "first");
	assert_int_equal(uses, 0);
}

/* ---- reloads ------------------------------------------------------------------------ */

static void
a_reload_uses_the_files_at_its_commit(void **state)
{
	struct err e;

	(void)state;
	write_pair("second");
	assert_int_equal(certificates_prepare(certificates, &files, &e), 0);
	assert_string_equal(name_in_use(), "first");
	assert_int_equal(uses, 0);
	certificates_commit(certificates);
	assert_string_equal(name_in_use(), "second");
	assert_int_equal(uses, 1);
	/* and does not read them again */
	tick(10);
	assert_int_equal(uses, 1);
}

static void
a_canceled_reload_changes_nothing(void **state)
{
	struct err e;

	(void)state;
	write_pair("second");
	assert_int_equal(certificates_prepare(certificates, &files, &e), 0);
	certificates_cancel(certificates);
	assert_string_equal(name_in_use(), "first");
	/* The files are new all the same, and the next look finds them. */
	tick(1);
	assert_string_equal(name_in_use(), "second");
	assert_int_equal(uses, 1);
}

static void
a_reload_with_wrong_files_is_refused(void **state)
{
	struct err e;

	(void)state;
	write_file(key_path, "no key\n");
	assert_int_equal(certificates_prepare(certificates, &files, &e), -1);
	assert_int_equal(strncmp(e.text, "ingest: private_key_file", 24), 0);
	certificates_cancel(certificates);
	assert_string_equal(name_in_use(), "first");
	assert_int_equal(uses, 0);
}

/* ---- what a site shows ---------------------------------------------------------------------- */

/* Makes these certificates those of a site. */
static void
be_client(const struct config_tls *tls)
{
	struct certificates_options o = *options();
	struct err e;

	o.listener = "site main";
	o.is_client = true;
	certificates_free(certificates);
	certificates = NULL;
	assert_int_equal(certificates_new(&o, tls, &certificates, &e), 0);
}

static void
a_site_follows_its_files(void **state)
{
	const struct tls_meter *meter;

	(void)state;
	be_client(&files);
	meter = certificates_meter(certificates);
	assert_string_equal(meter->listener, "site main");
	assert_true(meter->is_client);
	assert_string_equal(name_in_use(), "first");
	write_pair("second");
	tick(2);
	assert_int_equal(uses, 1);
	assert_string_equal(name_in_use(), "second");
	assert_int_equal(strncmp(tls_context_client_certificate(used), "-----BEGIN CERT", 15), 0);
	assert_non_null(strstr(tls_context_client_key(used), "PRIVATE KEY"));
	assert_int_equal(
	    count_log("site main: new connections show the certificate of second, which ends"), 1);
	write_file(key_path, "no key\n");
	tick(2);
	assert_int_equal(
	    strncmp(certificates_fault(certificates), "client_private_key_file ", 24), 0);
	assert_string_equal(name_in_use(), "second");
}

/* The site gets what is prepared with its other settings. */
static void
a_reload_adds_and_removes_a_certificate(void **state)
{
	static char none[1] = "";
	const struct config_tls no_files = { none, none, none };
	const struct tls_meter *meter;
	char text[256];
	struct err e;

	(void)state;
	be_client(&no_files);
	meter = certificates_meter(certificates);
	assert_null(certificates_context(certificates));
	assert_int_equal(atomic_load(&meter->not_after), 0);
	assert_false(certificates_end(certificates, INT64_MAX, 0, text, sizeof(text)));
	for (int i = 0; i < 120; i++)
		certificates_tick(certificates, &no_files);
	assert_int_equal(certificates_prepare(certificates, &files, &e), 0);
	assert_non_null(certificates_prepared(certificates));
	certificates_commit(certificates);
	assert_string_equal(name_in_use(), "first");
	assert_true(atomic_load(&meter->not_after) > 0);
	assert_int_equal(certificates_prepare(certificates, &no_files, &e), 0);
	assert_null(certificates_prepared(certificates));
	certificates_commit(certificates);
	assert_null(certificates_context(certificates));
	assert_int_equal(atomic_load(&meter->not_after), 0);
	assert_int_equal(uses, 0);
}

/* ---- what is in use ----------------------------------------------------------------- */

static void
its_end_and_its_fault_are_described(void **state)
{
	const struct tls_certificate *t =
	    tls_context_certificate(certificates_context(certificates));
	cJSON *list = cJSON_CreateArray(), *o;
	char text[256];

	(void)state;
	assert_false(certificates_end(certificates, t->not_after - 1, 0, text, sizeof(text)));
	assert_true(certificates_end(certificates, t->not_after, 0, text, sizeof(text)));
	assert_int_equal(strncmp(text, "ingest: the certificate of first ended ", 39), 0);
	unlink(key_path);
	tick(2);
	certificates_describe(certificates, list);
	assert_int_equal(cJSON_GetArraySize(list), 1);
	o = cJSON_GetArrayItem(list, 0);
	assert_string_equal(cJSON_GetObjectItem(o, "listener")->valuestring, "ingest");
	assert_string_equal(cJSON_GetObjectItem(o, "name")->valuestring, "first");
	assert_non_null(strstr(cJSON_GetObjectItem(o, "fault")->valuestring, key_path));
	assert_int_equal(cJSON_GetObjectItem(o, "not_after")->valuestring[10], 'T');
	cJSON_Delete(list);
}

static void
a_start_with_wrong_files_is_refused(void **state)
{
	struct certificates *none = NULL;
	struct err e;

	(void)state;
	unlink(certificate_path);
	assert_int_equal(certificates_new(options(), &files, &none, &e), -1);
	assert_null(none);
	assert_int_equal(strncmp(e.text, "ingest: certificate_file: ", 26), 0);
}

/* A listener without TLS has none. */
static void
no_certificates_are_allowed(void **state)
{
	cJSON *list = cJSON_CreateArray();

	(void)state;
	certificates_tick(NULL, &files);
	assert_int_equal(certificates_prepare(NULL, &files, NULL), 0);
	certificates_commit(NULL);
	certificates_cancel(NULL);
	assert_null(certificates_context(NULL));
	assert_null(certificates_meter(NULL));
	certificates_describe(NULL, list);
	assert_int_equal(cJSON_GetArraySize(list), 0);
	cJSON_Delete(list);
	certificates_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_that_do_not_change_are_read_once),
		TEST(new_files_are_used_once_they_stay),
		TEST(half_a_renewal_changes_nothing),
		TEST(a_fault_is_tried_again_after_a_minute),
		TEST(files_that_are_gone_are_a_fault),
		TEST(a_reload_uses_the_files_at_its_commit),
		TEST(a_canceled_reload_changes_nothing),
		TEST(a_reload_with_wrong_files_is_refused),
		TEST(a_site_follows_its_files),
		TEST(a_reload_adds_and_removes_a_certificate),
		TEST(its_end_and_its_fault_are_described),
		TEST(a_start_with_wrong_files_is_refused),
		TEST(no_certificates_are_allowed),
	};

	return cmocka_run_group_tests_name("daemon/certificates", tests, NULL, NULL);
}
