/*
 * Opens the configuration and the database for a verb that reads. Both may be missing, or
 * unreadable for this user; each error says which option or which user would help.
 */
#include "cli/open.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "cli/output.h"
#include "client/peer.h"
#include "outbox/read/audit.h"
#include "outbox/read/integrity.h"

#define ID_MAX INT64_C(999999999999999999)

static int
load(const struct options *o, struct config **ret_config, struct err *e)
{
	struct config_request r = { .file = o->config, .database = o->database, .reading = true };

	return config_load(&r, ret_config, e);
}

int
verb_config(const struct options *o, struct config **ret_config)
{
	struct err e;

	if (load(o, ret_config, &e) == 0)
		return 0;
	verb_fail(&e);
	return -1;
}

/* A daemon that still holds its files open knows what is wrong with the disk. */
static bool
ask_daemon(const struct config *c, struct err *e)
{
	struct err cause = *e;
	struct peer peer;

	peer_look(c, &peer);
	if (peer.state != PEER_UP || strcmp(peer.health, "ok") == 0)
		return false;
	err_set(e, cause.code, "%s; the daemon refuses events: %s", cause.text, peer.health_text);
	return true;
}

/* Whether a daemon still has the removed file open. */
static bool
explain_removed(const struct config *c, struct err *e)
{
	struct err cause = *e;
	struct peer peer;

	peer_look(c, &peer);
	if (peer.state != PEER_UP)
		return false;
	err_set(e, ERR_NOTFOUND,
	    "%s: it was removed under the running daemon (process %ld): first copy what is "
	    "deleted of it and its -wal from /proc/%ld/fd; then stop the daemon, put the copies "
	    "back, or a backup with bentospool restore, and start it",
	    cause.text, peer.pid, peer.pid);
	return true;
}

static void
explain(const struct options *o, const struct config *c, struct err *e)
{
	bool begins =
	    o->database == NULL && c->file[0] == '\0' && getenv("BENTO_SITE_UUID") == NULL;
	struct err cause = *e;

	if (e->code == ERR_NOTFOUND && !explain_removed(c, e))
		err_set(e, ERR_NOTFOUND,
		    begins ? "%s, and no configuration " CONFIG_DEFAULT_FILE
			     ": begin with bentospool init, or name another file with --database"
			   : "%s: start `bentospool serve`, which creates it, or name another file "
			     "with --database",
		    cause.text);
	if (e->code == ERR_IO && strstr(cause.text, "belongs to") == NULL && !ask_daemon(c, e)
	    && geteuid() != 0)
		err_set(e, ERR_IO,
		    "%s (if %s is a bentospool database, run this as root or as the daemon's user)",
		    cause.text, c->database);
}

/* A broken configuration must not prevent reading the database. */
static void
offer_database(const struct options *o, struct err *e)
{
	struct err cause = *e;

	if ((o->config == NULL && o->database != NULL) || strstr(cause.text, "--database") != NULL)
		return;
	err_set(e, cause.code,
	    "%s (to read a database without the configuration, use --database FILE%s)", cause.text,
	    o->config == NULL ? "" : " instead of -c");
}

/* ret_damage may be NULL. */
static int
open_both(const struct options *o, struct config **ret_config, struct outbox_audit **ret_audit,
    struct err *ret_damage)
{
	struct err e;

	*ret_audit = NULL;
	if (load(o, ret_config, &e) != 0) {
		offer_database(o, &e);
		verb_fail(&e);
		return -1;
	}
	if (outbox_audit_open((*ret_config)->database, ret_audit, &e) == 0)
		return 0;
	explain(o, *ret_config, &e);
	if (ret_damage != NULL && outbox_may_be_damaged(&e)) {
		*ret_damage = e;
		return 0;
	}
	config_free(*ret_config);
	verb_fail(&e);
	return -1;
}

int
verb_open(const struct options *o, struct config **ret_config, struct outbox_audit **ret_audit)
{
	return open_both(o, ret_config, ret_audit, NULL);
}

int
verb_open_damaged(const struct options *o, struct config **ret_config,
    struct outbox_audit **ret_audit, struct err *ret_damage)
{
	return open_both(o, ret_config, ret_audit, ret_damage);
}

int
verb_read(const struct options *o,
    int (*read)(struct outbox_audit *audit, const struct options *o, const struct config *c))
{
	struct outbox_audit *audit;
	struct config *c;
	int code;

	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	code = read(audit, o, c);
	outbox_audit_close(audit);
	config_free(c);
	return code;
}

int
verb_read_id(const char *text, int64_t *ret_id)
{
	return number_parse(text, 1, ID_MAX, ret_id);
}
