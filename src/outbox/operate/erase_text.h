/* Finds an address in a text and replaces it. Pure; any thread. */
#ifndef OUTBOX_OPERATE_ERASE_TEXT_H
#define OUTBOX_OPERATE_ERASE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The two halves of an address, borrowed. Case is ignored. */
struct erase_needle {
	struct slice local;
	struct slice domain;
	bool loose; /* match also where the local part is longer; for the person's own texts */
};

/* Returns false when email has no @ with text on both sides. */
bool erase_needle_of(struct slice email, struct erase_needle *ret);
bool erase_text_has(struct slice text, const struct erase_needle *needle);
/*
 * Appends the text with ERASE_WORD in place of each address. Returns false, and appends nothing,
 * when there is none. When `to` is full it records the failure.
 */
bool erase_text_replace(struct slice text, const struct erase_needle *needle, struct buf *to);

#endif
