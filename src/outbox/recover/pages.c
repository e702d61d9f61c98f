/*
 * Opens the file and its log, and reads pages. What the header of the file says about sizes is
 * believed only as far as it makes sense. Fails when a file cannot be opened; a page that cannot be
 * read is reported as missing.
 */
#include "outbox/recover/pages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/file/big_endian.h"
#include "outbox/file/db.h"

#define HEADER_SIZE 100
#define SIZE_DEFAULT 8192u /* the size that the outbox makes its pages */

/* Reads the first page, which may be newer in the log, for the size of a page and of the file. */
static void
read_sizes(struct pages *p, int64_t file_size)
{
	unsigned char h[HEADER_SIZE] = { 0 };
	const struct wal_frame *first = wal_find(&p->wal, 1);
	ssize_t n = first != NULL ? pread(p->wal.fd, h, sizeof(h), first->at)
				  : pread(p->fd, h, sizeof(h), 0);
	uint32_t size = big_endian_16(h + 16), stated = 0;

	if (n == (ssize_t)sizeof(h) && memcmp(h, "SQLite format 3", 16) == 0) {
		size = size == 1 ? PAGES_SIZE_MAX : size;
		if (size >= 512 && (size & (size - 1)) == 0) {
			p->size = size;
			stated = big_endian_32(h + 28);
		}
		if (big_endian_32(h + 68) == DB_APPLICATION_ID)
			p->version = big_endian_32(h + 60);
	}
	if (p->size == 0)
		p->size = p->wal.page_size != 0 ? p->wal.page_size : SIZE_DEFAULT;
	p->n_in_file = (uint32_t)(file_size / p->size);
	p->n = p->wal.n_pages != 0 ? p->wal.n_pages : stated;
	/* A size that no file of this length can have is damage. */
	if (p->n == 0 || p->n / 64 > p->n_in_file + p->wal.right.n || p->n < p->n_in_file)
		p->n = p->n_in_file;
}

int
pages_open(struct pages *p, const char *path, struct err *e)
{
	struct stat st;

	*p = (struct pages){ .fd = open(path, O_RDONLY | O_CLOEXEC), .wal = { .fd = -1 } };
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		err_sys(e, "cannot read %s", path);
		pages_close(p);
		return -1;
	}
	if (wal_open(&p->wal, path, e) != 0) {
		pages_close(p);
		return -1;
	}
	read_sizes(p, st.st_size);
	return 0;
}

void
pages_close(struct pages *p)
{
	if (p->fd >= 0)
		close(p->fd);
	wal_close(&p->wal);
	p->fd = -1;
}

enum page_state
pages_read(const struct pages *p, uint32_t number, unsigned char *page)
{
	const struct wal_frame *frame = wal_find(&p->wal, number);
	int fd = frame != NULL ? p->wal.fd : p->fd;
	int64_t at = frame != NULL ? frame->at : (int64_t)(number - 1) * p->size;

	if (number == 0 || number > p->n || pread(fd, page, p->size, at) != (ssize_t)p->size)
		return PAGE_MISSING;
	return wal_is_stale(&p->wal, number) ? PAGE_STALE : PAGE_READ;
}

bool
pages_read_wrong(const struct pages *p, size_t i, unsigned char *page)
{
	return pread(p->wal.fd, page, p->size, p->wal.wrong.frame[i].at) == (ssize_t)p->size;
}
