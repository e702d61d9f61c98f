/* ingest/auth: the names in certificates of clients. */
#include "lib/unit.h"

#include <string.h>

#include "ingest/auth/client_names.h"
#include "ingest/ingest.h"
#include "tls/names.h"

static const char *const names_a[] = { "box-1.example", "spiffe://shop/1", "Box-1.Example" };
static const char *const names_b[] = { "box-2.example" };
static const struct ingest_site_options sites[] = {
	{ .site_id = 7, .name = "a", .client_names = names_a, .n_client_names = 3 },
	{ .site_id = 8, .name = "b", .client_names = names_b, .n_client_names = 1 },
	{ .site_id = 9, .name = "c" },
};

static enum auth_result
find(const char *const *names, size_t n, int64_t *ret_site_id)
{
	struct client_names *c = NULL;
	struct tls_names client = { .n = n };
	enum auth_result result;
	struct err e;

	if (client_names_new(sites, 3, &c, &e) != 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < n; i++)
		strncpy(client.name[i], names[i], TLS_NAME_SIZE - 1);
	*ret_site_id = -1;
	result = client_names_find(c, &client, ret_site_id);
	client_names_free(c);
	return result;
}

#define FIND(site, ...)                                                                            \
	find((const char *const[]){ __VA_ARGS__ },                                                 \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), site)

static void
a_name_decides_the_site(void **state)
{
	int64_t site;

	(void)state;
	assert_int_equal(FIND(&site, "box-2.example"), AUTH_KNOWN);
	assert_int_equal(site, 8);
	assert_int_equal(FIND(&site, "unknown", "SPIFFE://shop/1", "box-1.example"), AUTH_KNOWN);
	assert_int_equal(site, 7);
}

static void
other_names_decide_nothing(void **state)
{
	int64_t site;

	(void)state;
	assert_int_equal(FIND(&site, "box-1.exampl", "box-1.example.", "example"), AUTH_ABSENT);
	assert_int_equal(find(NULL, 0, &site), AUTH_ABSENT);
	assert_int_equal(site, -1);
}

static void
names_of_two_sites_contradict_each_other(void **state)
{
	int64_t site;

	(void)state;
	assert_int_equal(FIND(&site, "box-1.example", "box-2.example"), AUTH_UNKNOWN);
	assert_int_equal(site, -1);
}

static void
a_client_without_certificate_has_no_site(void **state)
{
	struct client_names *c;
	int64_t site = -1;

	(void)state;
	assert_int_equal(client_names_new(sites, 3, &c, NULL), 0);
	assert_int_equal(client_names_find(c, NULL, &site), AUTH_ABSENT);
	assert_int_equal(site, -1);
	client_names_free(c);
}

static void
a_name_belongs_to_one_site(void **state)
{
	static const char *const upper[] = { "BOX-1.EXAMPLE" };
	struct ingest_site_options two[] = { sites[0], sites[1] };
	struct client_names *c;
	struct err e;

	(void)state;
	two[1].client_names = upper;
	assert_int_equal(client_names_new(two, 2, &c, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "site \"b\": a name in client_names belongs to another"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_decides_the_site),
		cmocka_unit_test(other_names_decide_nothing),
		cmocka_unit_test(names_of_two_sites_contradict_each_other),
		cmocka_unit_test(a_client_without_certificate_has_no_site),
		cmocka_unit_test(a_name_belongs_to_one_site),
	};

	return cmocka_run_group_tests_name("client_names", tests, NULL, NULL);
}
