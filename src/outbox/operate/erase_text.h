/* Finding an address in a text, and taking it out. Pure. Private to outbox/. */
#ifndef OUTBOX_OPERATE_ERASE_TEXT_H
#define OUTBOX_OPERATE_ERASE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* An address in its two halves; both lower case or not does not matter. */
struct erase_needle {
	struct slice local;
	struct slice domain;
	bool loose; /* also as the end of a longer local part: of the person's own texts */
};

/* False when it has no @ with something on both sides. */
bool erase_needle_of(struct slice email, struct erase_needle *ret);
bool erase_text_has(struct slice text, const struct erase_needle *needle);
/* The text with ERASE_WORD for each; whether there was one. */
bool erase_text_replace(struct slice text, const struct erase_needle *needle, struct buf *to);

#endif
