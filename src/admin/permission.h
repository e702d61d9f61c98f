/* Whether a request may be answered: who asks, and from which page. Admin's thread. */
#ifndef ADMIN_PERMISSION_H
#define ADMIN_PERMISSION_H

struct admin_request;
struct answer;
struct conn;
struct http_head;

/*
 * Finds out who asks, and notes it in the request, whose route is set. Returns the answer that
 * refuses the request, with static texts; NULL: the route may answer.
 */
const struct answer *permission_check(
    struct admin_request *r, const struct conn *c, const struct http_head *h);

#endif
