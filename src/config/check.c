/*
 * Checks the configuration as a whole: limits that must fit together, keys that a site needs,
 * listeners that need write keys, and programs and directories that must be usable. The first fault
 * is an error that names the file, the site and the remedy.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/address.h"
#include "config/config.h"
#include "config/fleet/fleet.h"
#include "config/keys/bento_key.h"
#include "config/keys/client_files.h"
#include "config/keys/tls_files.h"
#include "config/settings.h"
#include "event/mapping/rules.h"
#include "event/mapping/traits.h"

/* A request needs memory for its body, its decoded texts and its events, and for inflating. With a
 * smaller factor the largest bodies would always be refused. */
#define BUFFERED_PER_BODY 3
#define BUFFERED_BESIDE 65536

/* Without a file, what is there comes from the environment. */
const char *
config_origin(const struct config *c)
{
	return c->file[0] != '\0' ? c->file : "environment";
}

static int
missing(const struct config *c, const struct config_site *site, const char *name,
    const char *remedy, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s: site \"%s\": %s is missing: %s", config_origin(c),
	    site->name, name, remedy);
}

/* One value that was copied to two places; Bento would answer 401. */
static int
check_copies(const struct config *c, const struct config_site *site, struct err *e)
{
	static const char *const names[] = { "site_uuid", "publishable_key", "secret_key" };
	const char *const keys[] = { site->site_uuid, site->publishable_key, site->secret_key };

	for (size_t i = 0; i < 3; i++)
		for (size_t other = 0; other < i; other++)
			if (strcmp(keys[i], keys[other]) == 0)
				return err_set(e, ERR_INPUT,
				    "%s: site \"%s\": %s and %s are the same: copy each "
				    "from " BENTO_KEY_PLACE,
				    config_origin(c), site->name, names[other], names[i]);
	return 0;
}

static int
check_keys(const struct config *c, const struct config_site *site, struct err *e)
{
	if (site->site_uuid[0] == '\0')
		return missing(c, site, "site_uuid",
		    "copy it from " BENTO_KEY_PLACE " (or set BENTO_SITE_UUID)", e);
	if (site->publishable_key[0] == '\0')
		return missing(c, site, "publishable_key",
		    "copy it from " BENTO_KEY_PLACE " (or set BENTO_PUBLISHABLE_KEY)", e);
	if (site->secret_key[0] == '\0')
		return missing(c, site, "secret_key",
		    "copy it from " BENTO_KEY_PLACE ", into a file, and name that with "
		    "secret_key_file (or set BENTO_SECRET_KEY)",
		    e);
	return check_copies(c, site, e);
}

static int
check_site(const struct config *c, const struct config_site *site, struct err *e)
{
	if ((site->upstream[0] != '\0' ? fleet_check_upstream(config_origin(c), site, e)
				       : check_keys(c, site, e))
	    != 0)
		return -1;
	if (site->retry_max < site->retry_first)
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": retry_max must be at least retry_first", config_origin(c),
		    site->name);
	if (site->fields.n > TRAIT_NAMES_MAX)
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": fields has %zu names, at most %d are allowed",
		    config_origin(c), site->name, site->fields.n, TRAIT_NAMES_MAX);
	if (site->rules.n > RULES_MAX)
		return err_set(e, ERR_INPUT,
		    "%s: site \"%s\": rules has %zu rules, at most %d are allowed: join some with "
		    "*",
		    config_origin(c), site->name, site->rules.n, RULES_MAX);
	if (site->ca_file[0] != '\0' && access(site->ca_file, R_OK) != 0) {
		err_sys(e, "cannot read ca_file %s", site->ca_file);
		return err_wrap(e, "%s: site \"%s\"", config_origin(c), site->name);
	}
	return client_files_check(c, site, e);
}

static int
check_listeners(const struct config *c, const struct config_site *site, struct err *e)
{
	for (size_t i = 0; i < c->ingest.listen.n; i++)
		if (!address_is_local(c->ingest.listen.item[i]))
			return err_set(e, ERR_INPUT,
			    "%s: ingest listens on %s, which other machines can reach, so site "
			    "\"%s\" needs write_keys (or set BENTOSPOOL_WRITE_KEYS)",
			    config_origin(c), c->ingest.listen.item[i], site->name);
	if (c->n_sites > 1)
		return err_set(e, ERR_INPUT,
		    "%s: with several sites each needs its own write_keys: site \"%s\" has "
		    "none",
		    config_origin(c), site->name);
	return 0;
}

