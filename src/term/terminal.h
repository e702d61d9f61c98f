/* What we print on. Main thread. */
#ifndef TERM_TERMINAL_H
#define TERM_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

struct terminal {
	bool interactive;
	bool colour; /* interactive, NO_COLOR not set, not a dumb terminal */
	bool moves;  /* interactive, and can put the cursor anywhere */
	int height;  /* lines; 24 when nobody knows */
	int width; /* columns; 80 when nobody knows; no end where no terminal is: grep wants all */
};

void terminal_look(FILE *stream, struct terminal *ret_terminal);
/*
 * Prints the text behind so many columns that are printed already and ends the line. On a terminal
 * it is wrapped between words, with that indent; elsewhere it is one line.
 */
void terminal_print_wrapped(const struct terminal *t, int indent, struct slice text);
/* There is somebody to ask. */
bool terminal_can_ask(void);
/* Asks on the terminal; no unless the answer begins with y. */
bool terminal_confirm(const char *question);

#endif
