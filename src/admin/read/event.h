/* /api/event and below: one event, its history, the body received and the object sent. Admin's
 * thread. */
#ifndef ADMIN_READ_EVENT_H
#define ADMIN_READ_EVENT_H

struct admin_request;
struct admin_reply;

/* The event as JSON, with its timeline, without bodies. */
void event_get(const struct admin_request *r, struct admin_reply *reply);
/* The body as it was received, as text. */
void event_get_body(const struct admin_request *r, struct admin_reply *reply);
/* The object that was or would be sent, as text. */
void event_get_sent(const struct admin_request *r, struct admin_reply *reply);

#endif
