/*
 * export: writes the matching events as lines of JSON to standard output or to a new file. A file
 * gets its name only when it is complete and synced; after an error, or without events, there is no
 * file. Of a damaged database a new one is made, and the export continues there.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/plural.h"
#include "base/rand.h"
#include "cli/move/each_event.h"
#include "cli/move/recovered.h"
#include "cli/verbs.h"
#include "outbox/file/lock.h"
#include "outbox/file/part.h"
#include "outbox/operate/upgrade.h"
#include "outbox/read/export.h"
#include "outbox/read/integrity.h"

#define PATH_SIZE 4096
#define LINE_MAX_BYTES 67108864 /* bytes of a line: an event and the values of its batch */

struct exporter {
	struct outbox_audit *audit;
	const struct siphash_key *redact; /* NULL: do not redact */
	FILE *to;
	struct buf line;
	int64_t written;
	int64_t after; /* the last event that was written */
	bool cannot_write;
	/* For a damaged database. */
	const char *database;
	struct outbox_audit *recovered;
	char copy[PATH_SIZE]; /* what could be read; "": none was needed */
	struct recover_report report;
};

static int
write_event(void *arg, int64_t event_id, struct err *e)
{
	struct exporter *x = arg;
	int rc;

	buf_clear(&x->line);
	rc = outbox_export_line(x->audit, event_id, x->redact, &x->line, e);
	if (rc <= 0)
		return rc;
	if (fwrite(x->line.p, 1, x->line.n, x->to) != x->line.n) {
		x->cannot_write = true;
		return err_sys(e, "cannot write the output");
	}
	x->written++;
	return 1;
}

/* Makes a new file of what the damaged database still says, beside it, and reads that one. */
static int
open_damaged(struct exporter *x, const struct err *cause, struct err *e)
{
	long pid = lock_holder(x->database, NULL);

	if (pid > 0)
		return err_set(e, ERR_BUSY,
		    "%s is damaged (%s), and a bentospool (process %ld) has it open: stop it, then "
		    "export what can be read",
		    x->database, cause->text, pid);
	snprintf(x->copy, sizeof(x->copy), "%s.exported", x->database);
	outbox_upgrade_remove(x->copy);
	if (pid < 0
	    || outbox_recover(x->database, x->copy, clock_wall(&clock_system), NULL, &x->report, e)
		   != 0) {
		*e = *cause;
		return -1;
	}
	fprintf(stderr, "bentospool: %s is damaged (%s): exporting what can be read\n", x->database,
	    cause->text);
	return outbox_audit_open(x->copy, &x->recovered, e);
}

/* The new file has the same ids, so the export goes on after the last event that was written. */
static int
go_on(struct exporter *x, struct outbox_filter f, struct err *e)
{
	struct err cause = *e;
	bool all = f.limit == 0;

	if (x->cannot_write || !outbox_may_be_damaged(&cause) || open_damaged(x, &cause, e) != 0)
		return -1;
	f.limit -= all ? 0 : x->written;
	x->audit = x->recovered;
	return all || f.limit > 0 ? each_event(x->audit, &f, &x->after, write_event, x, e) : 0;
}

static int
write_events(struct exporter *x, const struct outbox_filter *f, struct err *e)
{
	if ((x->audit == NULL || each_event(x->audit, f, &x->after, write_event, x, e) != 0)
	    && go_on(x, *f, e) != 0)
		return -1;
	return fflush(x->to) == 0 ? 0 : err_sys(e, "cannot write the output");
}

/* The file gets its name once it is synced. A file without events is not created. */
static int
end_output(struct exporter *x, const char *file, int rc, struct err *e)
{
	if (rc == 0 && fsync(fileno(x->to)) != 0)
		rc = err_sys(e, "cannot sync %s", file);
	if (fclose(x->to) != 0 && rc == 0)
		rc = err_sys(e, "cannot write %s", file);
	if (rc == 0 && x->written > 0)
		rc = part_finish(file, e);
	if (rc != 0 || x->written == 0)
		part_remove(file);
	return rc;
}

static int
write_output(struct exporter *x, const struct options *o, struct err *e)
{
	int fd;

	x->to = stdout;
	if (o->output == NULL)
		return write_events(x, &o->filter, e);
	fd = part_open(o->output, e);
	if (fd < 0)
		return -1;
	x->to = fdopen(fd, "w");
	if (x->to == NULL) {
		close(fd);
		part_remove(o->output);
		return err_nomem(e);
	}
	return end_output(x, o->output, write_events(x, &o->filter, e), e);
}

/* Returns the exit code. */
static int
report(const struct exporter *x, const struct options *o)
{
	bool complete = x->recovered == NULL || recover_is_complete(&x->report);

	if (x->recovered != NULL)
		recovered_print(&x->report);
	if (x->written == 0 && complete)
		return verb_no_match();
	if (o->output != NULL && !o->json)
		fprintf(stderr, "bentospool: %lld event%s written to %s\n", (long long)x->written,
		    words_plural(x->written), o->output);
	return complete ? VERB_DONE : VERB_ERROR;
}

static int
export_events(struct exporter *x, const struct options *o, struct err *e)
{
	struct siphash_key key;
	int rc = 0;

	if (o->redact) {
		rc = rand_system(&key, sizeof(key), e);
		x->redact = &key;
	}
	buf_init(&x->line, LINE_MAX_BYTES);
	if (rc == 0)
		rc = write_output(x, o, e);
	buf_free(&x->line);
	outbox_audit_close(x->recovered);
	if (x->copy[0] != '\0')
		outbox_upgrade_remove(x->copy);
	return rc == 0 ? report(x, o) : verb_fail(e);
}

int
verb_export(const struct options *o)
{
	struct exporter x = { 0 };
	struct outbox_audit *audit;
	struct config *c;
	struct err e = { 0 };
	int rc;

	if (verb_open_damaged(o, &c, &audit, &e) != 0)
		return VERB_ERROR;
	x.audit = audit;
	x.database = c->database;
	rc = export_events(&x, o, &e);
	outbox_audit_close(audit);
	config_free(c);
	return rc;
}
