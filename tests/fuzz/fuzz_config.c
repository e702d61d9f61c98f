/*
 * config/parse: any text is either a configuration or refused with file and line. No message shows
 * the value of a secret setting, and config_print writes a text that gives the same configuration
 * again.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "config/parse/parse.h"
#include "config/settings.h"

#define FILE_NAME "fuzz.conf"

static const char *
variable(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "SET") == 0 ? "from the environment" : NULL;
}

static struct config *
parse(const char *text, struct err *e)
{
	const struct config_source source = {
		.file = FILE_NAME, .text = text, .variable = variable
	};
	struct config *c = config_new(e);

	FUZZ_CHECK(c != NULL);
	if (config_parse(c, &source, e) == 0)
		return c;
	config_free(c);
	return NULL;
}

static void
check_refusal(const struct err *e)
{
	FUZZ_CHECK(e->code == ERR_INPUT);
	FUZZ_CHECK(strncmp(e->text, FILE_NAME ":", sizeof(FILE_NAME)) == 0);
	FUZZ_CHECK(e->text[sizeof(FILE_NAME)] >= '1' && e->text[sizeof(FILE_NAME)] <= '9');
}

static void
check_same(const struct config *a, const struct config *b)
{
	FUZZ_CHECK(a->n_sites == b->n_sites);
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->secret)
			continue; /* printed masked */
		if (s->section == SECTION_TOP)
			FUZZ_CHECK(setting_is_equal(s, a, b));
		for (size_t i = 0; i < a->n_sites && s->section == SECTION_SITE; i++)
			FUZZ_CHECK(setting_is_equal(s, &a->sites[i], &b->sites[i]));
	}
}

/* A masked secret is refused as a placeholder, which nobody should copy. */
static void
unmask(char *text)
{
	for (char *p = text; (p = strstr(p, "\"********\"")) != NULL; p += 10)
		memcpy(p + 1, "a1b2c3d4", 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .code = ERR_NONE };
	struct config *c, *again;
	struct buf printed;
	char *text;

	if (size > CONFIG_MAX_BYTES || memchr(data, '\0', size) != NULL)
		return 0;
	text = strndup((const char *)data, size);
	FUZZ_CHECK(text != NULL);
	c = parse(text, &e);
	free(text);
	if (c == NULL) {
		check_refusal(&e);
		return 0;
	}
	buf_init(&printed, 8 * CONFIG_MAX_BYTES);
	config_print(c, &printed);
	FUZZ_CHECK(!printed.failed);
	unmask(printed.p);
	again = parse(printed.p, &e);
	if (again == NULL)
		fprintf(stderr, "%s\n%s", e.text, printed.p);
	FUZZ_CHECK(again != NULL);
	check_same(c, again);
	buf_free(&printed);
	config_free(again);
	config_free(c);
	return 0;
}