bool
config_has_write_key(const struct config_site *site, const char *key)
{
	for (size_t i = 0; i < site->write_keys.n; i++)
		if (strcmp(site->write_keys.item[i], key) == 0)
			return true;
	return false;
}

/* A write key decides the site, so it may belong to one site only. */
static int
check_shared_keys(const struct config *c, size_t which, struct err *e)
{
	const struct config_site *site = &c->sites[which];

	for (size_t i = 0; i < site->write_keys.n; i++)
		for (size_t other = 0; other < which; other++)
			if (config_has_write_key(&c->sites[other], site->write_keys.item[i]))
				return err_set(e, ERR_INPUT,
				    "%s: sites \"%s\" and \"%s\" have a write key in common",
				    config_origin(c), c->sites[other].name, site->name);
	return 0;
}

static int
check_shared_secret(const struct config *c, size_t which, struct err *e)
{
	const struct config_site *site = &c->sites[which];

	for (size_t other = 0; other < which && site->webhook_secret[0] != '\0'; other++)
		if (strcmp(c->sites[other].webhook_secret, site->webhook_secret) == 0)
			return err_set(e, ERR_INPUT,
			    "%s: sites \"%s\" and \"%s\" have the same webhook_secret, which "
			    "decides the site",
			    config_origin(c), c->sites[other].name, site->name);
	return 0;
}

/* A site with client_names may be reached by clients that prove one of them, and by no other. */
static int
check_client_names(const struct config *c, const struct config_site *site, struct err *e)
{
	if (site->client_names.n == 0 || c->ingest.tls.client_ca_file[0] != '\0')
		return 0;
	return err_set(e, ERR_INPUT,
	    "%s: site \"%s\": client_names needs client_ca_file in ingest, which says whose "
	    "certificates count",
	    config_origin(c), site->name);
}

static bool
has_name(const struct config_site *site, const char *name)
{
	for (size_t i = 0; i < site->client_names.n; i++)
		if (strcasecmp(site->client_names.item[i], name) == 0)
			return true;
	return false;
}

static int
check_shared_names(const struct config *c, size_t which, struct err *e)
{
	const struct config_site *site = &c->sites[which];

	for (size_t i = 0; i < site->client_names.n; i++)
		for (size_t other = 0; other < which; other++)
			if (has_name(&c->sites[other], site->client_names.item[i]))
				return err_set(e, ERR_INPUT,
				    "%s: sites \"%s\" and \"%s\" have the client name %.128s in "
				    "common, which decides the site",
				    config_origin(c), c->sites[other].name, site->name,
				    site->client_names.item[i]);
	return 0;
}

static int
check_limits(const struct config *c, struct err *e)
{
	struct sockaddr_un un;

	if (c->ingest.listen.n == 0)
		return err_set(
		    e, ERR_INPUT, "%s: ingest: listen must name an address", config_origin(c));
	if (c->ingest.max_buffered < BUFFERED_PER_BODY * c->ingest.max_body + BUFFERED_BESIDE)
		return err_set(e, ERR_INPUT,
		    "%s: ingest: max_buffered must be at least three times max_body and 64 KiB "
		    "(%lld), so that every body can be parsed",
		    config_origin(c),
		    (long long)(BUFFERED_PER_BODY * c->ingest.max_body + BUFFERED_BESIDE));
	if (strlen(c->control) >= sizeof(un.sun_path))
		return err_set(e, ERR_INPUT,
		    "%s: the control socket's name %.100s... is longer than %zu bytes: set control "
		    "to a shorter one",
		    config_origin(c), c->control, sizeof(un.sun_path) - 1);
	return 0;
}

/* The first n addresses of the list, which belongs to the section, must leave the address free. */
static int
check_free(const struct config *c, const char *section, const struct config_list *listen, size_t n,
    const char *own_section, const char *address, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (address_collides(listen->item[i], address))
			return err_set(e, ERR_INPUT,
			    "%s: %s: listen: %.128s is already taken by %s: listen (%.128s): give "
			    "one of them another address",
			    config_origin(c), own_section, address, section, listen->item[i]);
	return 0;
}

/* At the start the second of two equal addresses would look like another program's. */
static int
check_addresses(const struct config *c, struct err *e)
{
	const struct config_list *ingest = &c->ingest.listen, *admin = &c->admin.listen;

	for (size_t i = 0; i < ingest->n; i++)
		if (check_free(c, "ingest", ingest, i, "ingest", ingest->item[i], e) != 0)
			return -1;
	for (size_t i = 0; i < admin->n; i++)
		if (check_free(c, "ingest", ingest, ingest->n, "admin", admin->item[i], e) != 0
		    || check_free(c, "admin", admin, i, "admin", admin->item[i], e) != 0)
			return -1;
	return 0;
}

