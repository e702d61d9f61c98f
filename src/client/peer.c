/*
 * Finds out whether a daemon is running: by its socket or, when nothing answers there, by its
 * lock. Cannot fail: a daemon that this user may not ask is PEER_SILENT, with the reason.
 */
#include "client/peer.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/isotime.h"
#include "client/control_client.h"
#include "outbox/file/lock.h"

#define PING_TIMEOUT_MS 5000

static const char *
text_of(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static int64_t
time_of(const cJSON *answer, const char *key)
{
	int64_t at;

	return isotime_parse(slice_from(text_of(answer, key)), &at) == 0 ? at : 0;
}

void
peer_read_certificates(const cJSON *answer, struct peer *p)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "certificates"), *item;

	cJSON_ArrayForEach(item, list)
	{
		struct peer_certificate *c = &p->certificates[p->n_certificates];

		if (p->n_certificates == PEER_MAX_CERTIFICATES)
			break;
		p->n_certificates++;
		snprintf(c->listener, sizeof(c->listener), "%s", text_of(item, "listener"));
		snprintf(c->use.name, sizeof(c->use.name), "%s", text_of(item, "name"));
		snprintf(c->fault, sizeof(c->fault), "%s", text_of(item, "fault"));
		c->use.is_client = strncmp(c->listener, "site ", 5) == 0;
		c->use.not_before = time_of(item, "not_before");
		c->use.not_after = time_of(item, "not_after");
	}
}

static void
read_ping(const cJSON *answer, struct peer *p)
{
	const cJSON *pid = cJSON_GetObjectItemCaseSensitive(answer, "pid");

	p->state = PEER_UP;
	p->pid = cJSON_IsNumber(pid) ? (long)pid->valuedouble : 0;
	snprintf(p->version, sizeof(p->version), "%s", text_of(answer, "version"));
	snprintf(p->health, sizeof(p->health), "%s", text_of(answer, "health"));
	snprintf(p->health_text, sizeof(p->health_text), "%s", text_of(answer, "health_text"));
	p->started_at = time_of(answer, "started_at");
	peer_read_certificates(answer, p);
}

static int
ping(const char *path, struct peer *p, struct err *e)
{
	cJSON *answer;

	if (control_client_ask(path, control_request("ping"), PING_TIMEOUT_MS, &answer, e) != 0)
		return -1;
	read_ping(answer, p);
	cJSON_Delete(answer);
	return 0;
}

static void
explain(const char *path, const struct err *cause, struct peer *p)
{
	struct err e;

	p->is_denied = access(path, W_OK) != 0 && errno == EACCES;
	if (p->is_denied) {
		err_set(&e, ERR_SYSTEM, "this user may not ask the daemon");
		err_denied(&e, EACCES, path);
		cause = &e;
	}
	snprintf(p->why, sizeof(p->why), "%.*s", (int)sizeof(p->why) - 1, cause->text);
}

void
peer_look(const struct config *c, struct peer *ret_peer)
{
	struct err e, lock_error;

	*ret_peer = (struct peer){ .state = PEER_SILENT };
	if (ping(c->control, ret_peer, &e) == 0)
		return;
	explain(c->control, &e, ret_peer);
	ret_peer->pid = lock_holder(c->database, &lock_error);
	if (ret_peer->pid == 0)
		*ret_peer = (struct peer){ .state = PEER_DOWN };
	if (ret_peer->pid < 0)
		ret_peer->pid = 0;
}
