/*
 * Preloaded into the daemon: the system refuses writes to the files below the directory REFUSE_DIR.
 * With a limit it does as a quota: what makes these files together larger is refused, and what
 * overwrites them is not. Without blocks of its own each file takes what it is long. The file
 * REFUSE holds the numbers.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct shared {
	_Atomic long error;   /* errno of what is refused; 0: nothing is */
	_Atomic long limit;   /* bytes of all files; -1: every write is refused */
	_Atomic long refused; /* calls */
};

static struct shared *shared;
static const char *directory;

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("REFUSE");
	int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	directory = getenv("REFUSE_DIR");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		shared = NULL;
	syscall(SYS_close, fd);
}

static int
is_below(int fd)
{
	char link[64], path[4096];
	size_t n = strlen(directory);
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path));
	return length > (ssize_t)n && memcmp(path, directory, n) == 0 && path[n] == '/';
}

static long
used(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	struct stat st;
	long sum = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
		    && S_ISREG(st.st_mode))
			sum += st.st_size;
	if (dir != NULL)
		closedir(dir);
	return sum;
}

/* Returns the errno when bytes up to `end` of the file are refused, 0 otherwise. */
static int
refusal(int fd, off_t end)
{
	int error = shared == NULL ? 0 : (int)atomic_load(&shared->error);
	struct stat st;
	long limit;

	if (error == 0 || !is_below(fd))
		return 0;
	limit = atomic_load(&shared->limit);
	if (limit >= 0
	    && (fstat(fd, &st) != 0 || end <= st.st_size || used() + end - st.st_size <= limit))
		return 0;
	atomic_fetch_add(&shared->refused, 1);
	return error;
}

#define WRITE(name)                                                                                \
	ssize_t name(int fd, const void *p, size_t n, off_t at)                                    \
	{                                                                                          \
		static ssize_t (*real)(int, const void *, size_t, off_t);                          \
		int error = refusal(fd, at + (off_t)n);                                            \
		if (error != 0) {                                                                  \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		return real(fd, p, n, at);                                                         \
	}

WRITE(pwrite)
WRITE(pwrite64)

#define ALLOCATE(name, parameters, arguments, failure)                                             \
	int name parameters                                                                        \
	{                                                                                          \
		static int(*real) parameters;                                                      \
		int error = refusal(fd, at + n);                                                   \
		if (error != 0) {                                                                  \
			errno = error;                                                             \
			return failure;                                                            \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		return real arguments;                                                             \
	}

ALLOCATE(fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n), -1)
ALLOCATE(fallocate64, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n), -1)
ALLOCATE(posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n), error)
ALLOCATE(posix_fallocate64, (int fd, off_t at, off_t n), (fd, at, n), error)

static int
truncation(int fd)
{
	return shared != NULL && atomic_load(&shared->limit) < 0 ? refusal(fd, 0) : 0;
}

#define TRUNCATE(name)                                                                             \
	int name(int fd, off_t size)                                                               \
	{                                                                                          \
		static int (*real)(int, off_t);                                                    \
		int error = truncation(fd);                                                        \
		if (error != 0) {                                                                  \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
		return real(fd, size);                                                             \
	}

TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)
