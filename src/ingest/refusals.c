/*
 * Counts requests by outcome and logs refusals. A refusal adds 1 to the count of its reason; log
 * lines are limited for each pair of reason and client. A tick logs how many lines were left out,
 * and sends the counts since the last commit to the writer. Counts that the writer could not store
 * are added again and sent later; a killed process loses the counts of its last second.
 */
#include "ingest/refusals.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/plural.h"
#include "outbox/write/requests.h"

struct client {
	const char *reason; /* static; NULL: free */
	char address[REFUSAL_ADDRESS_SIZE];
	int64_t logged_ms; /* mono: when the last line was logged */
	unsigned left_out; /* refusals since then */
};

struct refusals {
	struct outbox *outbox;
	const struct clock *clock;
	struct outbox_requests sum; /* counts since the last message to the writer */
	struct outbox_requests sent;
	atomic_bool with_writer;
	/* take_back has not yet read whether the counts in `sent` were stored */
	bool unread;
	struct client clients[REFUSAL_CLIENTS];
	struct log_limit reused;
	uint64_t accepted, refused;  /* since the start */
	struct word_counts outcomes; /* likewise, by outcome */
};

int
refusals_new(
    struct outbox *outbox, const struct clock *clock, struct refusals **ret_refusals, struct err *e)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	r->outbox = outbox;
	r->clock = clock;
	*ret_refusals = r;
	return 0;
}

void
refusals_free(struct refusals *r)
{
	free(r);
}

/* ---- the log ------------------------------------------------------------------------ */

static void
read_address(int fd, char ret_address[REFUSAL_ADDRESS_SIZE])
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage storage;
	} peer = { .storage = { 0 } };
	socklen_t n = sizeof(peer);
	const void *from = NULL;

	if (fd < 0 || getpeername(fd, &peer.any, &n) != 0) {
		snprintf(ret_address, REFUSAL_ADDRESS_SIZE, "a client that is gone");
		return;
	}
	if (peer.any.sa_family == AF_INET)
		from = &peer.v4.sin_addr;
	else if (peer.any.sa_family == AF_INET6)
		from = &peer.v6.sin6_addr;
	if (from == NULL
	    || inet_ntop(peer.any.sa_family, from, ret_address, REFUSAL_ADDRESS_SIZE) == NULL)
		snprintf(ret_address, REFUSAL_ADDRESS_SIZE, "a unix socket");
}

/* Returns the entry of this pair; else a free one, or the one whose last line is the oldest. */
static struct client *
find_client(struct refusals *r, const char *reason, const char *address)
{
	struct client *oldest = &r->clients[0];

	for (size_t i = 0; i < REFUSAL_CLIENTS; i++) {
		struct client *c = &r->clients[i];

		if (c->reason == NULL)
			return c;
		if (strcmp(c->reason, reason) == 0 && strcmp(c->address, address) == 0)
			return c;
		if (c->logged_ms < oldest->logged_ms)
			oldest = c;
	}
	return oldest;
}

static void
log_left_out(struct client *c)
{
	if (c->left_out > 0)
		log_warn("ingest: refused %u more request%s from %s: %s", c->left_out,
		    words_plural(c->left_out), c->address, c->reason);
	c->left_out = 0;
}

static void
log_refusal(struct refusals *r, const char *reason, const char *message, int fd)
{
	int64_t now = clock_mono(r->clock);
	char address[REFUSAL_ADDRESS_SIZE];
	struct client *c;

	read_address(fd, address);
	log_debug("ingest: refused a request from %s: %s: %s", address, reason, message);
	c = find_client(r, reason, address);
	if (c->reason == NULL || strcmp(c->reason, reason) != 0
	    || strcmp(c->address, address) != 0) {
		log_left_out(c);
		*c = (struct client){ .reason = reason, .logged_ms = now };
		memcpy(c->address, address, sizeof(address));
	} else if (now - c->logged_ms < REFUSAL_LOG_MS) {
		c->left_out++;
		return;
	} else {
		log_left_out(c);
		c->logged_ms = now;
	}
	log_warn("ingest: refused a request from %s: %s: %s", address, reason, message);
}

/* A minute after the last line of a pair, logs how many were left out. The pair is then forgotten,
 * so that its next refusal is logged. */
static void
log_ends(struct refusals *r)
{
	int64_t now = clock_mono(r->clock);

	for (size_t i = 0; i < REFUSAL_CLIENTS; i++) {
		struct client *c = &r->clients[i];

		if (c->reason == NULL || now - c->logged_ms < REFUSAL_LOG_MS)
			continue;
		log_left_out(c);
		c->reason = NULL;
	}
}

void
refusals_log_reused(struct refusals *r, int64_t event_id)
{
	unsigned left_out;

	if (log_limit_pass(&r->reused, clock_mono(r->clock), REFUSAL_LOG_MS, &left_out))
		log_warn(
		    "ingest: an event was not stored, because its messageId belongs to event %lld, "
		    "which has other content (%u times more since the last such line): give each "
		    "event a messageId of its own",
		    (long long)event_id, left_out);
}

/* ---- counting ----------------------------------------------------------------------- */

/* When the message has no room for a new outcome, the requests count as "other". */
static void
add(struct outbox_requests *r, const char *outcome, int64_t requests)
{
	size_t i = 0;

	while (i < r->n && strcmp(r->counts[i].outcome, outcome) != 0)
		i++;
	if (i == OUTBOX_REQUESTS_OUTCOMES) {
		i--;
		r->counts[i].outcome = "other";
	}
	if (i == r->n) {
		r->counts[i].outcome = outcome;
		r->counts[i].requests = 0;
		r->n++;
	}
	r->counts[i].requests += requests;
}

void
refusals_add(struct refusals *r, const char *reason, const char *message, int fd)
{
	add(&r->sum, reason, 1);
	word_counts_add(&r->outcomes, reason);
	r->refused++;
	log_refusal(r, reason, message, fd);
}

void
refusals_add_accepted(struct refusals *r)
{
	add(&r->sum, OUTBOX_REQUESTS_ACCEPTED, 1);
	word_counts_add(&r->outcomes, OUTBOX_REQUESTS_ACCEPTED);
	r->accepted++;
}

const struct word_counts *
refusals_outcomes(const struct refusals *r)
{
	return &r->outcomes;
}

void
refusals_count(const struct refusals *r, uint64_t *ret_accepted, uint64_t *ret_refused)
{
	*ret_accepted = r->accepted;
	*ret_refused = r->refused;
}

/* Writer's thread. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct refusals *r = arg;

	(void)msg;
	atomic_store(&r->with_writer, false);
}

/* Adds the counts that the writer could not store to the present ones. */
static void
take_back(struct refusals *r)
{
	if (!r->unread)
		return;
	r->unread = false;
	if (r->sent.msg.rc == 0)
		return;
	for (size_t i = 0; i < r->sent.n; i++)
		add(&r->sum, r->sent.counts[i].outcome, r->sent.counts[i].requests);
}

void
refusals_tick(struct refusals *r)
{
	log_ends(r);
	if (atomic_load(&r->with_writer))
		return;
	take_back(r);
	if (r->sum.n == 0)
		return;
	r->sent = r->sum;
	r->sent.msg =
	    (struct outbox_msg){ .type = OUTBOX_REQUESTS, .done = on_done, .done_arg = r };
	r->sent.at = clock_wall(r->clock);
	r->sum.n = 0;
	r->unread = true;
	atomic_store(&r->with_writer, true);
	if (outbox_send(r->outbox, &r->sent.msg) != 0) {
		r->sent.msg.rc = -1;
		atomic_store(&r->with_writer, false);
	}
}
