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

/* A secret is printed masked: only whether there is one can be compared. */
static void
check_same_setting(const struct setting *s, const void *a, const void *b)
{
	if (s->secret)
		FUZZ_CHECK(setting_is_default(s, a) == setting_is_default(s, b));
	else
		FUZZ_CHECK(setting_is_equal(s, a, b));
}

static void
check_same(struct config *a, struct config *b)
{
	FUZZ_CHECK(a->n_sites == b->n_sites);
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != SECTION_SITE)
			check_same_setting(
			    s, setting_base(a, s->section), setting_base(b, s->section));
		for (size_t i = 0; i < a->n_sites && s->section == SECTION_SITE; i++)
			check_same_setting(s, &a->sites[i], &b->sites[i]);
	}
}

/*
 * Copies one line of the printed configuration. A masked secret is refused as a placeholder, which
 * nobody should copy, so it gets a value that the setting accepts.
 */
static void
unmask_line(const char *line, size_t n, struct buf *to)
{
	static const char mask[] = "\"********\"";
	char name[65] = "";
	const struct setting *s;
	const char *value;

	sscanf(line, " %64[a-z_]", name);
	s = setting_find(SECTION_SITE, name);
	value = strcmp(name, "boxes") == 0 ? "\"box a1b2c3d4e5f6a7b8\"" : "\"a1b2c3d4e5f6a7b8\"";
	for (const char *end = line + n; line < end;) {
		const char *at = s == NULL || !s->secret ? NULL : strstr(line, mask);

		if (at == NULL || at >= end)
			at = end;
		buf_append(to, line, (size_t)(at - line));
		if (at < end) {
			buf_append_slice(to, slice_from(value));
			at += sizeof(mask) - 1;
		}
		line = at;
	}
}

static void
unmask(const char *text, struct buf *to)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		n += text[n] == '\n';
		unmask_line(text, n, to);
		text += n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .code = ERR_NONE };
	struct config *c, *again;
	struct buf printed, unmasked;
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
	buf_init(&unmasked, 32 * CONFIG_MAX_BYTES);
	unmask(printed.p, &unmasked);
	FUZZ_CHECK(!unmasked.failed);
	again = parse(unmasked.p, &e);
	if (again == NULL)
		fprintf(stderr, "%s\n%s", e.text, unmasked.p);
	FUZZ_CHECK(again != NULL);
	check_same(c, again);
	buf_free(&printed);
	buf_free(&unmasked);
	config_free(again);
	config_free(c);
	return 0;
}
