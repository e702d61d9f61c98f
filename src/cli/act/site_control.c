/*
 * The verbs for a whole site. They do not count or ask, because another verb can reverse each of
 * them. The exit code is 3 for an unknown site, and for a flush that changed nothing because an
 * operator paused the site.
 */
#include "cli/act/site_control.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/act/acting.h"

const char *
site_control_summary(const struct outbox_site_control *message, bool daemon)
{
	switch (message->verb) {
	case SITE_CONTROL_PAUSE:
		return daemon ? "paused: events are kept, nothing is sent"
			      : "paused, from the next start on (no daemon runs)";
	case SITE_CONTROL_RESUME:
		return daemon ? "resumed" : "resumed, from the next start on (no daemon runs)";
	case SITE_CONTROL_FLUSH:
		break;
	}
	if (message->n_paused == message->n_sites)
		return "not tried: paused by an operator; see bentospool resume";
	if (message->n_paused > 0)
		return "tried, except the sites that an operator has paused";
	return daemon ? "tried now" : "tried at the next start (no daemon runs)";
}

static int
print_json(const struct outbox_site_control *message, bool daemon)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddStringToObject(line, "verb", site_control_verb_name(message->verb));
	if (message->site != NULL)
		cJSON_AddStringToObject(line, "site", message->site);
	else
		cJSON_AddNullToObject(line, "site");
	results_write(exchange_site_control.results, &message->msg, true, line);
	if (message->verb != SITE_CONTROL_FLUSH)
		cJSON_DeleteItemFromObjectCaseSensitive(line, "paused");
	cJSON_AddBoolToObject(line, "daemon", daemon);
	return verb_print_json(line);
}

static void
print_text(const struct outbox_site_control *message, bool daemon)
{
	const char *summary = site_control_summary(message, daemon);

	if (message->site != NULL)
		printf("site %s: %s", message->site, summary);
	else
		printf("%lld site%s: %s", (long long)message->n_sites,
		    words_plural(message->n_sites), summary);
	acting_print_operation(message->operation_id);
}

int
site_control(const struct options *o, enum site_control_verb verb)
{
	struct outbox_site_control message = {
		.verb = verb,
		.site = o->to_site,
		.note = o->note,
		.actor = client_actor(),
	};
	struct act act = { .exchange = &exchange_site_control, .msg = &message.msg };
	struct config *c;
	struct err e;
	int rc;

	if (acting_open(o, &c) != 0)
		return VERB_ERROR;
	rc = client_act(c, &act, &e);
	config_free(c);
	if (rc != 0) {
		verb_fail(&e);
		return e.code == ERR_NOTFOUND ? VERB_NOTHING : VERB_ERROR;
	}
	if (!o->json)
		print_text(&message, act.daemon);
	else if (print_json(&message, act.daemon) != 0)
		return VERB_ERROR;
	return message.n_paused == message.n_sites ? VERB_NOTHING : VERB_DONE;
}
