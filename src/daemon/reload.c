/*
 * A reload loads the configuration in the same way as the start, compares it with the present one,
 * and gives it to ingest, dispatcher, alarm and jobs: all of them or none. A reload is refused when
 * the new configuration is not valid, when it changes what only a restart can change, and without
 * memory; the daemon then keeps the old configuration. A thread that still uses the old
 * configuration holds a reference to it.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "base/log.h"
#include "config/differences.h"
#include "daemon/alarm.h"
#include "daemon/certificates.h"
#include "daemon/daemon_private.h"
#include "daemon/jobs/identities.h"
#include "daemon/wiring.h"

/* Returns the ids of the sites in the order of c, which has the same sites as before. NULL without
 * memory. */
static int64_t *
order_ids(const struct daemon *d, const struct config *c)
{
	int64_t *ids = calloc(c->n_sites, sizeof(*ids));

	for (size_t i = 0; ids != NULL && i < c->n_sites; i++)
		for (size_t k = 0; k < d->config->n_sites; k++)
			if (strcmp(c->sites[i].name, d->config->sites[k].name) == 0)
				ids[i] = d->site_ids[k];
	return ids;
}

static int
reload_ingest(struct daemon *d, const struct config *c, const int64_t *ids, struct err *e)
{
	struct ingest_site_options *sites = calloc(c->n_sites, sizeof(*sites));
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < c->n_sites; i++)
		wiring_site_ingest(&c->sites[i], ids[i], &sites[i]);
	rc = ingest_reload_sites(d->ingest, sites, c->n_sites, e);
	free(sites);
	return rc;
}

static int
reload_dispatcher(struct daemon *d, struct config *c, const int64_t *ids, struct err *e)
{
	struct dispatch_site_options *sites = calloc(c->n_sites, sizeof(*sites));
	int rc;

	if (sites == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < c->n_sites; i++)
		wiring_site_dispatch(c, &c->sites[i], ids[i],
		    certificate_set_prepared(&d->certificates, c->sites[i].name), &sites[i]);
	rc = dispatcher_reload_sites(d->dispatcher, sites, c->n_sites, e);
	free(sites);
	return rc;
}

/* Changes all parts or none. Takes ownership of c. */
static int
use_config(struct daemon *d, struct config *c, struct err *e)
{
	int64_t *ids = order_ids(d, c);

	if (ids == NULL) {
		config_free(c);
		return err_nomem(e);
	}
	if (certificate_set_prepare(&d->certificates, c, e) != 0
	    || admin_prepare_tokens(d->admin, c->admin.read_token, c->admin.act_token, e) != 0
	    || reload_ingest(d, c, ids, e) != 0 || reload_dispatcher(d, c, ids, e) != 0) {
		certificate_set_cancel(&d->certificates);
		admin_cancel_tokens(d->admin);
		(void)reload_ingest(d, d->config, d->site_ids, NULL);
		config_free(c);
		free(ids);
		return -1;
	}
	certificate_set_commit(&d->certificates);
	admin_commit_tokens(d->admin);
	admin_use_config(d->admin, c);
	alarm_set(d->alarm, &c->alarm_command);
	wiring_log(c);
	config_free(d->config);
	free(d->site_ids);
	d->config = c;
	d->site_ids = ids;
	identities_reload(d->identities);
	return 0;
}

static cJSON *
reload(struct daemon *d, struct err *e)
{
	cJSON *changed, *item;
	struct config *c;

	if (config_load(d->request, &c, e) != 0) {
		err_wrap(e, "nothing is changed");
		return NULL;
	}
	log_debug("reload: read %s", c->file[0] != '\0' ? c->file : "the environment");
	changed = config_differences(d->config, c, e);
	if (changed == NULL) {
		config_free(c);
		return NULL;
	}
	if (use_config(d, c, e) != 0) {
		cJSON_Delete(changed);
		return NULL;
	}
	cJSON_ArrayForEach(item, changed)
	{
		log_info("reload: %s", item->valuestring);
	}
	return changed;
}

cJSON *
daemon_reload(void *arg, struct err *e)
{
	struct daemon *d = arg;
	cJSON *changed = reload(d, e);

	admin_note_reload(d->admin, changed != NULL);
	return changed;
}
