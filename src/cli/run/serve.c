/*
 * serve: loads the configuration and runs the daemon. An archive that cannot be written does not
 * prevent the start; retention tries again.
 */
#include "base/log.h"
#include "cli/verbs.h"
#include "daemon/daemon.h"

int
verb_serve(const struct options *o)
{
	struct config_request r = { .file = o->config, .database = o->database, .starting = true };
	struct config *c;
	struct err e;
	int rc;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	if (o->verbose)
		log_everything();
	if (daemon_prepare(&e) != 0 || config_load(&r, &c, &e) != 0)
		return verb_fail(&e);
	/* a reload, unlike the start, fails when the archive cannot be written */
	r.starting = false;
	if (config_check_archive(c, &e) != 0)
		log_warn("%s", e.text);
	rc = daemon_run(c, &r, &e);
	config_free(c);
	if (rc != 0)
		log_error("%s", e.text);
	return rc == 0 ? VERB_DONE : VERB_ERROR;
}
