/* Between the files of failing.so. */
#ifndef LIB_FAILING_PRIVATE_H
#define LIB_FAILING_PRIVATE_H

#include "lib/failing/failing.h"

#define HERE __builtin_return_address(0)

/* Whether this call fails. class may be NULL; it counts only calls from the program itself. */
bool failing_now(const char *name, const char *class, const void *caller);
/* Like failing_now for a call that moves bytes: a short one sets *n to half. */
bool failing_moves(const char *name, const void *caller, size_t *n);
/* Returns the next definition of the function. */
void *failing_real(const char *name);
/* The errno or result that the test chose, or the given one when it chose none. */
int failing_error(int otherwise);

#endif
