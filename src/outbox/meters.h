/*
 * Numbers since the start of the process, for metrics. The writer's thread adds them after the
 * commit, without locks; any thread reads them.
 */
#ifndef OUTBOX_METERS_H
#define OUTBOX_METERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/meter/histogram.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"
#include "event/kind.h"

#define METERS_SITES 1024 /* sites; the last place counts for all that have no place */
#define METERS_OUTCOMES (OUTCOME_UNKNOWN + 1)

struct meters_site {
	int64_t site_id;                       /* 0: the place of sites without one */
	_Atomic uint64_t received[KIND_COUNT]; /* events stored */
	_Atomic uint64_t attempts[BENTO_ENDPOINTS][METERS_OUTCOMES]; /* that have ended */
	_Atomic uint64_t maybe_sent; /* events of requests that may have arrived unconfirmed */
};

/* Zeroed, all numbers are 0. */
struct meters {
	struct histogram commit;   /* a transaction of the writer, with its sync */
	struct histogram attempt;  /* a request to Bento */
	struct histogram delivery; /* an event, from its receipt to Bento's answer; wall clock */
	_Atomic size_t n_sites;
	struct meters_site sites[METERS_SITES];
};

extern const struct histogram_bounds meters_commit_bounds;
extern const struct histogram_bounds meters_attempt_bounds;
extern const struct histogram_bounds meters_delivery_bounds;

/* ---- writer's thread; before it runs, the main thread ---------------------------------------- */

/* Returns the numbers of a site, which begin at 0. */
struct meters_site *meters_site(struct meters *m, int64_t site_id);
void meters_add(_Atomic uint64_t *to, uint64_t n);

/* ---- any thread ------------------------------------------------------------------------------ */

/* Returns the numbers of a site; NULL: it has none yet. */
const struct meters_site *meters_find(const struct meters *m, int64_t site_id);
uint64_t meters_get(const _Atomic uint64_t *of);

#endif
