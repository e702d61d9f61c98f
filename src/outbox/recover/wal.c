/*
 * Reads each frame once and checks it (sqlite.org/fileformat2.html, 4.1 and 4.2). The log's header
 * has two salts, which each frame repeats; a frame with other salts is left from an earlier log and
 * ends this one. A frame is right when its checksum follows from the one before. After a wrong
 * frame the chain goes on with the checksum that this frame has stored. Fails on system errors
 * other than those of reading, which make a frame wrong.
 */
#include "outbox/recover/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outbox/file/big_endian.h"

#define WAL_HEADER 32
#define FRAME_HEADER 24
#define MAGIC 0x377f0682u /* the lowest bit says that checksums are big-endian */
#define PAGE_MAX 65536u
#define PAGE_DEFAULT 8192u /* what the outbox makes: for a log whose header is damaged */

struct chain {
	uint32_t a, b;
	bool known; /* the checksum of the frame before can be trusted */
	bool big;
};

static uint32_t
word_at(const unsigned char *p, bool big)
{
	return big ? big_endian_32(p)
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void
sum(struct chain *c, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		c->a += word_at(p + i, c->big) + c->b;
		c->b += word_at(p + i + 4, c->big) + c->a;
	}
}

static bool
is_page_size(uint32_t size)
{
	return size >= 512 && size <= PAGE_MAX && (size & (size - 1)) == 0;
}

/* Checks the header of the log; without a right one the first frame says what the salts are. */
static void
read_header(struct wal *w, const unsigned char header[WAL_HEADER], unsigned char salts[8],
    bool *ret_right, struct chain *c)
{
	*c = (struct chain){ .big = (big_endian_32(header) & 1) != 0 };
	sum(c, header, 24);
	*ret_right = (big_endian_32(header) | 1) == (MAGIC | 1)
		     && is_page_size(big_endian_32(header + 8))
		     && c->a == big_endian_32(header + 24) && c->b == big_endian_32(header + 28);
	w->page_size = *ret_right ? big_endian_32(header + 8) : PAGE_DEFAULT;
	c->known = *ret_right;
	if (*ret_right)
		memcpy(salts, header + 16, 8);
	else
		c->big = false;
}

/* Returns whether the frame is right, and goes on to the next one. */
static bool
check_frame(struct chain *c, const unsigned char *frame, uint32_t page_size)
{
	uint32_t a = big_endian_32(frame + 16), b = big_endian_32(frame + 20);
	bool right;

	sum(c, frame, 8);
	sum(c, frame + FRAME_HEADER, page_size);
	right = c->known && c->a == a && c->b == b;
	*c = (struct chain){ .a = a, .b = b, .known = true, .big = c->big };
	return right;
}

static int
compare(const void *a, const void *b)
{
	const struct wal_frame *x = a, *y = b;

	if (x->page != y->page)
		return (x->page > y->page) - (x->page < y->page);
	return (x->at > y->at) - (x->at < y->at);
}

static void
sort_frames(struct wal_frames *f)
{
	if (f->n > 0)
		qsort(f->frame, f->n, sizeof(*f->frame), compare);
}

static void
keep_last_of_each_page(struct wal_frames *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (i + 1 == f->n || f->frame[i + 1].page != f->frame[i].page)
			f->frame[n++] = f->frame[i];
	f->n = n;
}

static int
append(struct wal_frames *f, const struct wal_frame *frame, struct err *e)
{
	if (f->n == f->cap) {
		size_t cap = f->cap == 0 ? 256 : f->cap * 2;
		struct wal_frame *frames = realloc(f->frame, cap * sizeof(*frames));

		if (frames == NULL)
			return err_nomem(e);
		f->frame = frames;
		f->cap = cap;
	}
	f->frame[f->n++] = *frame;
	return 0;
}

/* One pass over the log. */
struct reading {
	struct wal *w;
	struct chain chain;
	unsigned char salts[8];
	bool has_salts;
	size_t right, wrong; /* frames up to the last commit */
};

