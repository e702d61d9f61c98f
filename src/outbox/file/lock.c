/*
 * Owns the lock file <path>.lock: an flock() on it, and the holder's process id as its text. Taking
 * the lock fails at once while another process holds it. The kernel releases it when that process
 * ends.
 */
#include "outbox/file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static int
lock_open(const char *path, int flags, struct err *e)
{
	char name[PATH_MAX];
	int fd;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return err_sys(e, "cannot open the lock file %s", name);
	return fd;
}

static long
lock_read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n <= 0 ? 0 : strtol(text, NULL, 10);
}

static int
lock_write_pid(int fd, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return err_sys(e, "cannot write the lock file");
	return 0;
}

int
lock_take(const char *path, int *ret_fd, struct err *e)
{
	int fd = lock_open(path, O_RDWR | O_CREAT, e);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			err_set(e, ERR_BUSY,
			    "another bentospool (process %ld) has the database %s open: stop it "
			    "first, or use another database",
			    lock_read_pid(fd), path);
		else
			err_sys(e, "cannot lock %s.lock", path);
		close(fd);
		return -1;
	}
	if (lock_write_pid(fd, e) != 0) {
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

void
lock_release(int fd)
{
	/*
	 * Does not remove the lock file: after a removal two processes could lock two different
	 * files.
	 */
	close(fd);
}

long
lock_holder(const char *path, struct err *e)
{
	int fd = lock_open(path, O_RDONLY, e);
	long pid = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	/* A shared lock is refused only while another process holds the exclusive one. */
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		pid = lock_read_pid(fd);
	close(fd);
	return pid;
}
