#include <stdio.h>
#include <unistd.h>

#include "base/rand.h"
#include "cli/verbs.h"
#include "outbox/read/export.h"

#define PAGE 200
#define LINE_MAX_BYTES 67108864 /* an event with all that its batch said */

struct exporter {
	struct outbox_audit *audit;
	const struct siphash_key *redact; /* NULL: as it is */
	FILE *to;
	struct buf line;
	int64_t
	    id[PAGE]; /* of the page under way: its transaction ends before anything is written */
	size_t n;
	int64_t written;
};

static void
add_id(void *arg, const struct audit_event *event)
{
	struct exporter *x = arg;

	x->id[x->n++] = event->event_id;
}

static int
write_event(struct exporter *x, int64_t event_id, struct err *e)
{
	int rc;

	buf_clear(&x->line);
	rc = outbox_export_line(x->audit, event_id, x->redact, &x->line, e);
	if (rc <= 0)
		return rc; /* 0: retention took it meanwhile */
	if (fwrite(x->line.p, 1, x->line.n, x->to) != x->line.n)
		return err_sys(e, "cannot write the output");
	x->written++;
	return 0;
}

static int
write_pages(struct exporter *x, const struct outbox_filter *f, struct err *e)
{
	struct audit_page page = { 0 };

	do {
		x->n = 0;
		page.rows = PAGE;
		if (f->limit != 0 && f->limit - x->written < PAGE)
			page.rows = (size_t)(f->limit - x->written);
		if (outbox_audit_list(x->audit, f, &page, add_id, x, e) != 0)
			return -1;
		for (size_t i = 0; i < x->n; i++)
			if (write_event(x, x->id[i], e) != 0)
				return -1;
	} while (page.rows > 0 && (f->limit == 0 || x->written < f->limit));
	return fflush(x->to) == 0 ? 0 : err_sys(e, "cannot write the output");
}

/* Synced, and only then under its name; what would be empty is not made. */
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
		return write_pages(x, &o->filter, e);
	fd = outbox_part_open(o->output, e);
	if (fd < 0)
		return -1;
	x->to = fdopen(fd, "w");
	if (x->to == NULL) {
		close(fd);
		outbox_part_remove(o->output);
		return err_nomem(e);
	}
	return end_output(x, o->output, write_pages(x, &o->filter, e), e);
}

static int
export_events(struct outbox_audit *audit, const struct options *o)
{
	struct exporter x = { .audit = audit };
	struct siphash_key key;
	struct err e = { 0 };
	int rc = 0;

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
		fprintf(stderr, "bentospool: no event matches\n");
	else if (o->output != NULL && !o->json)
		fprintf(stderr, "bentospool: %lld events written to %s\n", (long long)x.written,
		    o->output);
	return x.written == 0 ? VERB_NOTHING : VERB_DONE;
}

int
verb_export(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	int rc;

	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = export_events(audit, o);
	outbox_audit_close(audit);
	config_free(c);
	return rc;
}
