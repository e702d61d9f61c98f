/*
 * The system calls that failing.so can fail. glibc's own inner calls do not pass here; those of the
 * program and of its libraries do.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/failing/failing_private.h"

/* Defines a function that returns `failure` and sets errno when it fails. */
#define CALL(type, name, parameters, arguments, failure)                                           \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
		if (failing_now(#name, NULL, HERE)) {                                              \
			errno = failing_error(EIO);                                                \
			return failure;                                                            \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real arguments;                                                             \
	}

/* The same for a call that moves n bytes and can move fewer. */
#define MOVE(name, parameters, arguments)                                                          \
	ssize_t name parameters;                                                                   \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		static ssize_t(*real) parameters;                                                  \
		if (failing_moves(#name, HERE, &n)) {                                              \
			errno = failing_error(EIO);                                                \
			return -1;                                                                 \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real arguments;                                                             \
	}

/* The same for a call with one optional argument, which fits a word. */
#define OPTIONAL(name, parameters, arguments, last)                                                \
	int name parameters;                                                                       \
	int name parameters                                                                        \
	{                                                                                          \
		static int(*real) parameters;                                                      \
		va_list ap;                                                                        \
		void *more;                                                                        \
		va_start(ap, last);                                                                \
		more = va_arg(ap, void *);                                                         \
		va_end(ap);                                                                        \
		if (failing_now(#name, NULL, HERE)) {                                              \
			errno = failing_error(EIO);                                                \
			return -1;                                                                 \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real arguments;                                                             \
	}

OPTIONAL(open, (const char *path, int flags, ...), (path, flags, more), flags)
OPTIONAL(open64, (const char *path, int flags, ...), (path, flags, more), flags)
OPTIONAL(fcntl, (int fd, int command, ...), (fd, command, more), command)

CALL(void *, fopen, (const char *path, const char *mode), (path, mode), NULL)
CALL(void *, fopen64, (const char *path, const char *mode), (path, mode), NULL)
CALL(void *, fdopen, (int fd, const char *mode), (fd, mode), NULL)

MOVE(read, (int fd, void *p, size_t n), (fd, p, n))
MOVE(write, (int fd, const void *p, size_t n), (fd, p, n))
MOVE(pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(pread64, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(pwrite64, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
MOVE(send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
MOVE(sendto, (int fd, const void *p, size_t n, int flags, const void *to, unsigned size),
    (fd, p, n, flags, to, size))
CALL(ssize_t, readv, (int fd, const void *v, int n), (fd, v, n), -1)
CALL(ssize_t, writev, (int fd, const void *v, int n), (fd, v, n), -1)

CALL(int, fsync, (int fd), (fd), -1)
CALL(int, fdatasync, (int fd), (fd), -1)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), -1)
CALL(int, ftruncate64, (int fd, off_t size), (fd, size), -1)
CALL(int, fstat, (int fd, void *p), (fd, p), -1)
CALL(int, fstat64, (int fd, void *p), (fd, p), -1)
CALL(int, stat, (const char *path, void *p), (path, p), -1)
CALL(int, lstat, (const char *path, void *p), (path, p), -1)
CALL(int, stat64, (const char *path, void *p), (path, p), -1)
CALL(int, statvfs, (const char *path, void *p), (path, p), -1)
CALL(int, statfs, (const char *path, void *p), (path, p), -1)
CALL(int, access, (const char *path, int mode), (path, mode), -1)
CALL(int, flock, (int fd, int how), (fd, how), -1)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
CALL(int, rename, (const char *from, const char *to), (from, to), -1)
CALL(int, renameat2, (int in, const char *from, int in2, const char *to, unsigned flags),
    (in, from, in2, to, flags), -1)
CALL(int, chmod, (const char *path, mode_t mode), (path, mode), -1)
CALL(int, chown, (const char *path, uid_t user, gid_t group), (path, user, group), -1)
CALL(int, link, (const char *from, const char *to), (from, to), -1)
CALL(int, unlink, (const char *path), (path), -1)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
CALL(void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at),
    (p, n, prot, flags, fd, at), (void *)-1)
CALL(void *, mmap64, (void *p, size_t n, int prot, int flags, int fd, off_t at),
    (p, n, prot, flags, fd, at), (void *)-1)

CALL(int, accept4, (int fd, void *from, void *size, int flags), (fd, from, size, flags), -1)
CALL(int, epoll_create1, (int flags), (flags), -1)
CALL(int, epoll_wait, (int fd, void *events, int n, int ms), (fd, events, n, ms), -1)
CALL(int, poll, (void *fds, unsigned long n, int ms), (fds, n, ms), -1)
CALL(int, socket, (int family, int type, int protocol), (family, type, protocol), -1)
CALL(int, socketpair, (int family, int type, int protocol, int *fds), (family, type, protocol, fds),
    -1)
CALL(int, bind, (int fd, const void *to, unsigned size), (fd, to, size), -1)
CALL(int, listen, (int fd, int n), (fd, n), -1)
CALL(int, connect, (int fd, const void *to, unsigned size), (fd, to, size), -1)
CALL(int, setsockopt, (int fd, int level, int name, const void *p, unsigned size),
    (fd, level, name, p, size), -1)
CALL(int, getsockopt, (int fd, int level, int name, void *p, void *size),
    (fd, level, name, p, size), -1)
CALL(int, getpeername, (int fd, void *to, void *size), (fd, to, size), -1)
CALL(int, getsockname, (int fd, void *to, void *size), (fd, to, size), -1)
CALL(int, eventfd, (unsigned n, int flags), (n, flags), -1)
CALL(int, pipe2, (int *fds, int flags), (fds, flags), -1)
CALL(ssize_t, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags), -1)
/* These return their error. */
CALL(int, pthread_create, (void *thread, const void *attr, void *(*run)(void *), void *arg),
    (thread, attr, run, arg), failing_error(EAGAIN))
CALL(int, posix_spawn,
    (void *pid, const char *path, const void *files, const void *attr, char *const argv[],
	char *const env[]),
    (pid, path, files, attr, argv, env), failing_error(EAGAIN))

#define EPOLL_CTL_DEL 2

/* Removing a descriptor needs no memory, so it does not fail. */
int epoll_ctl(int fd, int op, int on, void *event);

int
epoll_ctl(int fd, int op, int on, void *event)
{
	static int (*real)(int, int, int, void *);

	if (op != EPOLL_CTL_DEL && failing_now("epoll_ctl", NULL, HERE)) {
		errno = failing_error(ENOMEM);
		return -1;
	}
	if (real == NULL)
		*(void **)&real = failing_real("epoll_ctl");
	return real(fd, op, on, event);
}
