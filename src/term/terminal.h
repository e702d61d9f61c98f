/* What an output stream can show: its size, colors, and whether it is a terminal. Main thread. */
#ifndef TERM_TERMINAL_H
#define TERM_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

struct terminal {
	bool interactive;
	bool color; /* interactive, not a dumb terminal, NO_COLOR not set */
	bool moves; /* interactive, and the cursor can be moved */
	int height; /* lines; 24 when unknown */
	int width;  /* columns; 80 when unknown, unlimited when not a terminal, so that grep sees
		       whole lines */
};

void terminal_look(FILE *stream, struct terminal *ret_terminal);
/*
 * Prints text after `indent` columns that are already printed, and ends the line. A terminal gets
 * lines broken between words, with that indent; any other stream gets one line.
 */
void terminal_print_wrapped(const struct terminal *t, int indent, struct slice text);
/* Whether there is a person to ask: standard input and error are a terminal. */
bool terminal_can_ask(void);
/* Asks on the terminal; true only for an answer that begins with y. */
bool terminal_confirm(const char *question);

#endif
