/* /api/overview: what the first screen of the dashboard shows, as JSON. Admin's thread. */
#ifndef ADMIN_OVERVIEW_H
#define ADMIN_OVERVIEW_H

struct admin;
struct admin_request;
struct admin_reply;

/* Ids and numbers of events are strings, because they may pass 2^53; times are wall ms, 0: none.
 * `sites` is null while the database cannot be read. Costs the same at any number of events. */
void overview_get(const struct admin_request *r, struct admin_reply *reply);
/* Begins to count minutes. */
void overview_begin(struct admin *a);
/* Takes a sample of the totals, so that each minute gets its own events. */
void overview_sample(struct admin *a);

#endif
