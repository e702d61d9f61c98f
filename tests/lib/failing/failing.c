/*
 * The core of failing.so: the shared page, the decision whether a call fails, and the allocator,
 * whose blocks are counted so that a test can find leaks.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/failing/failing_private.h"

static struct failing_page own_page;
static struct failing_page *page = &own_page;
static uintptr_t text_begin, text_end;     /* the program's own code */
static uintptr_t loader_begin, loader_end; /* the dynamic linker's */

struct failing_page *
failing_page(void)
{
	return page;
}

static void
find_code(const struct dl_phdr_info *info, uintptr_t *ret_begin, uintptr_t *ret_end)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0) {
			*ret_begin = info->dlpi_addr + p->p_vaddr;
			*ret_end = *ret_begin + p->p_memsz;
		}
	}
}

static int
find_texts(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (text_end == 0) /* the first object is the program */
		find_code(info, &text_begin, &text_end);
	else if (info->dlpi_addr == getauxval(AT_BASE))
		find_code(info, &loader_begin, &loader_end);
	return 0;
}

/* The programs write no core file. */
static void
on_crash(int number)
{
	void *callers[64];

	atomic_store(&page->armed, 0);
	backtrace_symbols_fd(callers, backtrace(callers, 64), STDERR_FILENO);
	signal(number, SIG_DFL);
	raise(number);
}

static void __attribute__((constructor)) set_up(void)
{
	const char *path = getenv("FAILING_PAGE");
	int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	void *p;

	dl_iterate_phdr(find_texts, NULL);
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		page = p;
}

static bool
is_chosen(const char *name, const char *class, const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	int64_t thread = atomic_load(&page->thread);

	if (thread != 0 && thread != syscall(SYS_gettid))
		return false;
	if (class != NULL && strcmp(class, "alloc") != 0 && (at < text_begin || at >= text_end))
		return false;
	return strcmp(page->name, name) == 0 || (class != NULL && strcmp(page->name, class) == 0);
}

bool
failing_now(const char *name, const char *class, const void *caller)
{
	int64_t n, first;

	if (atomic_load(&page->armed) == 0 || !is_chosen(name, class, caller))
		return false;
	n = atomic_fetch_add(&page->calls, 1) + 1;
	first = atomic_load(&page->first);
	if (n < first || n >= first + atomic_load(&page->in_a_row))
		return false;
	atomic_store(&page->caller, (int64_t)(uintptr_t)caller);
	strncpy(page->failed, name, sizeof(page->failed) - 1);
	atomic_fetch_add(&page->fired, 1);
	if (atomic_load(&page->how) != FAILING_HANG)
		return true;
	while (atomic_load(&page->armed) != 0)
		syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return false;
}

/* An eventfd moves all of its bytes or none, and fails only by a signal. */
#define EVENTFD_BYTES 8

bool
failing_moves(const char *name, const void *caller, size_t *n)
{
	if (*n == EVENTFD_BYTES && atomic_load(&page->error) != EINTR)
		return false;
	if (!failing_now(name, NULL, caller))
		return false;
	if (atomic_load(&page->how) == FAILING_ERROR)
		return true;
	*n = (*n + 1) / 2;
	return false;
}

int
failing_error(int otherwise)
{
	int error = (int)atomic_load(&page->error);

	return error != 0 ? error : otherwise;
}

void *
failing_real(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL) {
		fprintf(stderr, "failing.so: there is no %s\n", name);
		_exit(99);
	}
	return p;
}

/* ---- blocks
 * -------------------------------------------------------------------------------------- */

#define TRACED 65536
#define DEPTH 12

struct traced {
	void *block;
	void *callers[DEPTH];
};

static struct traced traced[TRACED];
static pthread_mutex_t traced_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_tracing;

