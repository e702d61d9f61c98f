/* /healthz and /readyz. Admin's thread. */
#ifndef ADMIN_HEALTH_H
#define ADMIN_HEALTH_H

struct admin_request;
struct admin_reply;

/* 200 while the daemon lives; 503 when only a restart can help: the storage has failed. */
void health_get_live(const struct admin_request *r, struct admin_reply *reply);
/* 200 while events are accepted; 503 while the storage refuses them, and while the daemon stops. */
void health_get_ready(const struct admin_request *r, struct admin_reply *reply);

#endif
