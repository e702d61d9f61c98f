/*
 * New credentials on their way from the main thread to the dispatcher's. Private to dispatch/.
 */
#ifndef DISPATCH_CREDENTIALS_H
#define DISPATCH_CREDENTIALS_H

#include <stdint.h>

#include "base/err.h"
#include "base/mailbox.h"
#include "dispatch/dispatcher.h"

struct credentials {
	struct mail mail; /* first */
	int64_t site_id;
	char *site_uuid;
	char *publishable_key;
	char *secret_key;
};

/* Copies; free with credentials_free, which wipes the secrets. NULL: no memory. */
struct credentials *credentials_new(const struct dispatch_credentials *from);
void credentials_free(struct credentials *c);
/* Wipes and frees; NULL is fine. */
void credentials_wipe(char *text);

#endif
