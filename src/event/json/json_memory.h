/*
 * Whether cJSON lacked memory. Its functions return NULL for a lack of memory as for a text that is
 * not JSON, and an object keeps the members that it got: without this a half answer would look
 * complete.
 */
#ifndef EVENT_JSON_JSON_MEMORY_H
#define EVENT_JSON_JSON_MEMORY_H

#include <stdbool.h>

/* Lets cJSON allocate here. Call it before other threads start. */
void json_memory_watch(void);
/* Returns whether an allocation of cJSON has failed on this thread since the last call. */
bool json_memory_lacked(void);

#endif
