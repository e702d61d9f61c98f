/*
 * send: gives a test event to the daemon over the control socket, then reads the database until the
 * event is settled, and reports each step once. It stops at once when the site is paused, and says
 * when a site that backs off tries again. After a pause or a timeout the event stays in the spool.
 */
#include <cjson/cJSON.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/test_event.h"
#include "cli/verbs.h"
#include "client/control_client.h"
#include "outbox/read/audit.h"
#include "report/event_json.h"
#include "report/site_state.h"
#include "term/table.h"
#include "term/when.h"

#define TIMEOUT_DEFAULT_MS 60000
#define CALL_TIMEOUT_MS 30000
#define LOOK_EVERY_MS 100
#define CLEAN_MAX 1048576 /* bytes of an attempt's error */

/* What has been reported, so that each step is reported once. */
struct follower {
	const struct options *options;
	struct outbox_audit *audit;
	int64_t event_id;
	int64_t begun_attempt; /* the last attempt whose beginning was reported */
	int64_t ended_attempt; /* the last attempt whose end was reported */
	int64_t backoff_until; /* the last end of a back-off that was reported */
	bool settled;
	bool delivered;
	bool unresolved; /* the event awaits an identify call that gives its address */
	char site[AUDIT_NAME_MAX];
};

/* ---- reporting ------------------------------------------------------------------------------ */

static void
print_json_step(const struct follower *f, const char *step, cJSON *more)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "step", step);
	cJSON_AddNumberToObject(o, "event_id", (double)f->event_id);
	if (more != NULL)
		cJSON_AddItemToObject(o, "detail", more);
	verb_print_json(o);
}

/* Whom the attempt was sent to. */
static const char *
peer_of(const struct audit_attempt *a)
{
	return SLICE_IS(a->endpoint, "center") ? "the central spooler" : "Bento";
}

static void
print_begin(const struct follower *f, const struct audit_attempt *a)
{
	if (f->options->json)
		print_json_step(f, "sending", attempt_json(a, JSON_LINES));
	else
		printf("sending to %s: attempt %lld, %lld event%s, %lld bytes\n", peer_of(a),
		    (long long)a->attempt_id, (long long)a->events, words_plural(a->events),
		    (long long)a->bytes);
}

/* Prints the text without escape sequences, because a server other than Bento may have sent it. */
static void
print_clean(struct slice words)
{
	struct buf line;

	buf_init(&line, CLEAN_MAX);
	table_append_clean(&line, words);
	printf("  %s\n", line.failed || line.n == 0 ? "-" : line.p);
	buf_free(&line);
}

static void
print_end(const struct follower *f, const struct audit_attempt *a)
{
	if (f->options->json) {
		print_json_step(f, "answered", attempt_json(a, JSON_LINES));
		return;
	}
	if (a->http_status != 0)
		printf("%s answered %d after %lld ms: %.*s\n", peer_of(a), a->http_status,
		    (long long)a->duration_ms, (int)a->outcome.n, a->outcome.p);
	else
		printf("no response from %s after %lld ms: %.*s\n", peer_of(a),
		    (long long)a->duration_ms, (int)a->outcome.n, a->outcome.p);
	if (a->error.n > 0)
		print_clean(a->error);
}

static void
take_attempt(void *arg, const struct audit_attempt *a)
{
	struct follower *f = arg;

	if (a->attempt_id > f->begun_attempt) {
		print_begin(f, a);
		f->begun_attempt = a->attempt_id;
	}
	if (a->outcome.n > 0 && a->attempt_id > f->ended_attempt) {
		print_end(f, a);
		f->ended_attempt = a->attempt_id;
	}
}

static void
note_event(void *arg, const struct audit_event *event)
{
	struct follower *f = arg;

	f->delivered = SLICE_IS(event->status, "delivered");
	f->settled = !SLICE_IS(event->status, "pending");
	f->unresolved = SLICE_IS(event->reason, "awaiting_identity");
	snprintf(f->site, sizeof(f->site), "%.*s", (int)event->site.n, event->site.p);
}

static void
print_settled(void *arg, const struct audit_event *event)
{
	struct follower *f = arg;

	if (f->options->json)
		print_json_step(f, "settled", event_json(event, JSON_LINES));
	else
		printf("event %lld is %.*s%s%.*s\n", (long long)event->event_id,
		    (int)event->status.n, event->status.p, event->reason.n > 0 ? ": " : "",
		    (int)event->reason.n, event->reason.n > 0 ? event->reason.p : "");
	if (f->delivered || f->options->json)
		return;
	fflush(stdout); /* so that the order stays when both go into one file */
	fprintf(stderr, "bentospool: see bentospool show %lld\n", (long long)event->event_id);
}

/* ---- following ------------------------------------------------------------------------------ */

/* Reads the attempts after the event, so that the attempt which settled it is among them. */
static int
look(struct follower *f, struct err *e)
{
	int rc = outbox_audit_event(f->audit, f->event_id, note_event, f, e);

	if (rc == 1 && outbox_audit_attempts(f->audit, f->event_id, take_attempt, f, e) != 0)
		return -1;
	if (rc == 1 && f->settled)
		rc = outbox_audit_event(f->audit, f->event_id, print_settled, f, e);
	fflush(stdout);
	if (rc == 0)
		return err_set(e, ERR_NOTFOUND, "event %lld is gone from the database",
		    (long long)f->event_id);
	return rc < 0 ? -1 : 0;
}

