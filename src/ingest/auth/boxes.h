/*
 * The boxes that may forward to the sites, by their keys. A request has the key as the password of
 * Basic credentials; the key decides the box and the site. Comparison takes constant time.
 *
 * Main thread; nothing changes after boxes_new.
 */
#ifndef INGEST_AUTH_BOXES_H
#define INGEST_AUTH_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define BOXES_NAME_SIZE 65 /* bytes of a box's name, NUL included */
#define BOXES_KEY_MAX 200  /* bytes of a key */

struct boxes;
struct ingest_site_options;

/* Copies names and keys. ERR_INPUT for an entry that is not NAME KEY. */
int boxes_new(const struct ingest_site_options *sites, size_t n_sites, struct boxes **ret_boxes,
    struct err *e);
void boxes_free(struct boxes *b);
/* Finds the box of an Authorization header. Returns false when no box has the key. */
bool boxes_find(const struct boxes *b, struct slice authorization, int64_t *ret_site_id,
    char ret_name[BOXES_NAME_SIZE]);

#endif
