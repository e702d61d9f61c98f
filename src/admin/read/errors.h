/* /api/errors: failures grouped by Bento's error, as JSON. Admin's thread. */
#ifndef ADMIN_READ_ERRORS_H
#define ADMIN_READ_ERRORS_H

struct admin_request;
struct admin_reply;

#define ERRORS_GROUPS 200 /* groups in one answer; those with fewer events are left out */

/* Answers the groups, each with its remedy. A count that takes long ends early, after the newest
 * failures. */
void errors_get(const struct admin_request *r, struct admin_reply *reply);

#endif
