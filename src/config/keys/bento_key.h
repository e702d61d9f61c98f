/* Whether a text can be one of the three credentials of Bento. Pure; any thread. */
#ifndef CONFIG_BENTO_KEY_H
#define CONFIG_BENTO_KEY_H

#include "base/err.h"

/* where people find the three */
#define BENTO_KEY_PLACE "Bento: Settings, API Keys"

/*
 * Each fails with ERR_INPUT, without showing the text, when it holds a blank, a quote or a
 * character beyond ASCII, when it is a placeholder, or when it is another of the three. Bento's
 * publishable keys may begin with pk_ and its secret keys with sk_ (bentonow.com/docs/quickstart).
 * An empty text passes: it means that the credential is not set.
 */
int bento_key_check_uuid(const char *text, struct err *e);
int bento_key_check_publishable(const char *text, struct err *e);
int bento_key_check_secret(const char *text, struct err *e);

#endif
