/* Lays JSON out for people, or on one line, and copies every value byte for byte. Pure. */
#ifndef TERM_PRETTY_H
#define TERM_PRETTY_H

#include "base/buf.h"
#include "base/slice.h"

/* Appends valid JSON with one member per line, two spaces deeper for each level. */
void pretty_append(struct buf *to, struct slice json, int indent);
/* Appends valid JSON on one line, without white space between values. */
void pretty_append_line(struct buf *to, struct slice json);

#endif
