/*
 * Hexadecimal, Base64 and percent-encoding. Pure; any thread.
 */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"

/* The value of a hexadecimal digit, or -1. */
int decode_hex_digit(char c);
/* Appends two lower-case digits a byte. */
void encode_hex(struct buf *to, const void *p, size_t n);
/* Exactly 2 * n digits to n bytes at `to`; -1, with `to` untouched, for any other text. */
int decode_hex(struct slice hex, unsigned char *to, size_t n);

/* Appends Base64 with its padding. */
void encode_base64(struct buf *to, struct slice bytes);
/*
 * Strict: full groups of four with their padding, without white space. Needs room for text.n / 4 *
 * 3 bytes at `to`. -1 when the text is not Base64 or does not fit.
 */
int decode_base64(struct slice text, char *to, size_t room, size_t *ret_n);

/* %XX becomes the byte; a malformed %XX stays as written, and bytes past room are cut off. */
size_t decode_percent(struct slice text, char *to, size_t room);

#endif
