/*
 * The settings of one site: the options as given, and values derived from them once. The settings
 * do not change; a reload replaces the whole struct. It owns the derived values and holds a
 * reference to the options' owner.
 */
#ifndef DISPATCH_SITE_SETTINGS_H
#define DISPATCH_SITE_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "dispatch/site_options.h"
#include "event/bento/bento.h"

struct site_settings {
	struct dispatch_site_options options;
	char *urls[BENTO_ENDPOINTS];
	struct buf mapping_text; /* the text of mapping_describe, stored with each attempt */
};

/* After a failure there is nothing to free. Any thread. */
int site_settings_init(
    struct site_settings *s, const struct dispatch_site_options *options, struct err *e);
void site_settings_free(struct site_settings *s);

#endif
