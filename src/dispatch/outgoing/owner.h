/* Who gets the result of a request: the first member of what its `owner` points to. */
#ifndef DISPATCH_OUTGOING_OWNER_H
#define DISPATCH_OUTGOING_OWNER_H

#include "dispatch/transport/transport.h"

struct request_owner {
	void (*take_result)(struct request_owner *owner, const struct transport_result *result);
};

#endif
