/*
 * The output of all verbs. Standard output is checked when it is written and again when the program
 * ends (main.c), so that a full disk or a closed pipe is reported once.
 */
#include "cli/output.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>

static bool output_reported;

int
verb_fail(const struct err *e)
{
	output_reported |= ferror(stdout) != 0;
	fprintf(stderr, "bentospool: %s\n", e->text);
	return VERB_ERROR;
}

bool
verb_output_reported(void)
{
	return output_reported;
}

int
verb_usage(const char *fmt, ...)
{
	va_list ap;

	fputs("bentospool: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return VERB_USAGE;
}

int
verb_no_match(void)
{
	fputs("bentospool: no event matches\n", stderr);
	return VERB_NOTHING;
}

int
verb_print_json(cJSON *object)
{
	char *text = object == NULL ? NULL : cJSON_PrintUnformatted(object);

	cJSON_Delete(object);
	if (text == NULL)
		return -1;
	puts(text);
	cJSON_free(text);
	return 0;
}

int
verb_print_text(struct buf *text, struct err *e)
{
	if (text->failed)
		return err_nomem(e);
	if (text->n > 0 && fwrite(text->p, 1, text->n, stdout) != text->n)
		return err_sys(e, "cannot write the output");
	buf_clear(text);
	return ferror(stdout) ? err_set(e, ERR_SYSTEM, "cannot write the output") : 0;
}
