/* What we print on. Main thread. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

struct terminal {
	bool interactive;
	bool colour; /* interactive, NO_COLOR not set, not a dumb terminal */
	int width;   /* columns; 80 when nobody knows */
};

void terminal_look(FILE *stream, struct terminal *ret_terminal);
/* Asks on the terminal; no when there is none to ask on, or the answer does not begin with y. */
bool terminal_confirm(const char *question);

#endif
