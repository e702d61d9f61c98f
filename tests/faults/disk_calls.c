/*
 * Takes the place of the C library's calls that change files, for this program and for the SQLite
 * library that it loads: each call goes to the kernel, and is noted by disk.c when it succeeded.
 * <fcntl.h> and <unistd.h> are not included, because they define some of these inline.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "faults/disk.h"

long syscall(long number, ...);
int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int close(int fd);
ssize_t write(int fd, const void *p, size_t n);
ssize_t pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);
int ftruncate(int fd, off_t size);
int ftruncate64(int fd, off_t size);
int fallocate(int fd, int mode, off_t at, off_t n);
int fallocate64(int fd, int mode, off_t at, off_t n);
int fsync(int fd);
int fdatasync(int fd);
int link(const char *from, const char *to);
int rename(const char *from, const char *to);
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int unlink(const char *path);

#define NO_REPLACE 1U /* RENAME_NOREPLACE */

static int
open_file(const char *path, int flags, mode_t mode)
{
	/* Whether the call creates the file: it does when the same without O_CREAT fails. */
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~(O_CREAT | O_EXCL), mode);
	int created = fd < 0 && errno == ENOENT && (flags & O_CREAT) != 0;

	if (fd >= 0 && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) {
		syscall(SYS_close, fd);
		errno = EEXIST;
		return -1;
	}
	if (created)
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0)
		disk_note_open(path, fd, created);
	return fd;
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_file(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_file(path, flags, mode);
}

int
close(int fd)
{
	disk_note_close(fd);
	return (int)syscall(SYS_close, fd);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t written = syscall(SYS_write, fd, p, n);

	if (written > 0)
		disk_note_write(fd, p, (size_t)written, -1);
	return written;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t written = syscall(SYS_pwrite64, fd, p, n, at);

	if (written > 0)
		disk_note_write(fd, p, (size_t)written, at);
	return written;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

int
ftruncate(int fd, off_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);

	if (rc == 0)
		disk_note_truncate(fd, size);
	return rc;
}

int
ftruncate64(int fd, off_t size)
{
	return ftruncate(fd, size);
}

/* The program only makes files longer by it: what is new reads as zeros, as after ftruncate. */
int
fallocate(int fd, int mode, off_t at, off_t n)
{
	int rc = (int)syscall(SYS_fallocate, fd, mode, at, n);

	if (rc == 0)
		disk_note_truncate(fd, at + n);
	return rc;
}

int
fallocate64(int fd, int mode, off_t at, off_t n)
{
	return fallocate(fd, mode, at, n);
}

static int
sync_file(int fd)
{
	if (disk_note_sync(fd))
		return 0; /* the real file system need not sync: the disk is simulated */
	errno = EIO;
	return -1;
}

int
fsync(int fd)
{
	return sync_file(fd);
}

int
fdatasync(int fd)
{
	return sync_file(fd);
}

int
link(const char *from, const char *to)
{
	int rc = (int)syscall(SYS_link, from, to);

	if (rc == 0)
		disk_note_names(DISK_LINK, from, to);
	return rc;
}

int
rename(const char *from, const char *to)
{
	int rc = (int)syscall(SYS_rename, from, to);

	if (rc == 0)
		disk_note_names(DISK_RENAME, from, to);
	return rc;
}

/* The disk knows no exchange of two names: it is refused, as some file systems do. */
int
renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	int rc;

	if (flags != NO_REPLACE || from_fd != AT_FDCWD || to_fd != AT_FDCWD) {
		errno = EINVAL;
		return -1;
	}
	rc = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (rc == 0)
		disk_note_names(DISK_RENAME, from, to);
	return rc;
}

int
unlink(const char *path)
{
	int rc = (int)syscall(SYS_unlink, path);

	if (rc == 0)
		disk_note_names(DISK_UNLINK, path, "");
	return rc;
}
