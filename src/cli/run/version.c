/* version: the versions of bentospool and of the libraries it runs with. */
#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>

#include "base/version.h"
#include "cli/verbs.h"
#include "dispatch/transport/transport.h"
#include "http/gzip.h"
#include "outbox/read/audit.h"

int
verb_version(const struct options *o)
{
	const char *sqlite = outbox_audit_library(), *curl, *tls;
	cJSON *line;

	transport_curl_versions(&curl, &tls);
	if (!o->json) {
		printf(
		    "bentospool %s\nsqlite %s, libcurl %s (%s), libevent %s, zlib %s, cJSON %s\n",
		    VERSION_NUMBER, sqlite, curl, tls, event_get_version(), gzip_library(),
		    cJSON_Version());
		return VERB_DONE;
	}
	line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "version", VERSION_NUMBER);
	cJSON_AddStringToObject(line, "sqlite", sqlite);
	cJSON_AddStringToObject(line, "libcurl", curl);
	cJSON_AddStringToObject(line, "tls", tls);
	cJSON_AddStringToObject(line, "libevent", event_get_version());
	cJSON_AddStringToObject(line, "zlib", gzip_library());
	cJSON_AddStringToObject(line, "cjson", cJSON_Version());
	return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
}
