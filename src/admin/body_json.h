/* JSON in the bodies of requests and replies. Admin's thread. */
#ifndef ADMIN_BODY_JSON_H
#define ADMIN_BODY_JSON_H

struct cJSON;
struct admin_request;
struct admin_reply;

#define BODY_JSON_DEPTH 8 /* containers that may be open at once */

/* Reads the body of a request: one object. The caller frees it. NULL: it was refused, in words. */
struct cJSON *body_json_read(const struct admin_request *r, struct admin_reply *reply);
/* Makes the object the body of the reply, and frees it. Without memory the reply has failed. */
void body_json_print(struct admin_reply *reply, struct cJSON *o);

#endif
