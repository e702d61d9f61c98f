/*
 * The body of a batch request, scanned into slices and checked by Bento's rules. Pure.
 */
#ifndef TOOLS_SIM_BATCH_H
#define TOOLS_SIM_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum batch_kind { BATCH_EVENTS, BATCH_SUBSCRIBERS, BATCH_COMMANDS };

/* The name of the list in the body ("events"), and of one member in a record ("event"). */
const char *batch_list_name(enum batch_kind kind);
const char *batch_member_name(enum batch_kind kind);

/* One event, subscriber or command. Slices point into the body or into the batch's scratch. */
struct batch_item {
	struct slice raw;    /* as received */
	struct slice type;   /* decoded; a command's word; absent for subscribers */
	struct slice email;  /* decoded */
	struct slice unique; /* the meaning of details.unique.key; absent when there is none */
	/* The first rule that it breaks; NULL when it is fine. Static texts. */
	const char *bad_field;
	const char *bad_message;
	/* A $purchase without {"currency":...,"amount":...}: answered well, then forgotten. */
	bool dropped;
};

struct batch {
	struct batch_item *item;
	size_t n;
	size_t cap;
	bool has_list;          /* it was there, and an array; commands: or an object */
	struct slice site_uuid; /* absent: not in the body */
	struct buf scratch;
};

void batch_init(struct batch *b);
void batch_free(struct batch *b);

/*
 * Fills b again and reuses its memory. The body must live as long as the items.
 * -1: not JSON (ERR_INPUT, e says where), or more than `most` items (ERR_LIMIT).
 */
int batch_parse(
    struct batch *b, enum batch_kind kind, struct slice body, size_t most, struct err *e);

#endif