static void
explain_site(const struct audit_site *site)
{
	char age[WHEN_AGE_SIZE];

	if (site->pause_at != 0)
		fprintf(stderr,
		    "bentospool: site %s was paused by %s: bentospool resume --site %s\n",
		    site->name, site->pause_by, site->name);
	else if (site->mode == OUTBOX_SITE_BACKOFF) {
		when_age(site->next_attempt_at - clock_wall(&clock_system), age);
		fprintf(stderr, "bentospool: site %s is %s, next attempt in %s: %s\n", site->name,
		    site_state_text(site->mode), age, site->reason);
	} else if (site->mode != OUTBOX_SITE_READY)
		fprintf(stderr, "bentospool: site %s is %s: %s\n", site->name,
		    site_state_text(site->mode), site->reason);
}

/* While a site backs off, the event may wait for long, so silence would look like a fault. */
static void
report_backoff(struct follower *f, const struct audit_site *site)
{
	if (site->mode != OUTBOX_SITE_BACKOFF || site->next_attempt_at == f->backoff_until)
		return;
	f->backoff_until = site->next_attempt_at;
	explain_site(site);
}

static int
read_site(const struct follower *f, struct audit_site *ret_site, struct err *e)
{
	struct audit_site *sites;
	size_t n;
	int rc = 0;

	if (outbox_audit_site_modes(f->audit, &sites, &n, e) != 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		if (strcmp(sites[i].name, f->site) == 0) {
			*ret_site = sites[i];
			rc = 1;
		}
	free(sites);
	return rc;
}

static int
report_waiting(const struct follower *f, const struct audit_site *site)
{
	if (site != NULL)
		explain_site(site);
	fprintf(stderr, "bentospool: event %lld will be sent%s; see bentospool show %lld\n",
	    (long long)f->event_id,
	    f->unresolved ? " once an identify call gives the address of its ids" : "",
	    (long long)f->event_id);
	return VERB_ERROR;
}

static int
report_timeout(const struct follower *f, int64_t timeout)
{
	struct audit_site site;

	fprintf(stderr, "bentospool: event %lld is still pending after %lld s\n",
	    (long long)f->event_id, (long long)(timeout / 1000));
	return report_waiting(f, read_site(f, &site, NULL) == 1 ? &site : NULL);
}

static int
follow(struct follower *f)
{
	int64_t timeout = f->options->timeout >= 0 ? f->options->timeout : TIMEOUT_DEFAULT_MS;
	int64_t end = clock_mono(&clock_system) + timeout;
	struct audit_site site;
	struct err e;
	int rc;

	for (;;) {
		if (look(f, &e) != 0 || (rc = read_site(f, &site, &e)) < 0)
			return verb_fail(&e);
		if (f->settled)
			return f->delivered ? VERB_DONE : VERB_ERROR;
		/* A paused site waits for a person, so no event leaves it soon. */
		if (rc == 1 && (site.pause_at != 0 || site.mode == OUTBOX_SITE_PAUSED))
			return report_waiting(f, &site);
		if (rc == 1)
			report_backoff(f, &site);
		if (clock_mono(&clock_system) >= end)
			return report_timeout(f, timeout);
		poll(NULL, 0, LOOK_EVERY_MS);
	}
}

/* ---- handing over --------------------------------------------------------------------------- */

static cJSON *
make_request(const struct options *o, const struct buf *event)
{
	cJSON *request = control_request("put");

	cJSON_AddStringToObject(request, "event", event->p);
	if (o->to_site != NULL)
		cJSON_AddStringToObject(request, "site", o->to_site);
	return request;
}

static int
read_answer(const cJSON *answer, int64_t *ret_id, struct err *e)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(answer, "event_id");

	if (!cJSON_IsNumber(id) || id->valuedouble < 1)
		return err_set(e, ERR_STATE,
		    "an event with this messageId is stored already: nothing was sent");
	*ret_id = (int64_t)id->valuedouble;
	return 0;
}

static int
hand_over(const struct config *c, const struct options *o, const struct buf *event, int64_t *ret_id,
    struct err *e)
{
	cJSON *answer;
	int rc;

	if (control_client_ask(c->control, make_request(o, event), CALL_TIMEOUT_MS, &answer, e)
	    != 0)
		return e->code == ERR_NOTFOUND ? err_wrap(e, "start `bentospool serve` first") : -1;
	rc = read_answer(answer, ret_id, e);
	cJSON_Delete(answer);
	return rc;
}

static int
send_event(const struct options *o, const struct config *c, struct outbox_audit *audit,
    const struct buf *event)
{
	struct follower f = { .options = o, .audit = audit };
	struct err e;

	if (hand_over(c, o, event, &f.event_id, &e) != 0)
		return verb_fail(&e);
	if (o->json)
		print_json_step(&f, "stored", NULL);
	else
		printf("stored as event %lld and synced to disk\n", (long long)f.event_id);
	fflush(stdout);
	return follow(&f);
}

int
verb_send(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	struct buf event;
	struct err e;
	int rc;

	buf_init(&event, TEST_EVENT_MAX);
	if (test_event_make(o, clock_wall(&clock_system), &event, &e) != 0) {
		buf_free(&event);
		return e.code == ERR_INPUT && o->event == NULL
			   ? verb_usage("send: %s; see bentospool send --help", e.text)
			   : verb_fail(&e);
	}
	rc = VERB_ERROR;
	if (verb_open(o, &c, &audit) == 0) {
		rc = send_event(o, c, audit, &event);
		outbox_audit_close(audit);
		config_free(c);
	}
	buf_free(&event);
	return rc;
}