/* Clients on other machines must authenticate to the admin listener, over TLS or through a proxy.
 */
static int
check_admin(const struct config *c, struct err *e)
{
	const struct config_admin *a = &c->admin;

	if (a->public_url.n > 0 && a->read_token_file[0] == '\0' && a->act_token_file[0] == '\0')
		return err_set(e, ERR_INPUT,
		    "%s: admin: public_url: nobody can log in at %.128s: set read_token_file or "
		    "act_token_file",
		    config_origin(c), a->public_url.item[0]);
	for (size_t i = 0; i < c->admin.listen.n; i++) {
		const char *address = c->admin.listen.item[i];
		bool proves =
		    address_is_tls(address)
		    && (a->tls.client_ca_file[0] != '\0' || a->read_token_file[0] != '\0');

		if (!address_is_local(address) && !proves)
			return err_set(e, ERR_INPUT,
			    "%s: admin: listen: other machines can reach %s, and nobody has to log "
			    "in there: listen on tls: and set read_token_file or client_ca_file; "
			    "or "
			    "listen on a loopback address or a unix socket",
			    config_origin(c), address);
	}
	return 0;
}

/* Checks the alarm program when the daemon starts, and not only at the first alarm. */
static int
check_alarm(const struct config *c, struct err *e)
{
	const char *program = c->alarm_command.n == 0 ? NULL : c->alarm_command.item[0];

	if (program == NULL)
		return 0;
	if (program[0] != '/')
		return err_set(e, ERR_INPUT,
		    "%s: alarm_command: \"%.128s\" must be the absolute path of a program; its "
		    "arguments are further items of the list",
		    config_origin(c), program);
	if (access(program, X_OK) != 0)
		return err_sys(
		    e, "%s: alarm_command: %.128s cannot be run", config_origin(c), program);
	return 0;
}

int
config_try_archive(const struct config *c)
{
	const char *folder = c->retention.archive;
	struct stat st;

	if (folder[0] == '\0')
		return 0;
	if (stat(folder, &st) != 0)
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
}

const char *
config_archive_remedy(int cause)
{
	switch (cause) {
	case ENOENT:
		return "create the directory, owned by the user that runs bentospool, with mode "
		       "0700";
	case ENOTDIR:
		return "name a directory";
	case EROFS:
		return "name a directory that can be written (for a unit also in ReadWritePaths)";
	default:
		return "give the directory to the user that runs bentospool (chown, chmod u+rwx), "
		       "and "
		       "run this as that user";
	}
}

int
config_check_archive(const struct config *c, struct err *e)
{
	int cause = config_try_archive(c);

	if (cause == 0)
		return 0;
	return err_set(e, ERR_INPUT, "%s: retention: archive: cannot write into %.128s: %s: %s",
	    config_origin(c), c->retention.archive, strerror(cause), config_archive_remedy(cause));
}

int
config_check(const struct config *c, struct err *e)
{
	if (c->n_sites == 0 && c->file[0] == '\0')
		return err_set(e, ERR_INPUT,
		    "there is no configuration " CONFIG_DEFAULT_FILE
		    ": create it with bentospool init, or set BENTO_SITE_UUID, "
		    "BENTO_PUBLISHABLE_KEY and BENTO_SECRET_KEY");
	if (c->n_sites == 0)
		return err_set(e, ERR_INPUT,
		    "%s: no site: add a section site \"main\" { ... }, or set BENTO_SITE_UUID, "
		    "BENTO_PUBLISHABLE_KEY and BENTO_SECRET_KEY",
		    config_origin(c));
	if (check_limits(c, e) != 0 || check_addresses(c, e) != 0 || check_admin(c, e) != 0
	    || check_alarm(c, e) != 0)
		return -1;
	if (tls_files_check(c, e) != 0)
		return err_wrap(e, "%s", config_origin(c));
	for (size_t i = 0; i < c->n_sites; i++) {
		const struct config_site *site = &c->sites[i];

		if (check_site(c, site, e) != 0 || check_shared_keys(c, i, e) != 0
		    || check_shared_secret(c, i, e) != 0
		    || fleet_check_boxes(config_origin(c), c, i, e) != 0)
			return -1;
		if (check_client_names(c, site, e) != 0 || check_shared_names(c, i, e) != 0)
			return -1;
		if (site->write_keys.n == 0 && site->client_names.n == 0
		    && check_listeners(c, site, e) != 0)
			return -1;
	}
	return 0;
}
