/* JSON text laid out for people, or on one line, without touching a single value. Pure. */
#ifndef TERM_PRETTY_H
#define TERM_PRETTY_H

#include "base/buf.h"
#include "base/slice.h"

/* Valid JSON in; members on lines of their own, two spaces deeper for each level. */
void pretty_append(struct buf *to, struct slice json, int indent);
/* The same without any white space between values. */
void pretty_append_line(struct buf *to, struct slice json);

#endif
