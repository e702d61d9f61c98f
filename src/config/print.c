/*
 * Prints the configuration in effect as a file that the parser accepts, with secrets masked, and
 * with the place of each value that is not from the first file. Fails only when the buffer fails.
 */
#include "config/config.h"
#include "config/environment.h"
#include "config/settings.h"

/* Nothing for a value of the first file, where everybody looks first. */
static void
print_place(const struct config *c, size_t site, const struct setting *s, struct buf *to)
{
	const struct config_place *place = setting_place(c, site, s);
	char name[ENVIRONMENT_NAME_SIZE];

	if (place->file == CONFIG_PLACE_ENVIRONMENT) {
		environment_name(s, name);
		buf_printf(to, "  # %s", name);
	} else if (place->file > 1) {
		buf_printf(to, "  # %s:%d", c->files.item[place->file - 1], place->line);
	}
}

/* site: the index of the site, for SECTION_SITE. */
static void
print_section(const struct config *c, enum setting_section section, const void *base, size_t site,
    struct buf *to)
{
	const char *indent = section == SECTION_TOP ? "" : "    ";

	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section)
			continue;
		buf_printf(to, "%s%-20s = ", indent, s->name);
		setting_print(s, base, to);
		if (setting_is_default(s, base))
			buf_append_literal(to, "  # default");
		else
			print_place(c, site, s, to);
		buf_append_byte(to, '\n');
	}
}

void
config_print(const struct config *c, struct buf *to)
{
	buf_printf(
	    to, "# %s\n", c->file[0] != '\0' ? c->file : "no file: defaults and environment");
	print_section(c, SECTION_TOP, c, 0, to);
	buf_append_literal(to, "\ningest {\n");
	print_section(c, SECTION_INGEST, &c->ingest, 0, to);
	buf_append_literal(to, "}\n\nadmin {\n");
	print_section(c, SECTION_ADMIN, &c->admin, 0, to);
	buf_append_literal(to, "}\n\nretention {\n");
	print_section(c, SECTION_RETENTION, &c->retention, 0, to);
	buf_append_literal(to, "}\n");
	for (size_t i = 0; i < c->n_sites; i++) {
		buf_printf(to, "\nsite \"%s\" {\n", c->sites[i].name);
		print_section(c, SECTION_SITE, &c->sites[i], i, to);
		buf_append_literal(to, "}\n");
	}
}
