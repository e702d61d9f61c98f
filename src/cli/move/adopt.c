/*
 * adopt: takes over what another database has not delivered: first its statements about ids, then
 * its pending, held and failed events in order. The other file is only read; a file of an older
 * version, or with erasures to do, is read through a copy, and of a damaged file a new one is made.
 * adopt refuses a file on which a daemon is running, and an event whose site does not exist here.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/move/each_event.h"
#include "cli/move/importing.h"
#include "cli/move/recovered.h"
#include "cli/verbs.h"
#include "outbox/file/lock.h"
#include "outbox/lines/line_reader.h"
#include "outbox/operate/upgrade.h"
#include "outbox/read/audit.h"
#include "outbox/read/export.h"
#include "outbox/read/integrity.h"
#include "term/terminal.h"

#define PATH_SIZE 4096
#define CHECK_MS (24 * 3600 * INT64_C(1000))

static const enum event_status adopted[] = { STATUS_PENDING, STATUS_HELD, STATUS_FAILED };

struct adopt {
	struct importing importing;
	struct outbox_audit *old;
	struct audit_site *here; /* the sites of this database */
	size_t n_here;
	size_t n_there;
	char copy[PATH_SIZE]; /* path of the migrated copy; "" when none was needed */
	int64_t erased;       /* persons erased from that copy */
	struct buf line;
	bool recovered;               /* the file is damaged: the copy has what could be read, */
	struct recover_report report; /* and this says what could not */
	int64_t left[STATUS_COUNT];   /* events that are not taken over, by status */
	int64_t left_ids;
	int64_t events; /* that are taken over, unless they are here already */
};

/* ---- checks ---------------------------------------------------------------------------------- */

/* Refuses a file on which a daemon is running: two daemons must never write to one file or send the
 * same events. */
