/*
 * Compares the numbers of the outbox and of ingest with those of the last look. Each kind of alarm
 * has a beginning and, where there is one, an end; between the two it is not raised again. Nothing
 * fails but the allocation.
 */
#include "daemon/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "daemon/alarm.h"
#include "daemon/certificates.h"
#include "outbox/read/audit.h"

/* Refused requests are compared over the last hour, in ten-minute steps. */
#define REQUEST_STEP_MS INT64_C(600000)
#define REQUEST_STEPS 6
#define DAY_MS INT64_C(86400000)
/* Fewer refused requests in an hour raise no alarm: as `status --check` has it. */
#define REFUSED_FEW 10

/* What the next alarm of a site reports. */
struct trouble {
	int64_t site_id;
	uint64_t failed, held;
	int64_t alarm_ms; /* mono: no alarm before */
};

struct watch {
	struct watch_options o;
	uint64_t logged[TALLY_MAX]; /* events of each row that were logged */
	struct tally_row rows[TALLY_MAX];
	int64_t log_ms;          /* mono: no line before */
	struct trouble *trouble; /* one for each site of the configuration */
	size_t n_sites;
	struct ingest_requests requests[REQUEST_STEPS]; /* at the beginning of each step */
	size_t n_requests;
	int64_t request_ms; /* mono: the next step */
	bool refusing;      /* the alarm about refused requests has no end yet */
	bool low;           /* likewise about space */
	struct watch_silence silence;
	const struct certificates *certificate; /* the one that the alarm was about; NULL: none */
};

int
watch_new(const struct watch_options *o, struct watch **ret_watch, struct err *e)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(e);
	w->o = *o;
	w->trouble = calloc(o->n_sites, sizeof(*w->trouble));
	if (w->trouble == NULL) {
		free(w);
		return err_nomem(e);
	}
	w->n_sites = o->n_sites;
	for (size_t i = 0; i < w->n_sites; i++)
		w->trouble[i].site_id = o->site_ids[i];
	/* The first step begins with nothing counted. */
	w->n_requests = 1;
	w->request_ms = clock_mono(o->clock) + REQUEST_STEP_MS;
	*ret_watch = w;
	return 0;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	free(w->silence.boxes);
	free(w->trouble);
	free(w);
}

/* ---- events that failed or are held ---------------------------------------------------------- */

/* The configuration in force. */
struct present {
	const struct config *config;
	const int64_t *site_ids;
};

static const char *
name_of(const struct present *p, int64_t site_id)
{
	for (size_t i = 0; i < p->config->n_sites; i++)
		if (p->site_ids[i] == site_id)
			return p->config->sites[i].name;
	return "-";
}

static struct trouble *
find_trouble(struct watch *w, int64_t site_id)
{
	for (size_t i = 0; i < w->n_sites; i++)
		if (w->trouble[i].site_id == site_id)
			return &w->trouble[i];
	return NULL;
}

static void
log_row(const char *name, const struct tally_row *row, uint64_t events)
{
	long long n = (long long)events;

	if (row->status == STATUS_FAILED)
		log_warn("site %s: %lld event%s failed (%s): see bentospool errors", name, n,
		    words_plural(n), row->reason);
	else if (strcmp(row->reason, "damaged") == 0)
		log_warn(
		    "site %s: the disk has changed %lld event%s held (damaged): run bentospool "
		    "verify, and see bentospool list --reason damaged",
		    name, n, n == 1 ? ", which is" : "s, which are");
	else
		log_warn("site %s: %lld event%s held (%s): see bentospool list --status held", name,
		    n, n == 1 ? " is" : "s are", row->reason);
}

static bool
take_row(struct watch *w, const struct present *p, size_t i)
{
	const struct tally_row *row = &w->rows[i];
	struct trouble *t = find_trouble(w, row->site_id);
	uint64_t events = row->events - w->logged[i];

	w->logged[i] = row->events;
	if (events == 0 || (row->status != STATUS_FAILED && row->status != STATUS_HELD))
		return false;
	log_row(name_of(p, row->site_id), row, events);
	if (t != NULL && row->status == STATUS_FAILED)
		t->failed += events;
	else if (t != NULL)
		t->held += events;
	return true;
}

static void
raise_trouble(struct watch *w, const char *name, struct trouble *t, int64_t now)
{
	char text[ALARM_TEXT_SIZE];

	if (t->failed + t->held == 0 || now < t->alarm_ms)
		return;
	snprintf(text, sizeof(text),
	    "site %s: %llu failed and %llu held since the last such alarm: see bentospool errors "
	    "and bentospool list --status held",
	    name, (unsigned long long)t->failed, (unsigned long long)t->held);
	alarm_raise(w->o.alarm, ALARM_EVENTS_FAILED, name, text);
	t->failed = t->held = 0;
	t->alarm_ms = now + WATCH_ALARM_MS;
}

