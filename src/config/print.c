/*
 * Prints the configuration in effect as a file that the parser accepts, with secrets masked. Fails
 * only when the buffer fails.
 */
#include "config/config.h"
#include "config/settings.h"

static void
print_section(enum setting_section section, const void *base, const char *indent, struct buf *to)
{
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section)
			continue;
		buf_printf(to, "%s%-20s = ", indent, s->name);
		setting_print(s, base, to);
		buf_printf(to, "%s\n", setting_is_default(s, base) ? "  # default" : "");
	}
}

void
config_print(const struct config *c, struct buf *to)
{
	buf_printf(
	    to, "# %s\n", c->file[0] != '\0' ? c->file : "no file: defaults and environment");
	print_section(SECTION_TOP, c, "", to);
	buf_append_literal(to, "\ningest {\n");
	print_section(SECTION_INGEST, &c->ingest, "    ", to);
	buf_append_literal(to, "}\n\nretention {\n");
	print_section(SECTION_RETENTION, &c->retention, "    ", to);
	buf_append_literal(to, "}\n");
	for (size_t i = 0; i < c->n_sites; i++) {
		buf_printf(to, "\nsite \"%s\" {\n", c->sites[i].name);
		print_section(SECTION_SITE, &c->sites[i], "    ", to);
		buf_append_literal(to, "}\n");
	}
}
