/*
 * Appends to the warning of a configuration. The text is short: each caller warns at most once.
 * Fails only without memory.
 */
#include "config/warn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNING_MAX 4096

int
config_warn(struct config *c, struct err *e, const char *fmt, ...)
{
	char text[WARNING_MAX], *joined;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = strlen(c->warning) + strlen(text) + sizeof("; ");
	joined = malloc(n);
	if (joined == NULL)
		return err_nomem(e);
	snprintf(joined, n, "%s%s%s", c->warning, c->warning[0] == '\0' ? "" : "; ", text);
	free(c->warning);
	c->warning = joined;
	return 0;
}
