/*
 * Acts on the outbox. It sends the message to the daemon as a request and reads the results from
 * the answer. When no daemon listens, this process takes the database's lock and runs the writer
 * itself. A daemon that refuses or does not answer is an error: there is never a second writer.
 */
#include "client/client.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/control_client.h"
#include "client/offline.h"
#include "control/control.h"

/* Maximum wait for each line of the answer; a step takes much less. */
#define LINE_TIMEOUT_MS 60000

struct client {
	const struct config *config;
	struct control_client *daemon; /* NULL: must be opened again */
	struct offline *writer;        /* NULL: a daemon is running */
};

int
client_open(const struct config *c, bool stores, struct client **ret_client, struct err *e)
{
	struct client *client = calloc(1, sizeof(*client));
	int rc;

	if (client == NULL)
		return err_nomem(e);
	client->config = c;
	rc = control_client_open(c->control, &client->daemon, e);
	if (rc != 0 && e->code == ERR_NOTFOUND)
		rc = offline_open(c, stores, &client->writer, e);
	if (rc == 0)
		*ret_client = client;
	else
		free(client);
	return rc;
}

static int
ask_daemon(struct control_client *daemon, struct act *act, struct err *e)
{
	cJSON *request = control_request(act->exchange->request), *answer;
	int rc;

	if (request == NULL || act->exchange->write(act->msg, request) != 0) {
		cJSON_Delete(request);
		return err_nomem(e);
	}
	control_client_on_progress(daemon, act->on_progress, act->progress_arg);
	control_client_stop_on(daemon, act->stop);
	rc = control_client_call(daemon, request, LINE_TIMEOUT_MS, &answer, e);
	cJSON_Delete(request);
	if (rc != 0)
		return -1;
	results_read(act->exchange->results, answer, act->msg);
	if (act->exchange->read_more != NULL)
		act->exchange->read_more(answer, act->msg);
	cJSON_Delete(answer);
	return 0;
}

static int
run_steps(struct offline *writer, struct act *act, struct err *e)
{
	int64_t done;

	act->msg->type = act->exchange->type;
	for (;;) {
		if (offline_run(writer, act->msg, e) != 0)
			return -1;
		if (act->exchange->step == NULL || !act->exchange->step(act->msg, &done))
			return 0;
		if (act->on_progress != NULL)
			act->on_progress(act->progress_arg, done);
		if (act->stop != NULL && *act->stop)
			return err_set(e, ERR_BUSY, "interrupted");
	}
}

int
client_send(struct client *client, struct act *act, struct err *e)
{
	act->daemon = client->writer == NULL;
	if (client->writer != NULL)
		return run_steps(client->writer, act, e);
	if (client->daemon == NULL
	    && control_client_open(client->config->control, &client->daemon, e) != 0)
		return -1;
	if (ask_daemon(client->daemon, act, e) == 0)
		return 0;
	/* A late answer would be taken for the answer to the next request. */
	control_client_close(client->daemon);
	client->daemon = NULL;
	return -1;
}

int
client_close(struct client *client, struct err *e)
{
	int rc = client->writer != NULL ? offline_close(client->writer, e) : 0;

	control_client_close(client->daemon);
	free(client);
	return rc;
}

int
client_act(const struct config *c, struct act *act, struct err *e)
{
	struct client *client;
	int rc;

	if (client_open(c, false, &client, e) != 0)
		return -1;
	rc = client_send(client, act, e);
	if (client_close(client, rc == 0 ? e : NULL) != 0)
		rc = -1;
	return rc;
}

const char *
client_actor(void)
{
	static char name[CONTROL_ACTOR_SIZE];

	if (name[0] == '\0')
		control_actor(getuid(), name);
	return name;
}
