/*
 * One event, subscriber or command of a batch: Bento's rules for its members. Pure.
 */
#ifndef TOOLS_SIM_ITEM_H
#define TOOLS_SIM_ITEM_H

#include "event/json/json.h"
#include "sim/batch.h"

/* Each consumes the next value of j, of any type, and fills item. JSON errors stay in j. */
void item_parse_event(struct batch_item *item, struct json *j, struct buf *scratch);
void item_parse_subscriber(struct batch_item *item, struct json *j, struct buf *scratch);
void item_parse_command(struct batch_item *item, struct json *j, struct buf *scratch);

#endif
