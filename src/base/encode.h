/*
 * Hexadecimal, Base64 and percent-encoding. Pure; any thread.
 */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"

/* Returns the value of a hexadecimal digit, or -1. */
int decode_hex_digit(char c);
/* Appends two lower-case digits for each byte. */
void encode_hex(struct buf *to, const void *p, size_t n);
/* Decodes exactly 2 * n digits into n bytes at `to`. Any other text: -1, and `to` is unchanged. */
int decode_hex(struct slice hex, unsigned char *to, size_t n);

/* Appends Base64 with its padding. */
void encode_base64(struct buf *to, struct slice bytes);
/*
 * Strict: complete groups of four with their padding, and no white space. `to` must have room for
 * text.n / 4 * 3 bytes. Returns -1 when the text is not Base64 or does not fit.
 */
int decode_base64(struct slice text, char *to, size_t room, size_t *ret_n);

/* Replaces each %XX by its byte and keeps a malformed %XX as written. Drops what exceeds `room`
 * bytes; returns the length. */
size_t decode_percent(struct slice text, char *to, size_t room);

#endif
