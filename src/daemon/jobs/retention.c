#include "daemon/jobs/retention.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/jobs/steps.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_MS 60000   /* after the start */
#define EVERY_MS 3600000 /* between the end of a pass and the next */
#define AGAIN_MS 60000   /* after one that failed */
#define TELL_EVERY_MS 3600000

struct retention {
	const struct clock *clock;
	const struct age *age;
	struct purge_limits limits;
	char *archive;
	struct outbox_purge purge;
	struct steps steps;
	int64_t next_ms; /* mono */
	struct log_limit tell;
};

static int64_t
limit_of(int64_t days, const struct age *age, int64_t wall, int64_t mono)
{
	int64_t limit = age_limit(age, days * DAY_MS, wall, mono);

	return limit == AGE_NONE ? PURGE_NEVER : limit;
}

void
retention_limits(const struct config_retention *settings, const struct age *age, int64_t wall,
    int64_t mono, struct purge_limits *ret_limits)
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
		ret_limits->payload_before[i] = limit_of(payload[i], age, wall, mono);
		ret_limits->rows_before[i] = limit_of(rows[i], age, wall, mono);
	}
}

void
retention_now(
    const struct retention *r, const struct config_retention *settings, struct purge_limits *ret)
{
	retention_limits(settings, r->age, clock_wall(r->clock), clock_mono(r->clock), ret);
}

/* Writer's thread. */
static bool
has_more(void *arg)
{
	const struct retention *r = arg;

	return r->purge.more;
}

int
retention_new(struct outbox *outbox, const struct clock *clock, const struct age *age,
    struct retention **ret_retention, struct err *e)
{
	struct retention *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	if (steps_init(&r->steps, outbox, has_more, r, e) != 0) {
		free(r);
		return -1;
	}
	r->clock = clock;
	r->age = age;
	r->next_ms = clock_mono(clock) + FIRST_MS;
	*ret_retention = r;
	return 0;
}

void
retention_free(struct retention *r)
{
	if (r == NULL)
		return;
	steps_free(&r->steps);
	free(r->archive);
	free(r);
}

static void
start_pass(struct retention *r, const struct config_retention *settings)
{
	free(r->archive);
	r->archive = strdup(settings->archive);
	if (r->archive == NULL) {
		r->next_ms = clock_mono(r->clock) + AGAIN_MS;
		return;
	}
	retention_now(r, settings, &r->limits);
	r->purge = (struct outbox_purge){
		.msg = { .type = OUTBOX_PURGE },
		.limits = &r->limits,
		.archive = r->archive,
		.actor = "retention",
	};
	if (!steps_start(&r->steps, &r->purge.msg))
		r->next_ms = INT64_MAX; /* the outbox is stopping */
}

static void
end_pass(struct retention *r)
{
	const struct outbox_purge *p = &r->purge;
	int64_t now = clock_mono(r->clock);
	unsigned suppressed;

	r->next_ms = now + (p->msg.rc == 0 ? EVERY_MS : AGAIN_MS);
	if (p->msg.rc != 0 && log_limit_pass(&r->tell, now, TELL_EVERY_MS, &suppressed))
		log_warn("retention: %s", p->msg.err.text);
	if (p->n_rows > 0 || p->n_payloads > 0)
		log_info("retention: took the bodies of %lld event%s and %lld row%s away",
		    (long long)p->n_payloads, words_plural(p->n_payloads), (long long)p->n_rows,
		    words_plural(p->n_rows));
}

void
retention_tick(struct retention *r, const struct config_retention *settings)
{
	switch (steps_tick(&r->steps, true)) {
	case STEPS_IDLE:
		if (clock_mono(r->clock) >= r->next_ms)
			start_pass(r, settings);
		return;
	case STEPS_ENDED:
		end_pass(r);
		return;
	case STEPS_STOPPED:
		r->next_ms = INT64_MAX;
		return;
	case STEPS_BUSY:
		return;
	}
}
