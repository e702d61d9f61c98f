/*
 * The simulated Bento: takes requests and makes answers. It uses no sockets.
 *
 *	sim_begin    the head was read: the request gets its number and its faults
 *	sim_answer   the body was read: the answer, with everything counted and recorded
 *
 * Belongs to one thread.
 */
#ifndef TOOLS_SIM_SIM_H
#define TOOLS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rand.h"
#include "sim/batch.h"
#include "sim/fault.h"
#include "sim/http.h"
#include "sim/limit.h"
#include "sim/options.h"
#include "sim/record.h"
#include "sim/stats.h"
#include "sim/unique.h"

struct sim {
	const struct sim_options *o;
	const struct clock *clock;
	struct fault_list faults;
	struct limit limit;
	struct unique unique;
	struct record record;
	struct record requests;
	struct stats stats;
	struct rand rand;
	struct batch batch; /* the current request; its memory is reused */
	struct buf site;    /* its site_uuid */
	struct buf user;    /* its decoded Basic user and password */
};

struct sim_request {
	uint64_t n; /* 0: a request to the simulator itself, not to Bento */
	struct http_head head;
	struct slice body;
	struct fault_effect effect;
};

struct sim_reply {
	unsigned status;
	const char *content_type;
	int64_t retry_after; /* seconds; -1: no header */
	struct buf body;     /* provided empty by the caller */
	/* counts for the batch */
	uint64_t events;
	uint64_t results;
	uint64_t failed;
	uint64_t suppressed;
};

#define SIM_MAX_REPLY 65536

int sim_open(struct sim *s, const struct sim_options *o, const struct clock *clock, struct err *e);
void sim_close(struct sim *s);

/* Numbers the request and decides on its faults. The caller has set head. */
void sim_begin(struct sim *s, struct sim_request *request);
/* Counts and records a request that ends without an answer (status 0), or that is refused before
 * its body is read. */
int sim_cut_off(struct sim *s, const struct sim_request *request, unsigned status, struct err *e);
/* Fills in the reply. Returns -1 only when the record cannot be written. */
int sim_answer(
    struct sim *s, const struct sim_request *request, struct sim_reply *reply, struct err *e);

/* ---- parts of the above ------------------------------------------------------------------- */

/* The answers of Bento's API (api.c). */
void sim_answer_api(struct sim *s, const struct sim_request *request, struct sim_reply *reply);
/* Accepts the batch that was parsed into s->batch (take.c). */
void sim_take_batch(struct sim *s, const struct sim_request *request, enum batch_kind kind,
    struct sim_reply *reply);
/* /_sim/... (control.c). */
void sim_answer_control(struct sim *s, const struct sim_request *request, struct sim_reply *reply);

/* Sets status and {"error":message}. */
void sim_reply_error(struct sim_reply *reply, unsigned status, const char *message);

#endif
