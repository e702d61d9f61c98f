/*
 * Removes old events. The first run begins a minute after the start; each further run begins an
 * hour after the end of the last, or a minute after a failed one. The settings at the start of a
 * run say which events are too old, by a wall clock that is trusted only as far as dispatch/age.h
 * allows.
 */
#include "daemon/jobs/retention.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/job.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_MS 60000   /* after the start */
#define EVERY_MS 3600000 /* between the end of a run and the next */
#define AGAIN_MS 60000   /* after a failed run */
#define WARN_EVERY_MS 3600000

struct retention {
	const struct clock *clock;
	const struct clock_history *history;
	const struct config_retention *settings; /* set during a tick */
	struct purge_limits limits;
	char *archive;
	struct outbox_purge purge;
	struct job job;
	struct log_limit warned;
};

static int64_t
limit_of(int64_t days, const struct clock_history *history)
{
	int64_t limit = age_limit(history, days * DAY_MS);

	return limit == AGE_NONE ? PURGE_NEVER : limit;
}

void
retention_limits(const struct config_retention *settings, const struct clock_history *history,
    struct purge_limits *ret_limits)
{
	const struct config_retention *s = settings;
	const int64_t payload[STATUS_COUNT] = {
		[STATUS_DELIVERED] = s->delivered_payload,
		[STATUS_FAILED] = s->failed_payload,
		[STATUS_UNSUPPORTED] = s->unsupported_payload,
		[STATUS_INVALID] = s->invalid_payload,
		[STATUS_HELD] = s->held_payload,
		[STATUS_DISCARDED] = s->discarded_payload,
	};
	const int64_t rows[STATUS_COUNT] = {
		[STATUS_DELIVERED] = s->delivered_rows,
		[STATUS_FAILED] = s->failed_rows,
		[STATUS_UNSUPPORTED] = s->unsupported_rows,
		[STATUS_INVALID] = s->invalid_rows,
		[STATUS_HELD] = s->held_rows,
		[STATUS_DISCARDED] = s->discarded_rows,
	};

	for (int i = 0; i < STATUS_COUNT; i++) {
		ret_limits->payload_before[i] = limit_of(payload[i], history);
		ret_limits->rows_before[i] = limit_of(rows[i], history);
	}
}

void
retention_now(
    const struct retention *r, const struct config_retention *settings, struct purge_limits *ret)
{
	retention_limits(settings, r->history, ret);
}

/* Writer's thread. */
static bool
has_more(void *owner)
{
	const struct retention *r = owner;

	return r->purge.more;
}

/* Without memory, the next tick tries again. */
static struct outbox_msg *
begin(void *owner)
{
	struct retention *r = owner;

	free(r->archive);
	r->archive = strdup(r->settings->archive);
	if (r->archive == NULL)
		return NULL;
	retention_now(r, r->settings, &r->limits);
	r->purge = (struct outbox_purge){
		.msg = { .type = OUTBOX_PURGE },
		.limits = &r->limits,
		.archive = r->archive,
		.actor = "retention",
	};
	return &r->purge.msg;
}

static int64_t
end(void *owner)
{
	struct retention *r = owner;
	const struct outbox_purge *p = &r->purge;
	unsigned suppressed;

	if (p->n_rows > 0 || p->n_payloads > 0)
		log_info("retention: removed the bodies of %lld event%s, and deleted %lld row%s",
		    (long long)p->n_payloads, words_plural(p->n_payloads), (long long)p->n_rows,
		    words_plural(p->n_rows));
	if (p->msg.rc == 0)
		return EVERY_MS;
	if (log_limit_pass(&r->warned, clock_mono(r->clock), WARN_EVERY_MS, &suppressed))
		log_warn("retention: %s", p->msg.err.text);
	return AGAIN_MS;
}

int
retention_new(struct outbox *outbox, const struct clock *clock, const struct clock_history *history,
    struct retention **ret_retention, struct err *e)
{
	static const struct job_kind kind = { "retention", begin, has_more, end };
	struct retention *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	if (job_init(&r->job, &kind, r, outbox, clock, FIRST_MS, e) != 0) {
		free(r);
		return -1;
	}
	r->clock = clock;
	r->history = history;
	*ret_retention = r;
	return 0;
}

void
retention_free(struct retention *r)
{
	if (r == NULL)
		return;
	job_free(&r->job);
	free(r->archive);
	free(r);
}

void
retention_tick(struct retention *r, const struct config_retention *settings)
{
	r->settings = settings;
	job_tick(&r->job);
}
