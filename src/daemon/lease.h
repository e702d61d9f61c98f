/*
 * Which host serves the database: a file beside it, <database>.lease, that the daemon renews. The
 * lock of the database does not cross hosts on every file system, so a host that could reach the
 * same files must not start while the file shows that another one lives.
 *
 * A lease is a belt, not a fence: a host that is stopped and goes on later finds out at its next
 * renewal that it has lost the database. doc/availability.md says what must be fenced.
 */
#ifndef DAEMON_LEASE_H
#define DAEMON_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define LEASE_HOST_SIZE 65

struct lease;

/*
 * Takes the lease, and renews it on a thread of its own until lease_release. When another host has
 * it, watches for up to lease_ms (at least 1000) whether that host still renews it. ERR_BUSY, with
 * the host's name, when it does. When the lease is lost later, the process ends at once: it must
 * write nothing more.
 */
int lease_take(const char *database, int64_t lease_ms, struct lease **ret_lease, struct err *e);
/* Gives the lease up, so that another host may start at once. NULL is allowed. */
void lease_release(struct lease *l);
/*
 * ERR_BUSY while another host renews the lease; watches it for up to lease_ms. Takes nothing.
 */
int lease_check(const char *database, int64_t lease_ms, struct err *e);
/* Gives the name of the host that has or had the lease; "" when it was given up, or there is none.
 * Returns whether it is this host. */
bool lease_holder(const char *database, char ret_host[LEASE_HOST_SIZE]);

#endif
