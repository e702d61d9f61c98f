/* Whether the disk has room for what is to be stored. Writer thread; private to outbox/. */
#ifndef OUTBOX_FREE_SPACE_H
#define OUTBOX_FREE_SPACE_H

#include <stdbool.h>

struct outbox;

/* Beside min_free and what the log needs when it is copied. In no transaction. */
bool free_space_is_left(struct outbox *o);

#endif
