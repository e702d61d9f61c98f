/*
 * Fills a database through the outbox's own code, in large transactions, as a long outage would. It
 * is for measuring with many events, and much faster than HTTP. Prints the rate as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "outbox/outbox.h"

#define GROUP 4096 /* events that the writer accepts in one transaction */
#define MAX_SIZE 1000000
#define ADDRESSES 1000000
#define PERIOD_MS INT64_C(2592000000) /* the events arrived evenly over the last 30 days */
#define BUSY_EVERY 500                /* one event of so many belongs to busy@load.example */
#define RARE_EVENTS 3                 /* events of rare@load.example */

struct fill {
	struct outbox *outbox;
	int64_t site_id;
	struct rand rand;
	bool random_ids;
	int64_t total;
	int64_t began;
	int64_t size;
	char *body;
	char ids[GROUP][40];
	char emails[GROUP][40];
	struct segment_event events[GROUP];
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool is_done;
};

static void
note_done(struct outbox_msg *msg, void *arg)
{
	struct fill *f = arg;

	(void)msg;
	pthread_mutex_lock(&f->mutex);
	f->is_done = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->mutex);
}

/* The events of rare@load.example are in the middle of the file, and at its quarters. */
static void
make_address(struct fill *f, size_t i, int64_t n)
{
	if ((n + 1) % (f->total / (RARE_EVENTS + 1) + 1) == 0)
		snprintf(f->emails[i], sizeof(f->emails[i]), "rare@load.example");
	else if (n % BUSY_EVERY == 0)
		snprintf(f->emails[i], sizeof(f->emails[i]), "busy@load.example");
	else
		snprintf(f->emails[i], sizeof(f->emails[i]), "user%u@load.example",
		    (unsigned)(rand_u64(&f->rand) % ADDRESSES));
}

/* UUIDv4, or UUIDv7 for ordered ids. */
static void
make_event(struct fill *f, size_t i, int64_t n, int64_t now)
{
	uint64_t high = f->random_ids ? rand_u64(&f->rand) : (uint64_t)now << 16 | 0x7000;
	uint64_t low = f->random_ids ? rand_u64(&f->rand) : (uint64_t)n;

	snprintf(f->ids[i], sizeof(f->ids[i]), "%08x-%04x-%04x-%04x-%012" PRIx64,
	    (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
	    (unsigned)(low >> 48), low & UINT64_C(0xffffffffffff));
	make_address(f, i, n);
	f->events[i] = (struct segment_event){
		.body = { f->body, (size_t)f->size },
		.kind = KIND_TRACK,
		.name = SLICE("Order Completed"),
		.message_id = slice_from(f->ids[i]),
		.email = slice_from(f->emails[i]),
		.occurred_at = now,
		.status = STATUS_PENDING,
	};
}

static int
put_group(struct fill *f, int64_t at, size_t n, struct err *e)
{
	int64_t now = f->began - PERIOD_MS / f->total * (f->total - at);
	struct outbox_put put = {
		.msg = { .type = OUTBOX_PUT, .done = note_done, .done_arg = f },
		.site_id = f->site_id,
		.received_at = now,
		.events = f->events,
		.n_events = n,
	};

	for (size_t i = 0; i < n; i++)
		make_event(f, i, at + (int64_t)i, now);
	f->is_done = false;
	if (outbox_send(f->outbox, &put.msg) != 0)
		return err_set(e, ERR_STATE, "the outbox refused a message");
	pthread_mutex_lock(&f->mutex);
	while (!f->is_done)
		pthread_cond_wait(&f->cond, &f->mutex);
	pthread_mutex_unlock(&f->mutex);
	if (put.msg.rc != 0)
		*e = put.msg.err;
	return put.msg.rc;
}

static int
fill(struct fill *f, const char *path, struct err *e)
{
	const struct outbox_options options = {
		.path = path,
		.max_waiting = 10,
		.max_waiting_bytes = 1 << 20,
		.clock = &clock_system,
	};

	if (outbox_open(&options, &f->outbox, NULL, e) != 0)
		return -1;
	if (outbox_site(f->outbox, "main", &f->site_id, e) != 0 || outbox_start(f->outbox, e) != 0)
		return -1;
	for (int64_t at = 0; at < f->total; at += GROUP)
		if (put_group(f, at, f->total - at < GROUP ? (size_t)(f->total - at) : GROUP, e)
		    != 0)
			return -1;
	return outbox_stop(f->outbox, e);
}

static int64_t
number(const char *text, int64_t min, int64_t max)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < min || n > max) {
		fprintf(stderr, "fill_outbox: %s is not a number from %" PRId64 " to %" PRId64 "\n",
		    text, min, max);
		exit(2);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct fill *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	int64_t began;
	int rc;

	if (argc != 5 || f == NULL) {
		fprintf(stderr, "usage: fill_outbox DATABASE EVENTS SIZE ordered|random\n");
		return 2;
	}
	f->total = number(argv[2], 1, INT64_C(1) << 32);
	f->size = number(argv[3], 2, MAX_SIZE);
	f->random_ids = strcmp(argv[4], "random") == 0;
	f->body = malloc((size_t)f->size);
	if (f->body == NULL || rand_seed_system(&f->rand, &e) != 0)
		return 1;
	memset(f->body, ' ', (size_t)f->size);
	f->body[0] = '{';
	f->body[f->size - 1] = '}';
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->cond, NULL);
	f->began = clock_wall(&clock_system);
	began = clock_mono(&clock_system);
	rc = fill(f, argv[1], &e);
	if (rc != 0)
		fprintf(stderr, "fill_outbox: %s\n", e.text);
	else
		printf("{\"events_per_second\": %.0f}\n",
		    (double)f->total * 1000 / (double)(clock_mono(&clock_system) - began + 1));
	if (f->outbox != NULL)
		outbox_close(f->outbox);
	free(f->body);
	free(f);
	return rc == 0 ? 0 : 1;
}
