/*
 * The table of boxes, which a reload replaces as a whole: a box that is no longer listed may not
 * forward from the next request on. Building it fails on entries that are not NAME KEY, and without
 * memory.
 */
#include "ingest/auth/boxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret/constant_time.h"
#include "ingest/auth/auth.h"
#include "ingest/ingest.h"

#define WORDS ((BOXES_KEY_MAX + 8) / 8)
#define BASIC_MAX 512 /* bytes of decoded credentials */

/* Length and bytes of a key, padded with zeros. */
struct key {
	uint64_t words[WORDS + 1];
};

struct box {
	struct key key;
	int64_t site_id;
	char name[BOXES_NAME_SIZE];
};

struct boxes {
	size_t n;
	struct box *box;
};

static struct key
key_of(struct slice text)
{
	struct key k = { { text.n } };

	memcpy(&k.words[1], text.p, text.n < BOXES_KEY_MAX ? text.n : BOXES_KEY_MAX);
	return k;
}

static int
add_box(struct boxes *b, const struct ingest_site_options *site, const char *text, struct err *e)
{
	size_t n = strcspn(text, " \t");
	struct slice key = slice_from(text + n + strspn(text + n, " \t"));
	struct box *box = &b->box[b->n];

	if (n == 0 || n >= BOXES_NAME_SIZE || key.n == 0 || key.n > BOXES_KEY_MAX)
		return err_set(e, ERR_INPUT, "site \"%s\": a box is not NAME KEY", site->name);
	box->key = key_of(key);
	box->site_id = site->site_id;
	memcpy(box->name, text, n);
	box->name[n] = '\0';
	b->n++;
	return 0;
}

int
boxes_new(const struct ingest_site_options *sites, size_t n_sites, struct boxes **ret_boxes,
    struct err *e)
{
	struct boxes *b = calloc(1, sizeof(*b));
	size_t room = 0;

	for (size_t i = 0; i < n_sites; i++)
		room += sites[i].n_boxes;
	if (b != NULL)
		b->box = calloc(room + 1, sizeof(*b->box));
	if (b == NULL || b->box == NULL) {
		boxes_free(b);
		return err_nomem(e);
	}
	for (size_t i = 0; i < n_sites; i++)
		for (size_t k = 0; k < sites[i].n_boxes; k++)
			if (add_box(b, &sites[i], sites[i].boxes[k], e) != 0) {
				boxes_free(b);
				return -1;
			}
	*ret_boxes = b;
	return 0;
}

void
boxes_free(struct boxes *b)
{
	if (b == NULL)
		return;
	if (b->box != NULL)
		explicit_bzero(b->box, b->n * sizeof(*b->box));
	free(b->box);
	free(b);
}

/* Returns the index of the box with that key, or b->n. */
static size_t
find(const struct boxes *b, struct slice text)
{
	struct key key = key_of(text);
	/* Compares the length and as many bytes as were sent: the time reveals only the length that
	 * was sent. */
	size_t size = sizeof(key.words[0]) + (text.n < BOXES_KEY_MAX ? text.n : BOXES_KEY_MAX);
	uint64_t found = b->n;

	for (size_t i = 0; i < b->n; i++) {
		uint64_t mask = constant_time_equal(&key, &b->box[i].key, size);

		found = (found & ~mask) | (mask & (uint64_t)i);
	}
	explicit_bzero(&key, sizeof(key));
	return (size_t)found;
}

bool
boxes_find(const struct boxes *b, struct slice authorization, int64_t *ret_site_id,
    char ret_name[BOXES_NAME_SIZE])
{
	char text[BASIC_MAX];
	struct slice pair;
	const char *colon;
	size_t i = b->n;

	if (auth_basic_text(authorization, text, sizeof(text), &pair) == AUTH_KNOWN
	    && (colon = memchr(pair.p, ':', pair.n)) != NULL)
		i = find(b, (struct slice){ colon + 1, pair.n - (size_t)(colon + 1 - pair.p) });
	explicit_bzero(text, sizeof(text));
	if (i == b->n)
		return false;
	*ret_site_id = b->box[i].site_id;
	snprintf(ret_name, BOXES_NAME_SIZE, "%s", b->box[i].name);
	return true;
}
