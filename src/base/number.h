/* Parses whole numbers as people type them. Pure; any thread. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

/*
 * Parses decimal digits, and nothing else, as a number from min to max; min is not negative.
 * Returns -1, without an error text, for any other text.
 */
int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value);

#endif
