/* /api/operations and /api/operation: what operators did, as JSON. Admin's thread. */
#ifndef ADMIN_READ_OPERATIONS_H
#define ADMIN_READ_OPERATIONS_H

struct admin_request;
struct admin_reply;

#define OPERATIONS_PAGE 20        /* operations in one answer */
#define OPERATIONS_COUNTED 100000 /* with more events, former statuses are not counted */

/* A page of operations, newest first; `before` asks for those with a smaller id. */
void operations_get(const struct admin_request *r, struct admin_reply *reply);
/* One operation, with the former statuses of its events. */
void operations_get_one(const struct admin_request *r, struct admin_reply *reply);

#endif
