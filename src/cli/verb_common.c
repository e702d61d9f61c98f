#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "outbox/read/audit.h"

#define ID_DIGITS 18

static bool output_told;

int
verb_fail(const struct err *e)
{
	output_told |= ferror(stdout) != 0;
	fprintf(stderr, "bentospool: %s\n", e->text);
	return VERB_ERROR;
}

bool
verb_output_told(void)
{
	return output_told;
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

static int
load(const struct options *o, struct config **ret_config, struct err *e)
{
	struct config_request r = { .file = o->config, .database = o->database, .reading = true };

	return config_load(&r, ret_config, e);
}

int
verb_config(const struct options *o, struct config **ret_config)
{
	struct err e;

	if (load(o, ret_config, &e) == 0)
		return 0;
	verb_fail(&e);
	return -1;
}

int
verb_read_id(const char *text, int64_t *ret_id)
{
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > ID_DIGITS)
		return -1;
	*ret_id = strtoll(text, NULL, 10);
	return *ret_id > 0 ? 0 : -1;
}

static void
explain(const struct config *c, struct err *e)
{
	struct err cause = *e;

	if (e->code == ERR_NOTFOUND)
		err_set(e, ERR_NOTFOUND,
		    "%s: start `bentospool serve`, which makes it, or name another with "
		    "--database",
		    cause.text);
	if (e->code == ERR_IO)
		err_set(e, ERR_IO,
		    "%s (if %s is a database of bentospool: run this as root or as the daemon's "
		    "user)",
		    cause.text, c->database);
}

/* The configuration is to blame, and the database can be looked at all the same. */
static void
offer_database(const struct options *o, struct err *e)
{
	struct err cause = *e;

	if ((o->config == NULL && o->database != NULL) || strstr(cause.text, "--database") != NULL)
		return;
	err_set(e, cause.code,
	    "%s (--database FILE%s looks into a database without the configuration)", cause.text,
	    o->config == NULL ? "" : " instead of -c");
}

int
verb_open(const struct options *o, struct config **ret_config, struct outbox_audit **ret_audit)
{
	struct err e;

	if (load(o, ret_config, &e) != 0) {
		offer_database(o, &e);
		verb_fail(&e);
		return -1;
	}
	if (outbox_audit_open((*ret_config)->database, ret_audit, &e) == 0)
		return 0;
	explain(*ret_config, &e);
	config_free(*ret_config);
	verb_fail(&e);
	return -1;
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