static void
watch_events(struct watch *w, const struct present *p, int64_t now)
{
	bool logged = false;
	size_t n;

	if (now >= w->log_ms) {
		n = outbox_finished(w->o.outbox, w->rows);
		for (size_t i = 0; i < n; i++)
			logged = take_row(w, p, i) || logged;
		if (logged)
			w->log_ms = now + WATCH_LOG_MS;
	}
	for (size_t i = 0; i < w->n_sites; i++)
		raise_trouble(w, name_of(p, w->trouble[i].site_id), &w->trouble[i], now);
}

/* ---- refused requests ------------------------------------------------------------------------ */

static void
take_step(struct watch *w, const struct ingest_requests *requests, int64_t now)
{
	if (now < w->request_ms)
		return;
	w->request_ms = now + REQUEST_STEP_MS;
	if (w->n_requests == REQUEST_STEPS)
		for (size_t i = 1; i < REQUEST_STEPS; i++)
			w->requests[i - 1] = w->requests[i];
	else
		w->n_requests++;
	w->requests[w->n_requests - 1] = *requests;
}

static void
watch_requests(struct watch *w, const struct config *c, int64_t now)
{
	struct ingest_requests requests;
	char text[ALARM_TEXT_SIZE];
	uint64_t refused, all;
	bool many;

	ingest_count(w->o.ingest, &requests);
	take_step(w, &requests, now);
	refused = requests.refused - w->requests[0].refused;
	all = refused + requests.accepted - w->requests[0].accepted;
	many = c->ingest.refused_percent < 100 && refused >= REFUSED_FEW
	       && refused * 100 > all * (uint64_t)c->ingest.refused_percent;
	if (many == w->refusing)
		return;
	w->refusing = many;
	if (many)
		snprintf(text, sizeof(text),
		    "%llu of %llu requests were refused in the last hour: see bentospool status "
		    "and the log",
		    (unsigned long long)refused, (unsigned long long)all);
	else
		snprintf(text, sizeof(text), "only few requests are refused now");
	alarm_raise(w->o.alarm, many ? ALARM_REQUESTS_REFUSED : ALARM_REQUESTS_OK, "", text);
}

/* ---- space ----------------------------------------------------------------------------------- */

static void
watch_space(struct watch *w, const struct config *c)
{
	uint64_t free_bytes = outbox_audit_free(c->database), min = (uint64_t)c->min_free;
	char text[ALARM_TEXT_SIZE];
	bool low = free_bytes / (w->low ? WATCH_SPACE_OK : WATCH_SPACE_LOW) < min;

	if (low == w->low)
		return;
	w->low = low;
	snprintf(text, sizeof(text),
	    "%llu MB are free beside the database; below %llu MB no event is accepted",
	    (unsigned long long)(free_bytes >> 20), (unsigned long long)(min >> 20));
	if (low)
		log_warn("%s", text);
	alarm_raise(w->o.alarm, low ? ALARM_SPACE_LOW : ALARM_SPACE_OK, "", text);
}

/* ---- the certificate ------------------------------------------------------------------------- */

/* Returns the first one that needs attention, if one does, and prints why. */
static const struct certificates *
find_trouble_of_certificates(
    const struct watch *w, int64_t soon_ms, char *ret_text, size_t size, bool *ret_ends)
{
	int64_t now = clock_wall(w->o.clock);

	for (size_t i = 0; i < w->o.certificates->n; i++) {
		const struct certificates *c = w->o.certificates->item[i];

		if (c == NULL)
			continue;
		*ret_ends = certificates_end(c, now, soon_ms, ret_text, size);
		if (*ret_ends)
			return c;
		if (certificates_fault(c)[0] == '\0')
			continue;
		snprintf(ret_text, size, "%s: the new certificate is not used: %.400s",
		    certificates_listener(c), certificates_fault(c));
		return c;
	}
	return NULL;
}

static void
watch_certificates(struct watch *w, const struct config *c)
{
	char text[ALARM_TEXT_SIZE];
	bool ends = false;
	const struct certificates *trouble = find_trouble_of_certificates(
	    w, c->ingest.certificate_days * DAY_MS, text, sizeof(text), &ends);

	if (trouble == w->certificate)
		return;
	w->certificate = trouble;
	if (ends)
		log_warn("%s", text);
	if (trouble == NULL)
		snprintf(text, sizeof(text), "the certificate is in order again");
	alarm_raise(w->o.alarm, trouble != NULL ? ALARM_CERTIFICATE_TROUBLE : ALARM_CERTIFICATE_OK,
	    "", text);
}

void
watch_tick(struct watch *w, const struct config *c, const int64_t *site_ids)
{
	const struct present present = { .config = c, .site_ids = site_ids };
	int64_t now = clock_mono(w->o.clock);

	watch_events(w, &present, now);
	watch_requests(w, c, now);
	watch_space(w, c);
	watch_certificates(w, c);
	watch_boxes(&w->silence, c, w->o.alarm, w->o.clock);
}
