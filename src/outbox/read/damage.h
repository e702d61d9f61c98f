/*
 * Whether the disk has changed a row that the dispatcher is about to use: such a row no longer
 * matches its checksum. Pure.
 */
#ifndef OUTBOX_READ_DAMAGE_H
#define OUTBOX_READ_DAMAGE_H

#include <stdint.h>

#include "outbox/file/statements.gen.h"

/* Each returns a static text that says what is wrong with the row, or NULL when nothing is. */

/* The times of the event are final: others are not due. */
const char *damage_of_event(const struct stmt_event_add *row);
/* row: NULL when the file has none with this id. */
const char *damage_of_envelope(int64_t envelope_id, const struct stmt_due_envelope_row *row);

#endif
