/* Compares names of the database with those of the configuration and of its files. Cannot fail. */
#include "report/listed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys/secret.h"

static const char *
site_name(const struct audit_site *sites, size_t n_sites, int64_t site_id)
{
	for (size_t i = 0; i < n_sites; i++)
		if (sites[i].site_id == site_id)
			return sites[i].name;
	return "";
}

/* text: NAME KEY */
static bool
is_named(const char *text, const char *box)
{
	size_t n = strcspn(text, " \t");

	return n == strlen(box) && memcmp(text, box, n) == 0;
}

/* Verbs that only read do not read files with secrets as a whole. If a file cannot be read, its
 * names are unknown, and the box counts as listed. */
static bool
file_lists(const char *path, const char *box)
{
	char *text, *rest, *line;
	bool found = false;
	size_t n;

	if (secret_read_private(path, CONFIG_MAX_BYTES, &text, NULL) != 0)
		return true;
	n = strlen(text);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		found = found || is_named(line + strspn(line, " \t"), box);
	explicit_bzero(text, n);
	free(text);
	return found;
}

static bool
lists(const struct config_site *site, const char *box)
{
	for (size_t i = 0; i < site->boxes.n; i++)
		if (is_named(site->boxes.item[i], box))
			return true;
	return site->boxes_file[0] != '\0' && file_lists(site->boxes_file, box);
}

const struct config_site *
listed_site(const struct config *c, const struct audit_site *sites, size_t n_sites,
    const struct audit_box *box)
{
	const char *name = site_name(sites, n_sites, box->site_id);

	for (size_t i = 0; i < c->n_sites; i++)
		if (strcmp(c->sites[i].name, name) == 0)
			return lists(&c->sites[i], box->name) ? &c->sites[i] : NULL;
	return NULL;
}
