/*
 * Traits of an identify as Bento's fields, which are flat: nested objects become names joined by
 * `_`, firstName and lastName become first_name and last_name, arrays one text with ", " between
 * (or are left out), everything else keeps its bytes. Pure; any thread.
 *
 * Of two that end with one name the first counts; `email` is left out, for it is the address.
 * Bounds: TRAITS_MAX fields, names of TRAITS_NAME_MAX bytes, TRAITS_DEPTH levels; what lies beyond
 * is left out.
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

/* ERR_INPUT says what it must be. */
int trait_names_add(struct trait_names *names, const char *text, struct err *e);

/*
 * Appends "name":value pairs with commas between. traits: a raw, valid object. first: no pair
 * stands before, so none begins with a comma. names: of the flat names, NULL: none changes. Returns
 * how many were appended; a full `to` shows in it.
 */
unsigned traits_append(struct slice traits, bool join_arrays, const struct trait_names *names,
    bool first, struct buf *to);

#endif
