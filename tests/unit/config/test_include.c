/*
 * include: which files are read and in which order, what a message about them says, the limits, and
 * where each value is from.
 */
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/differences.h"
#include "lib/tempdir.h"
#include "unit/config/config_rig.h"

#include <cjson/cJSON.h>

#define SITE "site s {\n" CONFIG_RIG_KEYS "}\n"

#define BOX_KEY "0123456789abcdef0123456789abcdef"

static struct tempdir dir;

static int
set_up(void **state)
{
	char path[PATH_MAX + 32];

	(void)state;
	tempdir_make(&dir);
	snprintf(path, sizeof(path), "%s/conf.d", dir.path);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tempdir_remove(&dir);
	return 0;
}

#define INCLUDE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void
put_bytes(const char *name, mode_t mode, const char *text, size_t n)
{
	char path[PATH_MAX + 300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir.path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(close(fd), 0);
}

static void
put(const char *name, const char *text)
{
	put_bytes(name, 0600, text, strlen(text));
}

/* Returns NULL when the file main.conf is refused. */
static struct config *
try_load(struct err *e)
{
	char path[PATH_MAX + 32];
	struct config_request r = { .file = path };
	struct config *c = NULL;

	snprintf(path, sizeof(path), "%s/main.conf", dir.path);
	e->code = ERR_NONE;
	return config_load(&r, &c, e) == 0 ? c : NULL;
}

static struct config *
load(void)
{
	struct err e;
	struct config *c = try_load(&e);

	if (c == NULL)
		fail_msg("%s", e.text);
	return c;
}

/* The message must be the text; % in it stands for the directory. */
static void
refused(const char *text)
{
	char want[4 * PATH_MAX] = "";
	struct err e;
	struct config *c = try_load(&e);

	for (const char *p = text; *p != '\0'; p++) {
		size_t n = strlen(want);

		if (*p == '%')
			snprintf(want + n, sizeof(want) - n, "%s", dir.path);
		else
			snprintf(want + n, sizeof(want) - n, "%c", *p);
	}
	assert_null(c);
	assert_string_equal(e.text, want);
}

static void
files_are_read_in_the_order_of_their_names(void **state)
{
	struct config *c;

	(void)state;
	put("main.conf", "database = /tmp/a.db\ninclude \"conf.d/*.conf\"\nmin_free = 1\n");
	/* Neither the order of creation nor its reverse, in which directories may be read. */
	put("conf.d/a.conf", "site a {\n" CONFIG_RIG_KEYS "write_keys = a\n}\n");
	put("conf.d/B.conf", "site B {\n" CONFIG_RIG_KEYS "write_keys = B\n}\n");
	put("conf.d/b.conf", "site b {\n" CONFIG_RIG_KEYS "write_keys = b\n}\n");
	put("conf.d/.hidden.conf", "wrong");
	put("conf.d/c.conf.dpkg-old", "wrong");
	c = load();
	assert_int_equal(c->n_sites, 3);
	assert_string_equal(c->sites[0].name, "B");
	assert_string_equal(c->sites[1].name, "a");
	assert_string_equal(c->sites[2].name, "b");
	assert_int_equal(c->min_free, 1);
	assert_int_equal(c->files.n, 4);
	assert_string_equal(strrchr(c->files.item[3], '/'), "/b.conf");
	config_free(c);
}

static void
a_pattern_may_match_nothing_and_a_path_may_not(void **state)
{
	(void)state;
	put("main.conf", SITE "include conf.d/*.conf\ninclude \"no-such-directory/*\"");
	config_free(load());
	put("main.conf", SITE "\ninclude conf.d/a.conf\n");
	refused("%/main.conf:7: include: there is no file %/conf.d/a.conf");
}

static void
a_path_may_be_absolute_and_the_directory_is_no_pattern(void **state)
{
	char text[PATH_MAX + 64];

	(void)state;
	put("one.conf", SITE);
	snprintf(text, sizeof(text), "include '%s/one.conf'", dir.path);
	put("main.conf", text);
	config_free(load());
	snprintf(text, sizeof(text), "%s/[c]*", dir.path);
	assert_int_equal(mkdir(text, 0700), 0);
	put("[c]*/one.conf", "min_free = 7");
	put("[c]*/two.conf", "include \"one.c*\"");
	put("main.conf", SITE "include '\\[c\\]\\*/two.conf'");
	{
		struct config *c = load();

		assert_int_equal(c->min_free, 7);
		config_free(c);
	}
}

static void
errors_name_the_included_file(void **state)
{
	(void)state;
	put("main.conf", "include \"conf.d/*.conf\"\n" SITE);
	put("conf.d/a.conf", "\nmin_fre = 1\n");
	refused("%/conf.d/a.conf:2: no setting is called min_fre: did you mean min_free?");
	put("conf.d/a.conf", "# nothing\n ingest {\n max_body = 4096\n");
	refused("%/conf.d/a.conf:2: the section ingest has no } at its end");
	put("conf.d/a.conf", "}");
	refused("%/conf.d/a.conf:1: a } without a section or list that it could end");
	put("conf.d/a.conf", "min_free = \"1");
	refused("%/conf.d/a.conf:1: a string begins with \" and has no \" at its end: close it on "
		"the same line");
	put_bytes("conf.d/a.conf", 0600, "a\0b", 3);
	refused("%/main.conf:1: include: %/conf.d/a.conf holds NUL bytes");
	put("conf.d/a.conf", "\xef\xbb\xbfmin_free = 1");
	refused("%/conf.d/a.conf:1: the file begins with a byte order mark: save it as UTF-8 "
		"without one");
}

static void
what_is_given_twice_is_found_across_files(void **state)
{
	(void)state;
	put("main.conf", "min_free = 1\ninclude conf.d/a.conf\n" SITE);
	put("conf.d/a.conf", "\nmin_free = 2");
	refused("%/conf.d/a.conf:2: min_free is given twice, first in line 1 of %/main.conf");
	put("conf.d/a.conf", "ingest { }");
	put("main.conf", "include conf.d/a.conf\ningest { }\n" SITE);
	refused("%/main.conf:2: the section ingest is given twice, first in line 1 of "
		"%/conf.d/a.conf");
}

static void
a_site_is_found_twice_across_files(void **state)
{
	(void)state;
	put("conf.d/a.conf", SITE);
	put("main.conf", "include conf.d/a.conf\n" SITE);
	refused("%/main.conf:2: the site \"s\" is given twice");
}

static void
an_include_needs_a_path_at_the_top_of_a_file(void **state)
{
	static const char needs[] =
	    "%/main.conf:1: include needs a path or a pattern in quotes behind it: include "
	    "\"conf.d/*.conf\"";

	(void)state;
	put("main.conf", "include\nmin_free = 1");
	refused(needs);
	put("main.conf", "include = \"a.conf\"");
	refused(needs);
	put("main.conf", "include \"\"");
	refused(needs);
	put("main.conf", "include");
	refused(needs);
	put("main.conf", "\ningest {\ninclude \"a.conf\"\n}");
	refused(
	    "%/main.conf:3: include belongs to the top of the file, not to a section: close the "
	    "section ingest of line 2 first");
}

static void
a_file_that_includes_itself_is_refused(void **state)
{
	(void)state;
	put("main.conf", "include \"main.conf\"");
	refused("%/main.conf:1: include: %/main.conf would include itself");
	put("main.conf", "include \"conf.d/*.conf\"");
	put("conf.d/a.conf", "include \"a.conf\"");
	refused("%/conf.d/a.conf:1: include: %/conf.d/a.conf would include itself");
	put("conf.d/a.conf", "include \"./*.conf\"");
	refused(
	    "%/conf.d/././././././a.conf:1: include: more than 8 files include each other: does "
	    "one of them include itself?");
}

static void
depth_is_limited(void **state)
{
	char name[32], text[64];
	struct config *c;

	(void)state;
	put("main.conf", SITE "include 2.conf");
	for (int i = 2; i < CONFIG_MAX_DEPTH; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include %d.conf", i + 1);
		put(name, text);
	}
	put("8.conf", "min_free = 8");
	c = load();
	assert_int_equal(c->min_free, 8);
	config_free(c);
	put("8.conf", "include 9.conf");
	put("9.conf", "");
	refused(
	    "%/8.conf:1: include: more than 8 files include each other: does one of them include "
	    "itself?");
}

static void
the_number_of_files_is_limited(void **state)
{
	char name[32];
	struct err e;
	struct config *c;

	(void)state;
	put("main.conf", SITE "include \"conf.d/*\"\ninclude \"last*\"");
	for (int i = 2; i <= CONFIG_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "conf.d/%d", i);
		put(name, "");
	}
	c = load();
	assert_int_equal(c->files.n, CONFIG_MAX_FILES);
	config_free(c);
	put("last", "");
	assert_null(try_load(&e));
	assert_non_null(strstr(e.text, "main.conf:7: include: more than 1024 files in all"));
}

