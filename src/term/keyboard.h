/* A terminal that hands over each key at once, and a screen that is put back as it was. */
#ifndef TERM_KEYBOARD_H
#define TERM_KEYBOARD_H

#include "base/err.h"

enum key {
	KEY_NONE,  /* the time is over */
	KEY_QUIT,  /* q, or a signal that ends */
	KEY_AGAIN, /* the size of the terminal changed */
	KEY_UP,
	KEY_DOWN,
	KEY_OTHER /* a letter: ret_letter */
};

/* Standard input and output are a terminal. After 0, keyboard_end puts it back as it was. */
int keyboard_begin(struct err *e);
void keyboard_end(void);
/* The next key, waiting at most so long. */
enum key keyboard_wait(int timeout_ms, char *ret_letter);

#endif
