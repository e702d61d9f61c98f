/*
 * New settings of a site on their way from the main thread to the dispatcher's. Private to
 * dispatch/.
 *
 * Requests on their way borrow the old ones, and an attempt's record is made of them: so the new
 * ones wait until the site is quiet, and nothing begins meanwhile. What was learnt about Bento (the
 * breaker, the pace, the size of a body) stays.
 */
#ifndef DISPATCH_RENEWAL_H
#define DISPATCH_RENEWAL_H

#include <stdint.h>

#include "base/mailbox.h"
#include "dispatch/dispatcher.h"

struct renewal {
	struct mail mail; /* first */
	struct dispatch_site_options options;
};

/* Holds the options' owner. NULL: no memory. */
struct renewal *renewal_new(const struct dispatch_site_options *options);
/* NULL is fine. */
void renewal_free(struct renewal *r);

#endif
