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

int
fleet_check_boxes(const char *place, const struct config *c, size_t i, struct err *e)
{
	const struct config_site *site = &c->sites[i];

	const struct setting *heartbeat = setting_find(SECTION_SITE, "heartbeat");
	bool beats = !setting_is_default(heartbeat, site);

	if (site->upstream[0] == '\0' && (site->upstream_key[0] != '\0' || beats))
		return err_set(e, ERR_INPUT, "%s: site \"%s\": %s has no effect without upstream",
		    place, site->name, beats ? heartbeat->name : "upstream_key");
	for (size_t box = 0; box < site->boxes.n; box++)
		for (size_t k = 0; k <= i; k++)
			for (size_t n = 0; n < (k < i ? c->sites[k].boxes.n : box); n++)
				if (compare(place, site, &c->sites[k], site->boxes.item[box],
					c->sites[k].boxes.item[n], e)
				    != 0)
					return -1;
	return 0;
}
