#include "lib/unit.h"

#include "unit/dispatch/dispatch_rig.h"

#include <stdio.h>

#include "unit/dispatch/fake_composer.h"

#define ROUNDS_MAX 10000

void
rig_init(struct rig *r)
{
	*r = (struct rig){
		.time = { .wall = INT64_C(1785000000000), .mono = 1000 },
		.site = {
			.site_id = RIG_SITE,
			.name = "main",
			.api_url = "http://bento.invalid/api/v1/",
			.site_uuid = "u-1",
			.publishable_key = "pub",
			.secret_key = "sec",
			.batch_events = 3,
			.batch_bytes = 1000,
			.concurrency = 1,
			.timeout_ms = 30000,
			.retry_first_ms = 5000,
			.retry_max_ms = 3600000,
		},
	};
	r->other = r->site;
	r->other.site_id = RIG_OTHER;
	r->other.name = "other";
	r->other.site_uuid = "u-2";
	r->outbox = fake_outbox_new();
	r->transport = fake_transport_new();
}

void
rig_start(struct rig *r)
{
	const struct dispatch_site_options sites[] = { r->site, r->other };
	struct dispatcher_options o = {
		.outbox = &r->outbox->port,
		.transport = &r->transport->ops,
		.composer = &fake_composer,
		.clock = &r->clock,
		.seed = 42,
		.sites = sites,
		.n_sites = r->two ? 2 : 1,
		.stop_deadline_ms = 10000,
	};
	struct err e;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	r->clock = fake_clock_of(&r->time);
	if (dispatcher_new(&o, &r->dispatcher, &e) != 0)
		fail_msg("%s", e.text);
}

void
rig_restart(struct rig *r)
{
	dispatcher_free(r->dispatcher);
	fake_outbox_crash(r->outbox);
	r->transport = fake_transport_new();
	rig_start(r);
}

void
rig_free(struct rig *r)
{
	char broken[sizeof(r->outbox->broken)];

	snprintf(broken, sizeof(broken), "%s", r->outbox->broken);
	dispatcher_free(r->dispatcher);
	fake_outbox_free(r->outbox);
	assert_string_equal(broken, "");
}

void
rig_settle(struct rig *r)
{
	size_t messages;
	int round = 0;

	do {
		assert_true(round++ < ROUNDS_MAX);
		r->wait = dispatcher_step(r->dispatcher);
		messages = fake_outbox_commit(r->outbox);
	} while ((r->wait == 0 && !r->dispatcher->finished) || messages > 0);
}

void
rig_pass(struct rig *r, int64_t ms)
{
	int64_t end = r->time.mono + ms;
	int round = 0;

	rig_settle(r);
	while (r->time.mono < end && !r->dispatcher->finished) {
		int64_t left = end - r->time.mono;

		assert_true(round++ < ROUNDS_MAX);
		fake_clock_advance(&r->time, r->wait < 0 || r->wait > left ? left : r->wait);
		rig_settle(r);
	}
}

void
rig_add(struct rig *r, size_t n)
{
	char body[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(body, sizeof(body), "{\"n\":%zu}", r->outbox->n_events + 1);
		fake_outbox_add(r->outbox, RIG_SITE, body);
	}
	dispatcher_wake(r->dispatcher);
}

void
rig_answer(struct rig *r, int status, const char *body)
{
	fake_transport_answer(r->transport, rig_requests(r) - 1, status, body, -1);
	rig_settle(r);
}

void
rig_break(struct rig *r, enum request_phase phase)
{
	fake_transport_break(r->transport, rig_requests(r) - 1, phase, "broken");
	rig_settle(r);
}

size_t
rig_requests(struct rig *r)
{
	return fake_transport_count(r->transport);
}

const char *
rig_body(struct rig *r, size_t i)
{
	assert_true(i < rig_requests(r));
	return r->transport->requests[i]->body;
}

const char *
rig_last_body(struct rig *r)
{
	return rig_body(r, rig_requests(r) - 1);
}
