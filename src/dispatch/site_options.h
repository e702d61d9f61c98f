/* The options of one site, as the daemon gives them. */
#ifndef DISPATCH_SITE_OPTIONS_H
#define DISPATCH_SITE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"
#include "dispatch/link/link.h"
#include "event/bento/verdict.h"
#include "event/mapping/mapping.h"

struct tls_context;

/* bentospool.conf(5), "Sections site", explains each. */
struct dispatch_site_options {
	struct shared *owner; /* owns what the pointers point to; the site holds a reference while
				 it uses them; or NULL */
	int64_t site_id;
	const char *name;
	const char *api_url;
	const char *site_uuid;
	const char *publishable_key;
	const char *secret_key;
	const char *ca_file;            /* NULL or "": the system's certificates */
	struct tls_context *client_tls; /* shown to the host; held; NULL: none */
	unsigned batch_events;
	size_t batch_bytes;
	unsigned concurrency;
	struct link_limits link; /* when requests may be sent */
	int64_t timeout_ms;
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	struct mapping_options mapping;
	struct verdict_policy policy;
	unsigned max_attempts; /* charged failures after which an event fails; 0: no limit */
	/* The most time since the receipt of an event; 0: no limit. */
	int64_t max_age_ms;
	/* To a central spooler: the most time without a request; 0: no limit. */
	int64_t heartbeat_ms;
	/* Names of events that are forwarded before others: patterns, in which * matches any text.
	 */
	const char *const *first;
	size_t n_first;
	/* the state that the previous process left */
	bool paused;       /* by an operator: see dispatcher_site_control */
	size_t byte_limit; /* the largest body that Bento accepts; 0: batch_bytes */
	unsigned refused;  /* single events refused in a row */
};

#endif
