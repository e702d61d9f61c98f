/* Numbers as SQLite writes them in a file: the highest byte first. */
#ifndef OUTBOX_FILE_BIG_ENDIAN_H
#define OUTBOX_FILE_BIG_ENDIAN_H

#include <stdint.h>

/* Reads 2 bytes at p. */
static inline uint32_t
big_endian_16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* Reads 4 bytes at p. */
static inline uint32_t
big_endian_32(const unsigned char *p)
{
	return big_endian_16(p) << 16 | big_endian_16(p + 2);
}

#endif
