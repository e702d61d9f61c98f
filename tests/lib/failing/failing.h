/*
 * Calls that fail on demand: failing.so is preloaded, and fails the chosen call of the process.
 *
 * What fails is written in a page that the process shares with the test: a test in the same process
 * calls failing_page(), a test outside maps the file that FAILING_PAGE names. Calls of a library's
 * functions count only when they come from the program itself, system calls and allocations from
 * anywhere.
 */
#ifndef LIB_FAILING_H
#define LIB_FAILING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum failing_how {
	FAILING_ERROR, /* the call returns its error, with `error` as errno or as result */
	FAILING_SHORT, /* a write or read moves half of the bytes */
	FAILING_HANG   /* the call waits while `armed` is set, and then does what it should */
};

struct failing_page {
	_Atomic int64_t armed;    /* 0: nothing fails, and nothing is counted */
	_Atomic int64_t first;    /* the number of the first call to fail, from 1 */
	_Atomic int64_t in_a_row; /* how many calls fail in a row */
	_Atomic int64_t error;    /* an errno, or a library's result */
	_Atomic int64_t how;      /* enum failing_how */
	_Atomic int64_t calls;    /* calls of the chosen name since it was armed */
	_Atomic int64_t fired;    /* calls that failed */
	_Atomic int64_t blocks;   /* allocated and not freed, since the start of the process */
	_Atomic int64_t caller;   /* the address that the last failed call returns to */
	_Atomic int64_t thread;   /* only calls of this thread (gettid) fail; 0: of all */
	char name[48];            /* of a function, or of a class: alloc, sqlite, curl, event */
	char failed[48];          /* the function that failed last */
};

/* Returns the page; NULL when failing.so is not loaded. */
struct failing_page *failing_page(void) __attribute__((weak));
/* Prints the callers of the blocks that were allocated since the last call and are not freed; needs
 * FAILING_TRACE in the environment. */
void failing_show_blocks(void) __attribute__((weak));

#endif
