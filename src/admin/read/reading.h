/* What the routes that read the database share. Admin's thread. */
#ifndef ADMIN_READ_READING_H
#define ADMIN_READ_READING_H

#include <stdint.h>

#include "admin/read/params.h"
#include "admin/state.h"
#include "outbox/read/audit_search.h"

/*
 * The bounds of a search, because health checks and metrics wait for it on the same thread: a
 * number of SQLite's steps, which does not depend on the machine, and a time, for a slow disk.
 */
#define READING_STEPS INT64_C(500000)
#define READING_MS 200

struct reading {
	struct admin *admin;
	struct outbox_audit *audit;
	int64_t deadline; /* mono ms */
	struct audit_budget budget;
};

/* Opens the database when necessary. Returns -1 after refusing the request. */
int reading_begin(struct reading *g, const struct admin_request *r, struct admin_reply *reply);
/* Refuses the request after an error of the database. */
void reading_failed(struct reading *g, struct admin_reply *reply, const struct err *e);
/* Like params_parse; returns -1 after refusing the request. */
int reading_params(const struct admin_request *r, struct admin_reply *reply,
    const char *const *known, struct params *ret_params);
/* Refuses the request for a parameter. */
void reading_refuse(struct admin_reply *reply, const struct err *e);
/* Reads the parameter `id`, which must be the only one. Returns -1 after refusing the request. */
int reading_id(const struct admin_request *r, struct admin_reply *reply, int64_t *ret_id);
void reading_not_found(struct admin_reply *reply, const char *what, int64_t id);

#endif
