/* /api/events: searches for events, as JSON. Admin's thread. */
#ifndef ADMIN_READ_EVENTS_H
#define ADMIN_READ_EVENTS_H

struct admin_request;
struct admin_reply;

#define EVENTS_LIMIT 50 /* events of a page, unless `limit` says otherwise */
#define EVENTS_LIMIT_MAX 100
#define EVENTS_COUNT 10000 /* events are counted up to this number */

/*
 * Answers a page of the matching events, newest first, with a cursor. A search that takes long ends
 * early, with what it has found and a cursor to continue with.
 */
void events_get(const struct admin_request *r, struct admin_reply *reply);

#endif
