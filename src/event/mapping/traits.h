/*
 * Turns the traits of an identify into Bento's flat fields. Names of nested objects are joined with
 * `_`; firstName and lastName become first_name and last_name; an array becomes one text with ", "
 * between its members, or is left out; every other value keeps its bytes. Names are decoded before
 * they are compared and written. Pure; any thread.
 *
 * When a key occurs twice, its last value counts; when two paths give the same name, the first path
 * counts. Traits never set the subscriber's `email`, nor words that Bento acts on
 * (event/bento/acts.h) unless the options allow it; a list of tags becomes "a,b". Bounds:
 * TRAITS_MAX fields, names of TRAITS_NAME_MAX bytes, TRAITS_DEPTH levels; what lies beyond is left
 * out.
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
#define TRAIT_NAME_SIZE 128 /* bytes of one text, NUL included */

/* Other names for fields, as the configuration writes them. The struct can be copied. */
struct trait_names {
	unsigned n;
	struct {
		/* "address_city=city"; "internal=" leaves the field out */
		char text[TRAIT_NAME_SIZE];
		unsigned from_n; /* bytes before the = */
	} name[TRAIT_NAMES_MAX];
};

struct traits_options {
	bool omit_arrays;
	bool allow_acts;                 /* words that Bento acts on may be fields */
	const struct trait_names *names; /* other names for fields; NULL: none */
};

/* Adds a name. ERR_INPUT says what the text must be. */
int trait_names_add(struct trait_names *names, const char *text, struct err *e);

/*
 * Appends "name":value pairs with commas between them. traits is a raw, valid object. Unless first
 * is set, a comma also precedes the first pair. Returns the number of pairs. `to` is marked as
 * failed when it is full or memory runs out.
 */
unsigned traits_append(
    struct slice traits, const struct traits_options *options, bool first, struct buf *to);
/* Appends the texts and numbers of an array, or of the values of an object, as one text with
 * `between` between them. Nested values are left out. */
void traits_append_joined(struct slice list, const char *between, struct buf *to);

#endif
