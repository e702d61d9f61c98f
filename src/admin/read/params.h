/* The parameters of a request: its query, percent-decoded. Pure. */
#ifndef ADMIN_READ_PARAMS_H
#define ADMIN_READ_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PARAMS_SIZE 1024 /* bytes of a query, with a NUL */
#define PARAMS_MAX 20

struct params {
	char text[PARAMS_SIZE];
	struct {
		const char *name, *value;
	} item[PARAMS_MAX];
	size_t n;
};

/* known: the names that may be given, each once; NULL ends the list. ERR_INPUT names the parameter
 * that is wrong. */
int params_parse(struct params *p, const char *query, const char *const *known, struct err *e);
/* NULL: it is not given. */
const char *params_get(const struct params *p, const char *name);
/* Reads a whole number from min to max into ret_value, which keeps its value when the parameter is
 * not given. ERR_INPUT. */
int params_number(const struct params *p, const char *name, int64_t min, int64_t max,
    int64_t *ret_value, struct err *e);

#endif
