/* Finding an address in a text, and replacing it. Pure; any thread. */
#ifndef OUTBOX_OPERATE_ERASE_TEXT_H
#define OUTBOX_OPERATE_ERASE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* An address in its two halves, borrowed; upper and lower case are alike. */
struct erase_needle {
	struct slice local;
	struct slice domain;
	bool loose; /* also find it as the end of a longer local part: for the person's own texts */
};

/* False when email has no @ with text on both sides. */
bool erase_needle_of(struct slice email, struct erase_needle *ret);
bool erase_text_has(struct slice text, const struct erase_needle *needle);
/* Appends the text with ERASE_WORD in place of each address; appends nothing and returns false when
 * there is none. A full `to` latches. */
bool erase_text_replace(struct slice text, const struct erase_needle *needle, struct buf *to);

#endif
