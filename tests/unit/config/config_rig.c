/*
 * Writes configurations into a temporary directory and loads them, with none of our variables in
 * the environment.
 */
#include "unit/config/config_rig.h"

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/environment.h"

char config_rig_folder[64];
char config_rig_conf[96];

/* Clears every variable that a setting may have, so that no test finds those of another. */
static void
clear_environment(void)
{
	char name[ENVIRONMENT_NAME_SIZE];

	for (const struct setting *s = settings; s->name != NULL; s++) {
		environment_name(s, name);
		unsetenv(name);
	}
	unsetenv("BENTOSPOOL_CONFIG");
	unsetenv("CREDENTIALS_DIRECTORY");
}

int
config_rig_make(void **state)
{
	(void)state;
	snprintf(config_rig_folder, sizeof(config_rig_folder), "/tmp/bentospool-test-XXXXXX");
	assert_non_null(mkdtemp(config_rig_folder));
	snprintf(config_rig_conf, sizeof(config_rig_conf), "%s/conf", config_rig_folder);
	clear_environment();
	return 0;
}

int
config_rig_remove(void **state)
{
	static const char *const names[] = { "conf", "secret", "keys" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", config_rig_folder, names[i]);
		unlink(path);
	}
	clear_environment();
	return rmdir(config_rig_folder);
}

const char *
config_rig_write(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", config_rig_folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

struct config *
config_rig_load(const char *text)
{
	struct config_request r = { .file = config_rig_conf };
	struct config *c = NULL;
	struct err e = { 0 };

	config_rig_write("conf", text, 0600);
	if (config_load(&r, &c, &e) != 0)
		fail_msg("%s\n%s", text, e.text);
	return c;
}

void
config_rig_accepts(const char *text)
{
	config_free(config_rig_load(text));
}

void
config_rig_refuses(const char *text, const char *word)
{
	struct config_request r = { .file = config_rig_conf };
	struct config *c = NULL;
	struct err e = { 0 };
	char want[256];

	config_rig_write("conf", text, 0600);
	if (word[0] == '%')
		snprintf(want, sizeof(want), "%s%s", config_rig_conf, word + 1);
	else
		snprintf(want, sizeof(want), "%s", word);
	if (config_load(&r, &c, &e) == 0)
		fail_msg("taken:\n%s", text);
	if (strstr(e.text, want) == NULL)
		fail_msg("%s\nsays: %s\nnot: %s", text, e.text, want);
}
