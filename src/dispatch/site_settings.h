/*
 * The settings of one site: the options as they came, and what is derived from them once. They do
 * not change; a reload swaps the whole struct. Owns what it derives, and holds the options' owner.
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
	struct buf mapping_text; /* mapping_describe, for the record of each attempt */
};

/* On failure there is nothing to free. Any thread. */
int site_settings_init(
    struct site_settings *s, const struct dispatch_site_options *options, struct err *e);
void site_settings_free(struct site_settings *s);

#endif
