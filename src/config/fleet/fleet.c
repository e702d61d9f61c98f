/*
 * Checks the settings of a fleet: of a site that forwards to a central spooler, and of the boxes
 * that a central spooler knows. A setting that would do nothing is an error, because somebody who
 * set it expects something of it.
 */
#include <string.h>

#include "config/fleet/box.h"
#include "config/fleet/fleet.h"
#include "config/settings.h"

/* Settings about Bento, which have no meaning where the calls go to a central spooler. */
static const char *const of_bento[] = { "site_uuid", "publishable_key", "publishable_key_file",
	"secret_key", "secret_key_file", "api_url", "concurrency", "identity_wait", "identity_max",
	"ignore_ids", "all_refused", "partial", "ambiguous", "maybe_delivered", "identify", "page",
	"screen", "group", "alias", "delete_calls", "arrays", "reserved_types", "integration_name",
	"fields", "rules", "unique_key", "send_date", "boxes", "boxes_file" };

int
fleet_check_upstream(const char *place, const struct config_site *site, struct err *e)
{
	for (size_t i = 0; i < sizeof(of_bento) / sizeof(*of_bento); i++) {
		const struct setting *s = setting_find(SECTION_SITE, of_bento[i]);

		if (s != NULL && !setting_is_default(s, site))
			return err_set(e, ERR_INPUT,
			    "%s: site \"%s\": %s has no effect beside upstream: set it at the "
			    "central spooler",
			    place, site->name, of_bento[i]);
	}
	if (site->send_first.n > FLEET_PATTERNS_MAX)
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": send_first has %zu patterns, at most %d are allowed: join "
		    "some "
		    "with *",
		    place, site->name, site->send_first.n, FLEET_PATTERNS_MAX);
	if (site->upstream_key[0] == '\0')
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": upstream_key is missing: it is this box's key at the central "
		    "spooler, preferably in a file named by upstream_key_file",
		    place, site->name);
	return 0;
}

static int
compare(const char *place, const struct config_site *site, const struct config_site *other,
    const char *one, const char *two, struct err *e)
{
	struct slice name, key, other_name, other_key;

	box_split(one, &name, &key);
	box_split(two, &other_name, &other_key);
	if (slice_equals(key, other_key))
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": box \"%.*s\" has the key of another box: each needs a key of "
		    "its own",
		    place, site->name, (int)name.n, name.p);
	if (site == other && slice_equals(name, other_name))
		return err_set(e, ERR_INPUT, "%s: site \"%s\": box \"%.*s\" is listed twice", place,
		    site->name, (int)name.n, name.p);
	return 0;
}

/* Returns the name of a setting that only a site with an upstream uses; NULL when there is none. */
static const char *
useless_without_upstream(const struct config_site *site)
{
	static const char *const names[] = { "upstream_key", "heartbeat", "send_first" };

	for (size_t i = 0; site->upstream[0] == '\0' && i < sizeof(names) / sizeof(*names); i++)
		if (!setting_is_default(setting_find(SECTION_SITE, names[i]), site))
			return names[i];
	return NULL;
}

int
fleet_check_boxes(const char *place, const struct config *c, size_t i, struct err *e)
{
	const struct config_site *site = &c->sites[i];

	const char *useless = useless_without_upstream(site);

	if (useless != NULL)
		return err_set(e, ERR_INPUT, "%s: site \"%s\": %s has no effect without upstream",
		    place, site->name, useless);
	for (size_t box = 0; box < site->boxes.n; box++)
		for (size_t k = 0; k <= i; k++)
			for (size_t n = 0; n < (k < i ? c->sites[k].boxes.n : box); n++)
				if (compare(place, site, &c->sites[k], site->boxes.item[box],
					c->sites[k].boxes.item[n], e)
				    != 0)
					return -1;
	return 0;
}

int
fleet_check_pattern(const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n == 0 || n > FLEET_PATTERN_MAX)
		return err_set(e, ERR_INPUT, "must have 1 to %d bytes", FLEET_PATTERN_MAX);
	return 0;
}

int
fleet_check_budget(int64_t bytes, struct err *e)
{
	if (bytes != 0 && bytes < FLEET_BUDGET_MIN)
		return err_set(e, ERR_INPUT, "must be 0 or at least %d", FLEET_BUDGET_MIN);
	return 0;
}