static int
check_files(const char *ours, const char *old, struct err *e)
{
	struct stat a, b;
	long pid;

	if (stat(old, &b) != 0)
		return err_sys(e, "cannot read %s", old);
	if (stat(ours, &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return err_set(e, ERR_INPUT, "%s is the database in use: name the other one", old);
	pid = lock_holder(old, e);
	if (pid < 0)
		return -1;
	return pid == 0 ? 0
			: err_set(e, ERR_BUSY,
			    "a bentospool (process %ld) has %s open and sends its events: stop it "
			    "first",
			    pid, old);
}

/* Refuses a file whose events have times of a clock that was not set: such times must not reach
 * Bento. */
static int
check_times(struct adopt *s, const char *old, struct err *e)
{
	int64_t n;

	if (outbox_audit_unset(s->old, &n, e) != 0)
		return -1;
	return n == 0 ? 0
		      : err_set(e, ERR_INPUT,
			  "%s has %lld event%s from a time when the clock was not set: run "
			  "bentospool serve on it, which corrects their times, then try again",
			  old, (long long)n, words_plural(n));
}

static int64_t
count_adopted(const struct audit_site *site)
{
	int64_t n = 0;

	for (size_t i = 0; i < sizeof(adopted) / sizeof(*adopted); i++)
		n += site->counts[adopted[i]];
	return n;
}

static bool
has_site(const struct audit_site *sites, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(sites[i].name, name) == 0)
			return true;
	return false;
}

/* Every site whose events are taken over must exist here. */
static int
check_sites(struct adopt *s, struct outbox_audit *ours, struct err *e)
{
	struct audit_site *there = NULL;
	int rc = 0;

	if (outbox_audit_site_modes(ours, &s->here, &s->n_here, e) != 0)
		return -1;
	rc = outbox_audit_sites(s->old, &there, &s->n_there, e);
	for (size_t i = 0; rc == 0 && i < s->n_there; i++) {
		const char *to = s->importing.o->to_site;

		for (int k = 0; k < STATUS_COUNT; k++)
			s->left[k] += there[i].counts[k];
		if (to == NULL)
			to = there[i].name;
		s->events += count_adopted(&there[i]);
		if (count_adopted(&there[i]) > 0 && !has_site(s->here, s->n_here, to))
			rc = err_set(e, ERR_INPUT,
			    "there is no site \"%s\" here for the events of site \"%s\": add it to "
			    "the configuration and start the daemon once, or choose another site "
			    "with --site",
			    to, there[i].name);
	}
	for (size_t i = 0; i < sizeof(adopted) / sizeof(*adopted); i++)
		s->left[adopted[i]] = 0;
	free(there);
	return rc;
}

/* ---- the events ------------------------------------------------------------------------------ */

static int
add_event(void *arg, int64_t event_id, struct err *e)
{
	struct adopt *s = arg;
	int rc;

	buf_clear(&s->line);
	rc = outbox_export_line(s->old, event_id, NULL, &s->line, e);
	if (rc <= 0)
		return rc;
	buf_truncate(&s->line, s->line.n - 1); /* without its newline */
	return importer_add(&s->importing.importer, buf_slice(&s->line), event_id, e) == 0 ? 1 : -1;
}

static int
add_events(struct adopt *s, struct err *e)
{
	struct outbox_filter f;
	int64_t after = 0;
	int rc;

	outbox_filter_init(&f);
	for (size_t i = 0; i < sizeof(adopted) / sizeof(*adopted); i++)
		f.statuses |= 1u << adopted[i];
	rc = each_event(s->old, &f, &after, add_event, s, e);
	outbox_filter_free(&f);
	return rc;
}

/* Whether this database keeps the ids of that site. An id has a meaning only within its own
 * site: where several sites become one, two persons could have the same id. */
static bool
keeps_ids(const struct adopt *s, const char *site)
{
	const char *to = s->importing.o->to_site;
	const struct config_site *here;

	if (to != NULL && s->n_there > 1 && strcmp(to, site) != 0)
		return false;
	if (to == NULL)
		to = site;
	here = config_find_site(s->importing.c, to);
	return here != NULL && here->identity_max > 0 && has_site(s->here, s->n_here, to);
}

static int
add_identity(void *arg, const struct outbox_identity *identity, struct err *e)
{
	struct adopt *s = arg;
	char site[AUDIT_NAME_MAX];

	snprintf(site, sizeof(site), "%.*s", (int)identity->site.n, identity->site.p);
	if (identity->line.p != NULL && keeps_ids(s, site))
		return importer_add(&s->importing.importer, identity->line, 0, e);
	s->left_ids++;
	return 0;
}

static cJSON *
left_json(const struct adopt *s)
{
	cJSON *left = cJSON_CreateObject();

	for (int k = 0; k < STATUS_COUNT; k++)
		if (s->left[k] > 0)
			cJSON_AddNumberToObject(
			    left, status_name((enum event_status)k), (double)s->left[k]);
	if (s->left_ids > 0)
		cJSON_AddNumberToObject(left, "identities", (double)s->left_ids);
	if (s->erased > 0)
		cJSON_AddNumberToObject(left, "erased_persons", (double)s->erased);
	if (s->recovered)
		recovered_json(&s->report, cJSON_AddObjectToObject(left, "damaged"));
	return left;
}

static void
print_left(const struct adopt *s, const char *old)
{
	for (int k = 0; k < STATUS_COUNT; k++)
		if (s->left[k] > 0)
			printf("  %lld stay in %s: %s\n", (long long)s->left[k], old,
			    status_name((enum event_status)k));
	if (s->left_ids > 0)
		printf("  %lld ids of persons stay in %s: their site is not here, keeps no ids, or "
		       "is merged with another\n",
		    (long long)s->left_ids, old);
	if (s->erased > 0)
		printf("  %lld left out: erased, as delete calls asked for. Erase those persons "
		       "here, too;\n"
		       "  in %s, SELECT email FROM erasure names them\n",
		    (long long)s->erased, old);
	if (!s->importing.o->dry_run)
		printf("%s is unchanged and still holds these events: never start a daemon on it "
		       "again\n",
		    old);
}

static int
adopt(struct adopt *s, const struct config *c, const struct options *o)
{
	struct err e = { 0 };
	int rc;

	if (importing_begin(&s->importing, c, o, "adopt", "event", o->operands[0], &e) != 0)
		return verb_fail(&e);
	buf_init(&s->line, LINE_MAX_BYTES);
	/* Ids come first, so that events that need their addresses become due at once. */
	rc = outbox_export_identities(s->old, add_identity, s, &e);
	rc = importing_end(&s->importing, rc == 0 ? add_events(s, &e) : -1, &e);
	buf_free(&s->line);
	if (rc != 0)
		return verb_fail(&e);
	rc = importing_print(&s->importing, o->json ? left_json(s) : NULL);
	if (!o->json && (rc != VERB_NOTHING || s->left_ids + s->erased > 0))
		print_left(s, o->operands[0]);
	if (!s->recovered)
		return rc;
	if (!o->json)
		recovered_print(&s->report);
	return recover_is_complete(&s->report) ? rc : VERB_ERROR;
}

/* Opens the other file. If that file has an older version or erasures to do, opens an upgraded
 * copy instead, because the file itself must not change. */
static int
open_intact(struct adopt *s, const char *old, struct err *e)
{
	bool older;

	if (outbox_upgrade_needed(old, &older, e) != 0)
		return -1;
	if (older)
		return outbox_upgrade_copy(old, s->copy, &s->erased, e) == 0
			   ? outbox_audit_open(s->copy, &s->old, e)
			   : -1;
	return outbox_audit_open(old, &s->old, e) == 0 ? outbox_quick_check(s->old, CHECK_MS, e)
						       : -1;
}

/* Makes a new file from what is left of a damaged one. */
static int
open_damaged(struct adopt *s, const char *old, const struct err *cause, struct err *e)
{
	outbox_audit_close(s->old);
	s->old = NULL;
	outbox_upgrade_remove(s->copy);
	if (outbox_recover(old, s->copy, clock_wall(&clock_system), NULL, &s->report, e) != 0) {
		if (e->code == ERR_INPUT || e->code == ERR_SYSTEM)
			*e = *cause;
		return -1;
	}
	s->recovered = true;
	fprintf(
	    stderr, "bentospool: %s is damaged (%s): taking what can be read\n", old, cause->text);
	return outbox_upgrade_file(s->copy, &s->erased, e) == 0
		   ? outbox_audit_open(s->copy, &s->old, e)
		   : -1;
}

static int
open_old(struct adopt *s, const char *ours, const char *old, struct err *e)
{
	struct err cause;

	snprintf(s->copy, sizeof(s->copy), "%s.adopted", ours);
	if (open_intact(s, old, e) == 0)
		return 0;
	cause = *e;
	return outbox_may_be_damaged(&cause) ? open_damaged(s, old, &cause, e) : -1;
}

static int
open_both(struct adopt *s, const struct config *c, const struct options *o,
    struct outbox_audit *ours, struct err *e)
{
	if (check_files(c->database, o->operands[0], e) != 0
	    || open_old(s, c->database, o->operands[0], e) != 0)
		return -1;
	s->importing.o = o;
	return check_times(s, o->operands[0], e) != 0 ? -1 : check_sites(s, ours, e);
}

/* Returns VERB_DONE, or the exit code. There is no undo, so it asks even about a single event. */
static int
confirm(const struct adopt *s, const struct options *o)
{
	char question[PATH_SIZE + 128];
	long long n = s->events;

	if (o->yes || o->dry_run || n == 0)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage(
		    "this would adopt %lld event%s; nothing was done: add --yes to do "
		    "it",
		    n, words_plural(n));
	snprintf(question, sizeof(question), "adopt %lld event%s of %s?", n, words_plural(n),
	    o->operands[0]);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

static int
run(struct adopt *s, struct outbox_audit *ours, const struct config *c, const struct options *o)
{
	struct err e;
	int rc = open_both(s, c, o, ours, &e);

	outbox_audit_close(ours);
	rc = rc == 0 ? confirm(s, o) : verb_fail(&e);
	if (rc == VERB_DONE)
		rc = adopt(s, c, o);
	outbox_audit_close(s->old);
	if (s->copy[0] != '\0')
		outbox_upgrade_remove(s->copy);
	free(s->here);
	return rc;
}

int
verb_adopt(const struct options *o)
{
	struct outbox_audit *ours;
	struct config *c;
	struct adopt *s;
	struct err e;
	int rc;

	if (o->n_operands == 0)
		return verb_usage("adopt: name the other database");
	if (verb_open(o, &c, &ours) != 0)
		return VERB_ERROR;
	s = calloc(1, sizeof(*s));
	if (s != NULL) {
		rc = run(s, ours, c, o);
	} else {
		outbox_audit_close(ours);
		err_nomem(&e);
		rc = verb_fail(&e);
	}
	config_free(c);
	free(s);
	return rc;
}