static void
the_bytes_of_all_files_are_limited(void **state)
{
	size_t left =
	    CONFIG_MAX_TOTAL - strlen(SITE "include \"conf.d/*\"") - 15 * CONFIG_MAX_BYTES;
	char *blank = malloc(CONFIG_MAX_BYTES), name[32];
	struct err e;

	(void)state;
	assert_non_null(blank);
	memset(blank, ' ', CONFIG_MAX_BYTES);
	put("main.conf", SITE "include \"conf.d/*\"");
	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "conf.d/%02d", i);
		put_bytes(name, 0600, blank, CONFIG_MAX_BYTES);
	}
	put_bytes("conf.d/last", 0600, blank, left);
	config_free(load());
	put_bytes("conf.d/last", 0600, blank, left + 1);
	assert_null(try_load(&e));
	assert_non_null(
	    strstr(e.text, "main.conf:6: include: more than 16777216 bytes in all files"));
	free(blank);
}

static void
expect_exposed(const char *site, const char *setting)
{
	char want[2 * PATH_MAX + 128];
	struct config *c;

	put("main.conf", "include conf.d/a.conf\n");
	put_bytes("conf.d/a.conf", 0644, site, strlen(site));
	c = load();
	snprintf(want, sizeof(want),
	    "%s/conf.d/a.conf holds %s and can be read by others: chmod 600 "
	    "%s/conf.d/a.conf, or use %s_file",
	    dir.path, setting, dir.path, setting);
	assert_string_equal(c->warning, want);
	config_free(c);
}

