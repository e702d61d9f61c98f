/* Compares names of the database with those of the configuration and of its files. Fails
 * without memory only. */
#include "report/listed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys/secret.h"
#include "event/box_name.h"

static const char *
site_name(const struct audit_site *sites, size_t n_sites, int64_t site_id)
{
	for (size_t i = 0; i < n_sites; i++)
		if (sites[i].site_id == site_id)
			return sites[i].name;
	return "";
}

/* Verbs that only read do not read files with secrets as a whole. Returns whether is_it() is true
 * for a line of the file; true when the file cannot be read, because its names are unknown. */
static bool
file_has(const char *path, bool (*is_it)(void *arg, const char *text), void *arg)
{
	char *text, *rest, *line;
	bool found = false;
	size_t n;

	if (secret_read_private(path, CONFIG_MAX_BYTES, &text, NULL) != 0)
		return true;
	n = strlen(text);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		found = found || is_it(arg, line + strspn(line, " \t"));
	explicit_bzero(text, n);
	free(text);
	return found;
}

/* Calls is_it() with each NAME KEY that the site lists, until it is true. */
static bool
list_has(const struct config_site *site, bool (*is_it)(void *arg, const char *text), void *arg)
{
	for (size_t i = 0; i < site->boxes.n; i++)
		if (is_it(arg, site->boxes.item[i]))
			return true;
	return site->boxes_file[0] != '\0' && file_has(site->boxes_file, is_it, arg);
}

/* arg: struct slice, a name */
static bool
is_named(void *arg, const char *text)
{
	const struct slice *name = arg;

	return slice_equals(*name, (struct slice){ text, strcspn(text, " \t") });
}

const struct config_site *
listed_site(const struct config *c, const struct audit_site *sites, size_t n_sites,
    const struct audit_box *box)
{
	const char *name = site_name(sites, n_sites, box->site_id);
	struct slice sought = slice_from(box->name);

	for (size_t i = 0; i < c->n_sites; i++)
		if (strcmp(c->sites[i].name, name) == 0)
			return list_has(&c->sites[i], is_named, &sought) ? &c->sites[i] : NULL;
	return NULL;
}

/* ---- boxes that were never seen -------------------------------------------------------------- */

struct growing {
	int64_t site_id;
	struct audit_box *boxes;
	size_t n;
	bool no_memory;
};

static bool
has(const struct growing *g, const struct audit_box *box)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->boxes[i].site_id == box->site_id && strcmp(g->boxes[i].name, box->name) == 0)
			return true;
	return false;
}

/* arg: struct growing. Returns true, which ends the calls, without memory only. */
static bool
add_unseen(void *arg, const char *text)
{
	struct growing *g = arg;
	struct audit_box box = { .site_id = g->site_id, .backlog = -1 }, *grown;
	struct slice name = { text, strcspn(text, " \t") };

	if (!box_name_is_valid(name))
		return false;
	snprintf(box.name, sizeof(box.name), "%.*s", (int)name.n, name.p);
	if (has(g, &box))
		return false;
	grown = reallocarray(g->boxes, g->n + 1, sizeof(*grown));
	g->no_memory |= grown == NULL;
	if (grown == NULL)
		return true;
	g->boxes = grown;
	g->boxes[g->n++] = box;
	return false;
}

int
listed_add_unseen(const struct config *c, const struct audit_site *sites, size_t n_sites,
    struct audit_box **boxes, size_t *n, struct err *e)
{
	struct growing g = { .boxes = *boxes, .n = *n };

	for (size_t i = 0; i < n_sites; i++)
		for (size_t k = 0; k < c->n_sites; k++)
			if (strcmp(c->sites[k].name, sites[i].name) == 0) {
				g.site_id = sites[i].site_id;
				list_has(&c->sites[k], add_unseen, &g);
			}
	*boxes = g.boxes;
	*n = g.n;
	return g.no_memory ? err_nomem(e) : 0;
}
