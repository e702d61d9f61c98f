/* Single key presses on a terminal, and a screen that is restored afterwards. Main thread. */
#ifndef TERM_KEYBOARD_H
#define TERM_KEYBOARD_H

#include "base/err.h"

enum key {
	KEY_NONE,  /* timeout */
	KEY_QUIT,  /* q, or a signal that ends the program */
	KEY_AGAIN, /* the terminal was resized: draw again */
	KEY_UP,
	KEY_DOWN,
	KEY_OTHER /* any other key: see ret_letter */
};

/* Standard input and output must be a terminal. After success the caller must call keyboard_end. */
int keyboard_begin(struct err *e);
void keyboard_end(void);
/* Waits for the next key, at most timeout_ms. */
enum key keyboard_wait(int timeout_ms, char *ret_letter);

#endif
