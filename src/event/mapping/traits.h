/*
 * Traits of an identify as Bento's fields, which are flat: nested objects become names joined by
 * `_`, firstName and lastName become first_name and last_name, arrays one text with ", " between
 * (or are left out), every other value keeps its bytes. Names are compared and written as what they
 * mean, however they were escaped. Pure; any thread.
 *
 * Of a key given twice the last one counts; of two paths that end with one name the first. The
 * subscriber's `email` never comes from here, nor do words that Bento acts on (event/bento/acts.h)
 * unless the options allow them; a list of tags becomes "a,b". Bounds: TRAITS_MAX fields, names of
 * TRAITS_NAME_MAX bytes, TRAITS_DEPTH levels; what lies beyond is left out.
 */
#ifndef EVENT_MAPPING_TRAITS_H
#define EVENT_MAPPING_TRAITS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define TRAITS_MAX 256
#define TRAITS_NAME_MAX 200
#define TRAITS_DEPTH 8

#define TRAIT_NAMES_MAX 32
#define TRAIT_NAME_SIZE 128 /* of one text, with its end */

/* Other names for fields, as the configuration writes them. Copied as a whole. */
struct trait_names {
	unsigned n;
	struct {
		char text[TRAIT_NAME_SIZE]; /* "address_city=city"; "internal=": it is left out */
		unsigned from_n;            /* bytes before the = */
	} name[TRAIT_NAMES_MAX];
};

struct traits_options {
	bool omit_arrays;
	bool allow_acts;                 /* words that Bento acts on */
	const struct trait_names *names; /* of the flat names; NULL: none changes */
};

/* ERR_INPUT says what it must be. */
int trait_names_add(struct trait_names *names, const char *text, struct err *e);

/*
 * Appends "name":value pairs with commas between. traits: a raw, valid object. first: no pair
 * stands before, so none begins with a comma. Returns how many were appended; running out of memory
 * shows in `to`, as when it is full.
 */
unsigned traits_append(
    struct slice traits, const struct traits_options *options, bool first, struct buf *to);
/* An array as one text: texts and numbers with `between` between them; what is deeper is left out.
 */
void traits_append_joined(struct slice array, const char *between, struct buf *to);

#endif
