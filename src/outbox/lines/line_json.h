/*
 * Reads the values of a line of JSON, for events and identities. Texts are slices of the line or of
 * a scratch buffer, which is made large enough first so that no text moves. Pure; any thread.
 */
#ifndef OUTBOX_LINES_LINE_JSON_H
#define OUTBOX_LINES_LINE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "event/json/json.h"

/* Empties scratch, makes room for all texts of the line, and starts to read. */
int line_json_begin(struct json *j, struct slice line, struct buf *scratch, struct err *e);
/* Returns 0, or -1 when the value is not a string. */
int line_json_text(const struct json_value *value, struct buf *scratch, struct slice *ret_text);
/* Returns 0, or -1 when the value is not a whole number from 0 to 999,999,999,999,999. */
int line_json_number(const struct json_value *value, int64_t *ret_number);

#endif
