/*
 * Amounts as payment systems count them: whole minor units of a currency by ISO 4217. Exact,
 * without floating point. Pure; any thread.
 */
#ifndef EVENT_MAPPING_MONEY_H
#define EVENT_MAPPING_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define MONEY_CODE_SIZE 4                   /* "USD" and a NUL */
#define MONEY_MAX INT64_C(9007199254740991) /* 2^53 - 1: every JSON reader holds it exactly */

/* Accepts three letters and makes them upper case. */
bool money_code(struct slice text, char ret_code[MONEY_CODE_SIZE]);
/* Decimals of a currency: 0 for JPY, 3 for KWD, 4 for CLF, and so on; 2 for every other code. */
unsigned money_decimals(const char *code);
/*
 * Converts a decimal such as "19.90", "-5" or "1.5e3" to minor units; half a unit is rounded away
 * from zero. Returns false when the text is not such a number, or the amount exceeds MONEY_MAX.
 */
bool money_minor(struct slice text, unsigned decimals, int64_t *ret_amount);

#endif
