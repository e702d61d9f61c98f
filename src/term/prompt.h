/* Asks for a line at the terminal. Main thread. */
#ifndef TERM_PROMPT_H
#define TERM_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Prints the prompt on standard error and reads a line, without its end, into size bytes; a secret
 * is not shown. Returns 0, 1 when the line was too long and was dropped, -1 at the end of input and
 * after a signal.
 */
int prompt_line(const char *prompt, bool secret, char *ret, size_t size);

#endif
