/*
 * Splits the body of a batch request into slices and checks it by Bento's rules. Pure.
 */
#ifndef TOOLS_SIM_BATCH_H
#define TOOLS_SIM_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum batch_kind { BATCH_EVENTS, BATCH_SUBSCRIBERS, BATCH_COMMANDS };

/* Return the name of the list in the body ("events"), and of one member in a record ("event"). */
const char *batch_list_name(enum batch_kind kind);
const char *batch_member_name(enum batch_kind kind);

/* One event, subscriber or command. Slices point into the body or into the batch's scratch. */
struct batch_item {
	struct slice raw;    /* as received */
	struct slice type;   /* decoded; the command's name; absent for subscribers */
	struct slice email;  /* decoded */
	struct slice unique; /* decoded details.unique.key; absent when there is none */
	/* The first broken rule, a static text; NULL when there is none. */
	const char *bad_field;
	const char *bad_message;
	/* A $purchase without {"currency":...,"amount":...}: answered with success, then
	 * dropped. */
	bool dropped;
};

struct batch {
	struct batch_item *item;
	size_t n;
	size_t cap;
	bool has_list;          /* the list was present and an array (commands: or an object) */
	struct slice site_uuid; /* absent when the body has none */
	struct buf scratch;
};

void batch_init(struct batch *b);
void batch_free(struct batch *b);

/*
 * Fills b again and reuses its memory. The body must live as long as the items. Returns -1 when it
 * is not JSON (ERR_INPUT, with the position) or has more than `most` items (ERR_LIMIT).
 */
int batch_parse(
    struct batch *b, enum batch_kind kind, struct slice body, size_t most, struct err *e);

#endif
