/*
 * Events and subscribers in Bento's own shape (BENTO.md): taken from a request to a path of
 * Bento's, checked, and passed on byte for byte. Pure; any thread.
 *
 * Kept as invalid, with a reason, is what Bento would refuse or drop in silence. Added when they
 * are sent, and only where the event has none: details.unique.key and date, when the options say
 * so.
 */
#ifndef EVENT_NATIVE_H
#define EVENT_NATIVE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "event/mapping.h"
#include "event/segment.h"

/*
 * Fills the out part of the request, site_uuid too; r->path_kind says what the body holds:
 * {"events":[...]} (KIND_BENTO) or {"subscribers":[...]} (KIND_SUBSCRIBER). Errors as
 * segment_parse.
 */
int native_parse(struct segment_request *r, struct err *e);

/* mapping_append and mapping_has_key for these two kinds. */
int native_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason);
bool native_has_key(const struct mapping_options *o, const struct mapping_input *in);

#endif
