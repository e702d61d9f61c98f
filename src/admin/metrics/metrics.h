/* /metrics. Admin's thread. */
#ifndef ADMIN_METRICS_METRICS_H
#define ADMIN_METRICS_METRICS_H

struct admin_request;
struct admin_reply;

/*
 * All metrics. Gauges of the sites are read from the database in one short transaction, whose cost
 * grows with the number of sites and not of events. When it cannot be read, they are left out and
 * bentospool_database_readable is 0.
 */
void metrics_get(const struct admin_request *r, struct admin_reply *reply);

#endif
