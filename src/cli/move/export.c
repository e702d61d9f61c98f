/*
 * export: writes the matching events as lines of JSON to standard output or to a new file. A file
 * gets its name only when it is complete and synced; after an error, or without events, there is no
 * file.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/plural.h"
#include "base/rand.h"
#include "cli/move/each_event.h"
#include "cli/verbs.h"
#include "outbox/read/export.h"

#define LINE_MAX_BYTES 67108864 /* bytes of a line: an event and the values of its batch */

struct exporter {
	struct outbox_audit *audit;
	const struct siphash_key *redact; /* NULL: do not redact */
	FILE *to;
	struct buf line;
	int64_t written;
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
	if (fwrite(x->line.p, 1, x->line.n, x->to) != x->line.n)
		return err_sys(e, "cannot write the output");
	x->written++;
	return 1;
}

static int
write_events(struct exporter *x, const struct outbox_filter *f, struct err *e)
{
	if (each_event(x->audit, f, write_event, x, e) != 0)
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
		rc = outbox_part_finish(file, e);
	if (rc != 0 || x->written == 0)
		outbox_part_remove(file);
	return rc;
}

static int
write_output(struct exporter *x, const struct options *o, struct err *e)
{
	int fd;

	x->to = stdout;
	if (o->output == NULL)
		return write_events(x, &o->filter, e);
	fd = outbox_part_open(o->output, e);
	if (fd < 0)
		return -1;
	x->to = fdopen(fd, "w");
	if (x->to == NULL) {
		close(fd);
		outbox_part_remove(o->output);
		return err_nomem(e);
	}
	return end_output(x, o->output, write_events(x, &o->filter, e), e);
}

static int
export_events(struct outbox_audit *audit, const struct options *o, const struct config *c)
{
	struct exporter x = { .audit = audit };
	struct siphash_key key;
	struct err e = { 0 };
	int rc = 0;

	(void)c;
	if (o->redact) {
		rc = rand_system(&key, sizeof(key), &e);
		x.redact = &key;
	}
	buf_init(&x.line, LINE_MAX_BYTES);
	if (rc == 0)
		rc = write_output(&x, o, &e);
	buf_free(&x.line);
	if (rc != 0)
		return verb_fail(&e);
	if (x.written == 0)
		return verb_no_match();
	if (o->output != NULL && !o->json)
		fprintf(stderr, "bentospool: %lld event%s written to %s\n", (long long)x.written,
		    words_plural(x.written), o->output);
	return VERB_DONE;
}

int
verb_export(const struct options *o)
{
	return verb_read(o, export_events);
}
