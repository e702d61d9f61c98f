/* ping: answers with the daemon's identity, the time of its start, and the health of its outbox.
 * Cannot fail. */
#include <cjson/cJSON.h>
#include <unistd.h>

#include "base/isotime.h"
#include "control/control_private.h"

static const char *
health_word(enum outbox_health health)
{
	switch (health) {
	case OUTBOX_OK:
		return "ok";
	case OUTBOX_FULL:
		return "full";
	case OUTBOX_BLOCKED:
		return "blocked";
	case OUTBOX_STALLED:
		return "stalled";
	case OUTBOX_FAULTY:
		return "faulty";
	case OUTBOX_FAILED:
		return "failed";
	}
	return "failed";
}

static void
add_counters(cJSON *to, const struct outbox *outbox)
{
	struct outbox_counters n;

	outbox_counters(outbox, &n);
	cJSON_AddNumberToObject(to, "stored", (double)n.stored);
	cJSON_AddNumberToObject(to, "duplicates", (double)n.duplicates);
	cJSON_AddNumberToObject(to, "commits", (double)n.commits);
	cJSON_AddNumberToObject(to, "delivered", (double)n.delivered);
	cJSON_AddNumberToObject(to, "attempts", (double)n.attempts);
}

static int
answer(struct control *c, cJSON *to, struct err *e)
{
	struct outbox *outbox = c->options.outbox;
	char started[ISOTIME_SIZE], text[512];

	(void)e;
	isotime_format(c->started_at, started);
	outbox_health_text(outbox, text, sizeof(text));
	cJSON_AddNumberToObject(to, "pid", (double)getpid());
	cJSON_AddStringToObject(to, "version", c->version);
	cJSON_AddStringToObject(to, "started_at", started);
	cJSON_AddStringToObject(to, "health", health_word(outbox_health(outbox)));
	cJSON_AddStringToObject(to, "health_text", text);
	add_counters(to, outbox);
	if (c->options.describe != NULL)
		c->options.describe(c->options.describe_arg, to);
	return 0;
}

const struct request_kind request_ping = { .name = "ping", .answer = answer };
