/* /api/storage, and its short form in the overview. Admin's thread. */
#ifndef ADMIN_READ_STORAGE_H
#define ADMIN_READ_STORAGE_H

struct cJSON;
struct admin;
struct admin_request;
struct admin_reply;

/* Takes a sample of the free bytes, for the forecast. */
void storage_sample(struct admin *a);
/* Adds `storage` and `disk`. */
void storage_add(struct cJSON *to, const struct admin *a);
/* The sizes, the retention, and the host that serves. */
void storage_get(const struct admin_request *r, struct admin_reply *reply);

#endif