static void
an_included_file_with_a_secret_must_be_private(void **state)
{
	char center[PATH_MAX + 256];
	struct config *c;

	(void)state;
	expect_exposed(SITE, "secret_key");
	expect_exposed("site s { upstream = \"https://hq.example\"\n upstream_key = " BOX_KEY
		       " }\n",
	    "upstream_key");
	put("key", "s");
	snprintf(center, sizeof(center),
	    "site s { site_uuid=u\n publishable_key=p\n secret_key_file=\"%s/key\"\n"
	    "boxes = {\"store-1 " BOX_KEY "\"} }\n",
	    dir.path);
	expect_exposed(center, "boxes");
	/* The secret is in the main file, which is private. */
	put("main.conf", "include conf.d/b.conf\n" SITE);
	put_bytes("conf.d/b.conf", 0644, "min_free = 1", 12);
	c = load();
	assert_string_equal(c->warning, "");
	config_free(c);
}

static void
check_shows_where_a_value_is_from(void **state)
{
	struct config *c;
	struct buf text;
	char want[PATH_MAX + 128];

	(void)state;
	setenv("BENTOSPOOL_MAX_WAL", "33554432", 1);
	put("main.conf", "stop_deadline = 7\ninclude conf.d/a.conf\n");
	put("conf.d/a.conf", "\nmin_free = 5\n" SITE);
	c = load();
	unsetenv("BENTOSPOOL_MAX_WAL");
	buf_init(&text, 1 << 20);
	config_print(c, &text);
	snprintf(want, sizeof(want), "min_free             = 5  # %s/conf.d/a.conf:2\n", dir.path);
	assert_non_null(strstr(text.p, want));
	snprintf(want, sizeof(want), "    site_uuid            = \"u\"  # %s/conf.d/a.conf:4\n",
	    dir.path);
	assert_non_null(strstr(text.p, want));
	assert_non_null(strstr(text.p, "max_wal              = 33554432  # BENTOSPOOL_MAX_WAL\n"));
	assert_non_null(strstr(text.p, "stop_deadline        = 7\n"));
	buf_free(&text);
	config_free(c);
}

static void
a_difference_names_the_included_file(void **state)
{
	struct config *old, *new;
	char want[PATH_MAX + 64];
	struct err e;
	cJSON *list;

	(void)state;
	put("main.conf", "include conf.d/a.conf\n" SITE);
	put("conf.d/a.conf", "alarm_after = 5");
	old = load();
	put("conf.d/a.conf", "\nalarm_after = 6");
	new = load();
	list = config_differences(old, new, &e);
	assert_int_equal(cJSON_GetArraySize(list), 1);
	snprintf(want, sizeof(want), "alarm_after 5 -> 6 (%s/conf.d/a.conf:2)", dir.path);
	assert_string_equal(cJSON_GetArrayItem(list, 0)->valuestring, want);
	cJSON_Delete(list);
	config_free(old);
	config_free(new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		INCLUDE_TEST(files_are_read_in_the_order_of_their_names),
		INCLUDE_TEST(a_pattern_may_match_nothing_and_a_path_may_not),
		INCLUDE_TEST(a_path_may_be_absolute_and_the_directory_is_no_pattern),
		INCLUDE_TEST(errors_name_the_included_file),
		INCLUDE_TEST(what_is_given_twice_is_found_across_files),
		INCLUDE_TEST(a_site_is_found_twice_across_files),
		INCLUDE_TEST(an_include_needs_a_path_at_the_top_of_a_file),
		INCLUDE_TEST(a_file_that_includes_itself_is_refused),
		INCLUDE_TEST(depth_is_limited),
		INCLUDE_TEST(the_number_of_files_is_limited),
		INCLUDE_TEST(the_bytes_of_all_files_are_limited),
		INCLUDE_TEST(an_included_file_with_a_secret_must_be_private),
		INCLUDE_TEST(check_shows_where_a_value_is_from),
		INCLUDE_TEST(a_difference_names_the_included_file),
	};

	return cmocka_run_group_tests_name("include", tests, NULL, NULL);
}
