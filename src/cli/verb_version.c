#include <cjson/cJSON.h>
#include <config.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <sqlite3.h>
#include <stdio.h>

#include "cli/verbs.h"
#include "cli/version.h"

const char version_number[] = PACKAGE_VERSION;
const char version_agent[] = "bentospool/" PACKAGE_VERSION;

int
verb_version(const struct options *o)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	const char *tls = curl->ssl_version == NULL ? "no TLS" : curl->ssl_version;
	cJSON *line;

	if (!o->json) {
		printf("bentospool %s\nsqlite %s, libcurl %s (%s), libevent %s, cJSON %s\n",
		    version_number, sqlite3_libversion(), curl->version, tls, event_get_version(),
		    cJSON_Version());
		return VERB_DONE;
	}
	line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "version", version_number);
	cJSON_AddStringToObject(line, "sqlite", sqlite3_libversion());
	cJSON_AddStringToObject(line, "libcurl", curl->version);
	cJSON_AddStringToObject(line, "tls", tls);
	cJSON_AddStringToObject(line, "libevent", event_get_version());
	cJSON_AddStringToObject(line, "cjson", cJSON_Version());
	return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
}