static int
take_frame(struct reading *r, const unsigned char *frame, int64_t at, struct err *e)
{
	uint32_t commit = big_endian_32(frame + 4);
	struct wal_frame f = {
		.page = big_endian_32(frame), .at = at + FRAME_HEADER, .commit = commit != 0
	};
	struct wal *w = r->w;
	bool right;

	if (!r->has_salts)
		memcpy(r->salts, frame + 8, sizeof(r->salts));
	r->has_salts = true;
	f.ours = memcmp(frame + 8, r->salts, sizeof(r->salts)) == 0;
	right = check_frame(&r->chain, frame, w->page_size) && f.ours && f.page != 0;
	if (append(right ? &w->right : &w->wrong, &f, e) != 0)
		return -1;
	if (right && commit != 0) {
		w->n_pages = commit;
		r->right = w->right.n;
		r->wrong = w->wrong.n;
	}
	return 0;
}

/*
 * Drops what follows the last commit: frames of an earlier log, and those of a transaction that did
 * not end, because a killed process leaves frames with wrong checksums. But a wrong commit of this
 * log may have been acknowledged.
 */
static int
end_frames(struct reading *r, struct err *e)
{
	struct wal *w = r->w;
	size_t n = r->wrong;
	bool committed = false;

	for (size_t i = r->wrong; i < w->wrong.n; i++)
		if (w->wrong.frame[i].ours) {
			committed = committed || w->wrong.frame[i].commit;
			w->wrong.frame[n++] = w->wrong.frame[i];
		}
	if (!committed)
		n = r->wrong;
	w->wrong.n = n;
	for (size_t i = r->right; n > r->wrong && i < w->right.n; i++)
		if (append(&w->wrong, &w->right.frame[i], e) != 0)
			return -1;
	w->right.n = r->right;
	sort_frames(&w->right);
	keep_last_of_each_page(&w->right);
	sort_frames(&w->wrong);
	return 0;
}

static int
read_frames(struct wal *w, unsigned char *frame, struct err *e)
{
	struct reading r = { .w = w };
	ssize_t n = pread(w->fd, frame, WAL_HEADER, 0), size;
	int64_t end = lseek(w->fd, 0, SEEK_END);

	if (n < 0) {
		w->unread++;
		memset(frame, 0, WAL_HEADER); /* as one that is damaged */
	} else if (n < WAL_HEADER) {
		return 0;
	}
	read_header(w, frame, r.salts, &r.has_salts, &r.chain);
	size = (ssize_t)(FRAME_HEADER + w->page_size);
	for (int64_t at = WAL_HEADER; at + size <= end; at += size) {
		n = pread(w->fd, frame, (size_t)size, at);
		if (n < 0) {
			w->unread++;
			w->unread_at = at;
			r.chain.known = false;
		} else if (n < size) {
			break;
		} else if (take_frame(&r, frame, at, e) != 0) {
			return -1;
		}
	}
	return end_frames(&r, e);
}

int
wal_open(struct wal *w, const char *database, struct err *e)
{
	unsigned char *frame = malloc(FRAME_HEADER + PAGE_MAX);
	char path[PATH_MAX];
	int rc = 0;

	*w = (struct wal){ .fd = -1 };
	if (frame == NULL)
		return err_nomem(e);
	snprintf(path, sizeof(path), "%s-wal", database);
	w->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (w->fd >= 0)
		rc = read_frames(w, frame, e);
	else if (errno != ENOENT)
		rc = err_sys(e, "cannot read %s", path);
	free(frame);
	if (rc != 0)
		wal_close(w);
	return rc;
}

void
wal_close(struct wal *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->right.frame);
	free(w->wrong.frame);
	*w = (struct wal){ .fd = -1 };
}

/* Returns the last frame of the page. */
static const struct wal_frame *
find(const struct wal_frames *f, uint32_t page)
{
	size_t from = 0, to = f->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (f->frame[middle].page <= page)
			from = middle + 1;
		else
			to = middle;
	}
	return from > 0 && f->frame[from - 1].page == page ? &f->frame[from - 1] : NULL;
}

const struct wal_frame *
wal_find(const struct wal *w, uint32_t page)
{
	return find(&w->right, page);
}

bool
wal_is_stale(const struct wal *w, uint32_t page)
{
	const struct wal_frame *right = find(&w->right, page), *wrong = find(&w->wrong, page);

	/* The frame that the disk did not give may be of this page. */
	if (w->unread_at > 0 && (right == NULL || w->unread_at > right->at))
		return true;
	return wrong != NULL && (right == NULL || wrong->at > right->at);
}
