/* Whether the disk has room for what is to be stored. Writer thread; private to outbox/. */
#ifndef OUTBOX_ROOM_H
#define OUTBOX_ROOM_H

#include <stdbool.h>

struct outbox;

/* Beside min_free and what the log needs when it is copied. In no transaction. */
bool room_is_left(struct outbox *o);

#endif