static void
trace(void *freed, void *allocated)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = getenv("FAILING_TRACE") != NULL;
	if (wanted == 0 || is_tracing)
		return;
	is_tracing = true;
	pthread_mutex_lock(&traced_lock);
	for (size_t i = 0; i < TRACED && (freed != NULL || allocated != NULL); i++) {
		if (freed != NULL && traced[i].block == freed) {
			traced[i].block = NULL;
			freed = NULL;
		} else if (allocated != NULL && traced[i].block == NULL) {
			memset(&traced[i], 0, sizeof(traced[i]));
			traced[i].block = allocated;
			backtrace(traced[i].callers, DEPTH);
			allocated = NULL;
		}
		if (freed != NULL && allocated == NULL && i > TRACED / 2)
			break;
	}
	pthread_mutex_unlock(&traced_lock);
	is_tracing = false;
}

void
failing_show_blocks(void)
{
	pthread_mutex_lock(&traced_lock);
	is_tracing = true;
	for (size_t i = 0; i < TRACED; i++) {
		if (traced[i].block == NULL)
			continue;
		fprintf(stderr, "# block %p of\n", traced[i].block);
		backtrace_symbols_fd(traced[i].callers, DEPTH, STDERR_FILENO);
		traced[i].block = NULL;
	}
	is_tracing = false;
	pthread_mutex_unlock(&traced_lock);
}

/*
 * The dynamic linker allocates what belongs to a thread, and glibc keeps that with the stacks of
 * threads that have ended, for the next ones: how much depends on how many ran at the same time.
 */
static bool
is_loader(const void *caller)
{
	return (uintptr_t)caller >= loader_begin && (uintptr_t)caller < loader_end;
}

static void *
count(void *p, const void *caller)
{
	if (p == NULL || is_loader(caller))
		return p;
	atomic_fetch_add(&page->blocks, 1);
	trace(NULL, p);
	return p;
}

/* ---- the allocator
 * ------------------------------------------------------------------------------- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static bool
has_no_memory(const char *name, const void *caller)
{
	if (!failing_now(name, "alloc", caller))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return has_no_memory("malloc", HERE) ? NULL : count(__libc_malloc(n), HERE);
}

void *
calloc(size_t n, size_t size)
{
	return has_no_memory("calloc", HERE) ? NULL : count(__libc_calloc(n, size), HERE);
}

void *
realloc(void *p, size_t n)
{
	void *new;

	if (has_no_memory("realloc", HERE))
		return NULL;
	new = __libc_realloc(p, n);
	if (p == NULL)
		return count(new, HERE);
	if (new == NULL && n == 0)
		atomic_fetch_sub(&page->blocks, 1);
	if (new != NULL &&new != p)
		trace(p, new);
	return new;
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	return realloc(p, n * size);
}

int
posix_memalign(void **ret, size_t align, size_t n)
{
	void *p = has_no_memory("posix_memalign", HERE) ? NULL : __libc_memalign(align, n);

	if (p == NULL)
		return ENOMEM;
	*ret = count(p, HERE);
	return 0;
}

void *
aligned_alloc(size_t align, size_t n)
{
	return has_no_memory("aligned_alloc", HERE) ? NULL : count(__libc_memalign(align, n), HERE);
}

void
free(void *p)
{
	if (p == NULL)
		return;
	if (!is_loader(HERE)) {
		atomic_fetch_sub(&page->blocks, 1);
		trace(p, NULL);
	}
	__libc_free(p);
}

/* ---- locks
 * --------------------------------------------------------------------------------------- */

/* Releasing a lock does not fail. */
int
fcntl64(int fd, int command, ...)
{
	static int (*real)(int, int, ...);
	bool releases;
	va_list ap;
	void *more;

	va_start(ap, command);
	more = va_arg(ap, void *);
	va_end(ap);
	releases = command == F_SETLK && ((struct flock *)more)->l_type == F_UNLCK;
	if (!releases && failing_now("fcntl64", NULL, HERE)) {
		errno = failing_error(ENOLCK);
		return -1;
	}
	if (real == NULL)
		*(void **)&real = failing_real("fcntl64");
	return real(fd, command, more);
}
