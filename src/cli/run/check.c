/*
 * check: loads the configuration as serve would and prints it with secrets masked; an error names
 * file and line. With --event, check_event.c previews an event instead.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/run/check_event.h"
#include "cli/verbs.h"
#include "daemon/daemon.h"

#define PRINT_MAX 16777216
#define FOLDER_MAX 8192

static cJSON *
as_json(const struct config *c)
{
	cJSON *o = cJSON_CreateObject(), *list;

	cJSON_AddTrueToObject(o, "ok");
	cJSON_AddStringToObject(o, "file", c->file);
	list = cJSON_AddArrayToObject(o, "files");
	for (size_t i = 0; i < c->files.n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(c->files.item[i]));
	cJSON_AddStringToObject(o, "warning", c->warning);
	cJSON_AddStringToObject(o, "database", c->database);
	cJSON_AddStringToObject(o, "control", c->control);
	list = cJSON_AddArrayToObject(o, "listen");
	for (size_t i = 0; i < c->ingest.listen.n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(c->ingest.listen.item[i]));
	list = cJSON_AddArrayToObject(o, "sites");
	for (size_t i = 0; i < c->n_sites; i++) {
		cJSON *site = cJSON_CreateObject();

		cJSON_AddStringToObject(site, "name", c->sites[i].name);
		cJSON_AddStringToObject(site, "site_uuid", c->sites[i].site_uuid);
		cJSON_AddStringToObject(site, "api_url", c->sites[i].api_url);
		if (c->sites[i].upstream[0] != '\0')
			cJSON_AddStringToObject(site, "upstream", c->sites[i].upstream);
		cJSON_AddNumberToObject(site, "write_keys", (double)c->sites[i].write_keys.n);
		cJSON_AddItemToArray(list, site);
	}
	return o;
}

static int
print(const struct config *c)
{
	struct buf text;
	int rc = VERB_ERROR;

	buf_init(&text, PRINT_MAX);
	config_print(c, &text);
	if (!text.failed) {
		fwrite(text.p, 1, text.n, stdout);
		rc = VERB_DONE;
	}
	buf_free(&text);
	return rc;
}

/* Warns of a missing directory: the configuration is valid, but serve could not start. */
static void
warn_of_folder(const struct config *c)
{
	struct buf folder;
	const char *slash = strrchr(c->database, '/');

	buf_init(&folder, FOLDER_MAX);
	if (slash == NULL)
		buf_append_literal(&folder, ".");
	else
		buf_append(
		    &folder, c->database, slash == c->database ? 1 : (size_t)(slash - c->database));
	if (!folder.failed && access(folder.p, F_OK) != 0 && errno == ENOENT)
		fprintf(stderr,
		    "bentospool: warning: the database's directory %s does not exist: create it, "
		    "owned "
		    "by the user that runs bentospool\n",
		    folder.p);
	buf_free(&folder);
}

/* Warns of a limit that a daemon started in the same way would run into. The service has its own.
 */
static void
warn_of_files(const struct config *c)
{
	unsigned long long need = daemon_files(c);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < need)
		fprintf(stderr,
		    "bentospool: warning: max_connections needs %llu open files, and the hard "
		    "limit "
		    "here is %llu: serve would not start from here; for the service it is "
		    "LimitNOFILE of the unit\n",
		    need, (unsigned long long)limit.rlim_max);
}

/* Previews an event. Needs no secrets, because nothing is sent. */
static int
check_one_event(const struct options *o)
{
	struct config *c;
	int rc;

	if (verb_config(o, &c) != 0)
		return VERB_ERROR;
	rc = check_event(c, o);
	config_free(c);
	return rc;
}

int
verb_check(const struct options *o)
{
	struct config_request r = { .file = o->config, .database = o->database };
	struct config *c;
	struct err e;
	int rc;

	if (o->event != NULL)
		return check_one_event(o);
	if (config_load(&r, &c, &e) != 0)
		return verb_fail(&e);
	if (o->json)
		rc = verb_print_json(as_json(c)) == 0 ? VERB_DONE : VERB_ERROR;
	else
		rc = print(c);
	if (c->warning[0] != '\0')
		fprintf(stderr, "bentospool: warning: %s\n", c->warning);
	warn_of_folder(c);
	warn_of_files(c);
	if (rc == VERB_DONE)
		fprintf(stderr, "bentospool: %s is valid\n",
		    c->file[0] != '\0' ? c->file : "the configuration in the environment");
	config_free(c);
	return rc;
}
