/*
 * The request of one connection. It is built once; each sending rewrites only messageIds and user
 * numbers in place, so that the generator does not become the bottleneck.
 */
#ifndef TOOLS_LOAD_PAYLOAD_H
#define TOOLS_LOAD_PAYLOAD_H

#include "base/buf.h"
#include "base/rand.h"
#include "load/options.h"

#define LOAD_ID_SIZE 36

/* Makes messageIds that never repeat, even in other processes. */
struct load_ids_state {
	enum load_ids kind;
	struct rand rand;
	uint32_t process; /* distinguishes processes that start in the same millisecond */
	uint64_t counter;
};

int load_ids_init(struct load_ids_state *s, enum load_ids kind, struct err *e);
/* Writes LOAD_ID_SIZE bytes, no NUL. */
void load_ids_next(struct load_ids_state *s, int64_t wall_ms, char *to);

struct payload {
	struct buf request; /* head and body */
	unsigned n_events;
	size_t first_id;   /* offset of the first messageId in request */
	size_t user_at[2]; /* offset of the user number's digits, from the messageId */
	size_t stride;     /* distance from one event to the next */
};

/* Builds the request with n_events events of exactly o->size bytes. */
int payload_build(
    struct payload *p, const struct load_options *o, unsigned n_events, struct err *e);
void payload_free(struct payload *p);
/* Writes new ids and user numbers for the next sending. */
void payload_stamp(struct payload *p, struct load_ids_state *ids, int64_t wall_ms);
/* Appends the messageIds, one on each line. */
void payload_append_ids(const struct payload *p, struct buf *to);

#endif
