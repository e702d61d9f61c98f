/*
 * Makes names from patterns such as "Viewed {name} Page". A page or screen call without a name gets
 * the name that Segment's facade gives it. A group call without a name cannot be sent under a
 * pattern that uses {name}.
 */
#include "event/mapping/name.h"

#include <string.h>

#include "event/segment/fields.h"

#define HOLE "{name}"

const char *
name_pattern(const struct mapping_options *o, enum event_kind kind)
{
	if (kind == KIND_PAGE)
		return o->page;
	if (kind == KIND_SCREEN)
		return o->screen;
	return kind == KIND_GROUP ? o->group : NULL;
}

const char *
name_fault(const struct mapping_options *o, const struct mapping_input *in)
{
	const char *pattern = name_pattern(o, in->kind);

	if (in->kind == KIND_IDENTIFY || in->kind == KIND_ALIAS || in->kind == KIND_PAGE
	    || in->kind == KIND_SCREEN || !event_is_blank(in->name))
		return NULL;
	if (pattern == NULL)
		return "event_not_defined";
	return strstr(pattern, HOLE) == NULL ? NULL : "group_name_missing";
}

void
name_compose(const struct mapping_options *o, const struct mapping_input *in, struct buf *to)
{
	const char *pattern = name_pattern(o, in->kind), *hole = strstr(pattern, HOLE);

	if (hole != NULL && event_is_blank(in->name)) {
		buf_append_slice(
		    to, in->kind == KIND_PAGE ? SLICE("Loaded a Page") : SLICE("Loaded a Screen"));
		return;
	}
	buf_append(to, pattern, hole == NULL ? strlen(pattern) : (size_t)(hole - pattern));
	if (hole == NULL)
		return;
	buf_append_slice(to, in->name);
	buf_append_slice(to, slice_from(hole + strlen(HOLE)));
}
