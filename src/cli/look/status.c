#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/report/event_json.h"
#include "cli/report/forecast.h"
#include "cli/verbs.h"
#include "client/peer.h"
#include "outbox/read/audit_walk.h"
#include "term/table.h"
#include "term/terminal.h"
#include "term/when.h"

#define MAX_PROBLEMS 64
#define PROBLEM_SIZE 256
#define FIELD 15 /* columns of a name */

struct report {
	const struct options *options;
	struct config *config;
	struct peer peer;
	struct audit_site *sites;
	size_t n_sites;
	struct forecast *forecasts; /* one for each site */
	uint64_t free_bytes;        /* UINT64_MAX: unknown */
	int64_t database_bytes;
	int64_t wal_bytes;
	int64_t now;
	struct terminal terminal;
	char problem[MAX_PROBLEMS][PROBLEM_SIZE];
	size_t n_problems;
};

static const char *const modes[] = {
	[OUTBOX_SITE_READY] = "ready",
	[OUTBOX_SITE_BACKOFF] = "backoff",
	[OUTBOX_SITE_PAUSED] = "paused",
};

static const char *const paint[] = {
	[OUTBOX_SITE_READY] = "\033[32m",
	[OUTBOX_SITE_BACKOFF] = "\033[33m",
	[OUTBOX_SITE_PAUSED] = "\033[31m",
};

/* ---- what is wrong -------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
add_problem(struct report *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n_problems == MAX_PROBLEMS)
		return;
	va_start(ap, fmt);
	vsnprintf(r->problem[r->n_problems++], PROBLEM_SIZE, fmt, ap);
	va_end(ap);
}

static void
judge_peer(struct report *r)
{
	switch (r->peer.state) {
	case PEER_UP:
		if (strcmp(r->peer.health, "ok") != 0)
			add_problem(r, "the daemon takes no events: %.200s", r->peer.health_text);
		return;
	case PEER_DOWN:
		add_problem(r, "no daemon runs: start bentospool serve, or its service");
		return;
	case PEER_SILENT:
		add_problem(r, "the daemon cannot be asked: %.200s", r->peer.why);
		return;
	}
}

/* What is so for whoever looks: the daemon's user may be allowed more than we are. */
static void
judge_archive(struct report *r)
{
	int cause = config_try_archive(r->config);

	if (cause == ENOENT || cause == ENOTDIR || cause == EROFS)
		add_problem(r, "retention cannot write into its archive %.100s: %s: %s",
		    r->config->retention.archive, strerror(cause), config_archive_remedy(cause));
}

static void
judge_site(struct report *r, const struct audit_site *s)
{
	char age[WHEN_AGE_SIZE];

	if (s->pause_at != 0)
		add_problem(r, "site %s was paused by %s: bentospool resume --site %s", s->name,
		    s->pause_by, s->name);
	if (s->mode == OUTBOX_SITE_PAUSED)
		add_problem(r, "site %s is paused: %s", s->name, s->reason);
	if (r->options->max_age < 0 || s->oldest_pending_id == 0
	    || r->now - s->oldest_pending_at <= r->options->max_age)
		return;
	when_age(r->now - s->oldest_pending_at, age);
	add_problem(r, "site %s: event %lld has waited for %s", s->name,
	    (long long)s->oldest_pending_id, age);
}

/* ---- for people ----------------------------------------------------------------------------- */

static void
print_peer(const struct report *r)
{
	const struct peer *p = &r->peer;
	char since[WHEN_TIME_SIZE], words[sizeof(p->why) + 64];

	switch (p->state) {
	case PEER_UP:
		when_time(p->started_at, since);
		printf("daemon    running (version %s, process %ld) since %s %s\n", p->version,
		    p->pid, since, when_zone());
		return;
	case PEER_DOWN:
		printf("daemon    not running\n");
		return;
	case PEER_SILENT:
		snprintf(words, sizeof(words), "process %ld, cannot be asked: %s", p->pid, p->why);
		printf("daemon    ");
		terminal_print_wrapped(&r->terminal, 10, slice_from(words));
		return;
	}
}

/* A name and words, in as many lines as they need. */
static void
print_field(const struct report *r, const char *name, struct slice words)
{
	if (words.n == 0)
		return;
	printf("  %-*s", FIELD - 2, name);
	terminal_print_wrapped(&r->terminal, FIELD, words);
}

static void
print_counts(const struct audit_site *s)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		if (s->counts[i] > 0 || i <= STATUS_FAILED)
			printf("  %-12s %12lld\n", status_name((enum event_status)i),
			    (long long)s->counts[i]);
	if (s->awaiting > 0)
		printf("  %-12s %12lld  (pending until an identify tells their address)\n",
		    "awaiting", (long long)s->awaiting);
	if (s->maybe_sent > 0)
		printf("  %-12s %12lld  (Bento may have got them; perhaps twice: %lld)\n",
		    "maybe sent", (long long)s->maybe_sent, (long long)s->perhaps_twice);
}

static void
print_last_attempt(const struct report *r, const struct audit_site *s)
{
	int64_t at = s->last_finished_at != 0 ? s->last_finished_at : s->last_started_at;
	char when[WHEN_TIME_SIZE], age[WHEN_AGE_SIZE], http[32] = "";
	struct buf error;

	if (s->last_attempt_id == 0) {
		printf("  last attempt none yet\n");
		return;
	}
	when_time(at, when);
	when_age(r->now - at, age);
	if (s->last_http_status != 0)
		snprintf(http, sizeof(http), ", HTTP %d", s->last_http_status);
	printf("  last attempt %s, %s ago: %s%s", when, age,
	    s->last_outcome[0] == '\0' ? "under way" : s->last_outcome, http);
	buf_init(&error, AUDIT_TEXT_MAX);
	/* The reason of a site that waits mostly ends with this very sentence. */
	if (s->mode == OUTBOX_SITE_READY || strstr(s->reason, s->last_error) == NULL)
		table_append_clean(&error, slice_from(s->last_error));
	putchar('\n');
	print_field(r, "", buf_slice(&error));
	buf_free(&error);
}

static void
print_pause(const struct report *r, const struct audit_site *s)
{
	char age[WHEN_AGE_SIZE];
	struct buf note;

	when_age(r->now - s->pause_at, age);
	buf_init(&note, 4 * AUDIT_TEXT_MAX);
	buf_printf(&note, "by %s, %s ago%s%s", s->pause_by, age,
	    s->pause_note[0] == '\0' ? "" : ": ", s->pause_note);
	print_field(r, "paused", buf_slice(&note));
	buf_free(&note);
}

static void
print_forecast(const struct report *r, const struct forecast *f)
{
	char in[16], out[16], pace[16];
	struct buf text;

	forecast_number(f->in, in);
	forecast_number(f->out, out);
	forecast_number(f->pace, pace);
	buf_init(&text, AUDIT_TEXT_MAX);
	buf_printf(&text, "%s in, %s out a minute", in, out);
	if (f->pace > 0)
		buf_printf(&text, "; the settings allow %s", pace);
	print_field(r, "rate", buf_slice(&text));
	buf_clear(&text);
	forecast_describe(f, &text);
	if (f->backlog > 0)
		print_field(r, "drained", buf_slice(&text));
	buf_free(&text);
}

static void
print_site(const struct report *r, const struct audit_site *s)
{
	char age[WHEN_AGE_SIZE];
	bool colour = r->terminal.colour;

	printf("\nsite %s: %s%s%s", s->name,
	    colour ? paint[s->pause_at != 0 ? OUTBOX_SITE_PAUSED : s->mode] : "",
	    s->pause_at != 0 ? "paused by an operator" : modes[s->mode], colour ? "\033[0m" : "");
	if (s->mode != OUTBOX_SITE_READY) {
		when_age(s->next_attempt_at - r->now, age);
		if (s->pause_at != 0)
			printf(", and %s before", modes[s->mode]);
		else if (r->peer.state == PEER_DOWN)
			printf(", next attempt once a daemon runs");
		else
			printf(", next attempt in %s", age);
		printf(", %lld failure%s in a row\n", (long long)s->failures,
		    words_plural(s->failures));
		print_field(r, "reason", slice_from(s->reason));
	} else {
		putchar('\n');
	}
	if (s->pause_at != 0)
		print_pause(r, s);
	print_counts(s);
	if (s->oldest_pending_id != 0) {
		when_age(r->now - s->oldest_pending_at, age);
		printf("  oldest       event %lld has waited for %s\n",
		    (long long)s->oldest_pending_id, age);
	}
	print_forecast(r, &r->forecasts[s - r->sites]);
	print_last_attempt(r, s);
}

static void
print_report(const struct report *r)
{
	const char *red = r->terminal.colour ? "\033[31m" : "";
	const char *plain = r->terminal.colour ? "\033[0m" : "";

	print_peer(r);
	printf("database  %s\n          %.1f MB, WAL %.1f MB", r->config->database,
	    (double)r->database_bytes / 1e6, (double)r->wal_bytes / 1e6);
	if (r->free_bytes != UINT64_MAX)
		printf(", %.1f GB free", (double)r->free_bytes / 1e9);
	putchar('\n');
	for (size_t i = 0; i < r->n_sites; i++)
		print_site(r, &r->sites[i]);
	if (r->n_problems > 0)
		putchar('\n');
	for (size_t i = 0; i < r->n_problems; i++) {
		printf("%s! ", red);
		terminal_print_wrapped(&r->terminal, 2, slice_from(r->problem[i]));
		fputs(plain, stdout);
	}
}

/* ---- for machines --------------------------------------------------------------------------- */

static cJSON *
peer_json(const struct peer *p)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "running", p->state != PEER_DOWN);
	cJSON_AddBoolToObject(o, "answers", p->state == PEER_UP);
	if (p->pid > 0)
		cJSON_AddNumberToObject(o, "pid", (double)p->pid);
	if (p->state == PEER_UP) {
		cJSON_AddStringToObject(o, "version", p->version);
		json_add_time(o, "started_at", p->started_at);
		cJSON_AddStringToObject(o, "health", p->health);
		cJSON_AddStringToObject(o, "health_text", p->health_text);
	}
	return o;
}

static cJSON *
last_attempt_json(const struct audit_site *s)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "attempt_id", (double)s->last_attempt_id);
	json_add_time(o, "started_at", s->last_started_at);
	json_add_time(o, "finished_at", s->last_finished_at);
	if (s->last_outcome[0] != '\0')
		cJSON_AddStringToObject(o, "outcome", s->last_outcome);
	if (s->last_http_status != 0)
		cJSON_AddNumberToObject(o, "http_status", s->last_http_status);
	if (s->last_error[0] != '\0')
		cJSON_AddStringToObject(o, "error", s->last_error);
	return o;
}

static cJSON *
site_json(const struct report *r, const struct audit_site *s)
{
	cJSON *o = cJSON_CreateObject(), *counts;

	cJSON_AddStringToObject(o, "site", s->name);
	cJSON_AddStringToObject(o, "state", modes[s->mode]);
	cJSON_AddStringToObject(o, "reason", s->reason);
	cJSON_AddNumberToObject(o, "failures", (double)s->failures);
	json_add_time(o, "next_attempt_at", s->next_attempt_at);
	if (s->pause_at != 0) {
		json_add_time(o, "paused_at", s->pause_at);
		cJSON_AddStringToObject(o, "paused_by", s->pause_by);
		cJSON_AddStringToObject(o, "pause_note", s->pause_note);
	}
	counts = cJSON_AddObjectToObject(o, "counts");
	for (int i = 0; i < STATUS_COUNT; i++)
		cJSON_AddNumberToObject(
		    counts, status_name((enum event_status)i), (double)s->counts[i]);
	cJSON_AddNumberToObject(o, "awaiting_identity", (double)s->awaiting);
	cJSON_AddNumberToObject(o, "maybe_sent", (double)s->maybe_sent);
	cJSON_AddNumberToObject(o, "perhaps_twice", (double)s->perhaps_twice);
	if (s->oldest_pending_id != 0) {
		int64_t seconds = (r->now - s->oldest_pending_at) / 1000;

		cJSON_AddNumberToObject(o, "oldest_pending_id", (double)s->oldest_pending_id);
		json_add_time(o, "oldest_pending_at", s->oldest_pending_at);
		cJSON_AddNumberToObject(o, "oldest_pending_seconds", (double)seconds);
	}
	forecast_json(&r->forecasts[s - r->sites], o);
	if (s->last_attempt_id != 0)
		cJSON_AddItemToObject(o, "last_attempt", last_attempt_json(s));
	return o;
}

static int
print_json(const struct report *r)
{
	cJSON *o = cJSON_CreateObject(), *list;

	cJSON_AddItemToObject(o, "daemon", peer_json(&r->peer));
	cJSON_AddStringToObject(o, "database", r->config->database);
	cJSON_AddNumberToObject(o, "database_bytes", (double)r->database_bytes);
	cJSON_AddNumberToObject(o, "wal_bytes", (double)r->wal_bytes);
	if (r->free_bytes != UINT64_MAX)
		cJSON_AddNumberToObject(o, "free_bytes", (double)r->free_bytes);
	else
		cJSON_AddNullToObject(o, "free_bytes");
	list = cJSON_AddArrayToObject(o, "sites");
	for (size_t i = 0; i < r->n_sites; i++)
		cJSON_AddItemToArray(list, site_json(r, &r->sites[i]));
	list = cJSON_AddArrayToObject(o, "problems");
	for (size_t i = 0; i < r->n_problems; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(r->problem[i]));
	return verb_print_json(o);
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int64_t
size_of(const char *path, const char *ending)
{
	char name[4096];
	struct stat st;

	if (snprintf(name, sizeof(name), "%s%s", path, ending) >= (int)sizeof(name)
	    || stat(name, &st) != 0)
		return 0;
	return st.st_size;
}

static void
fill(struct report *r)
{
	r->database_bytes = size_of(r->config->database, "");
	r->wal_bytes = size_of(r->config->database, "-wal");
	r->free_bytes = outbox_audit_free(r->config->database);
	peer_look(r->config, &r->peer);
	judge_peer(r);
	judge_archive(r);
	for (size_t i = 0; i < r->n_sites; i++)
		judge_site(r, &r->sites[i]);
}

static int
look(struct report *r, struct outbox_audit *audit, struct err *e)
{
	if (outbox_audit_sites(audit, &r->sites, &r->n_sites, e) != 0)
		return -1;
	return forecast_sites(audit, r->config, r->now, r->sites, r->n_sites, &r->forecasts, e);
}

static int
report(struct report *r, struct outbox_audit *audit)
{
	struct err e;

	terminal_look(stdout, &r->terminal);
	r->now = clock_wall(&clock_system);
	if (look(r, audit, &e) != 0) {
		free(r->sites);
		return verb_fail(&e);
	}
	fill(r);
	if (r->options->json) {
		if (print_json(r) != 0)
			return VERB_ERROR;
	} else {
		print_report(r);
	}
	free(r->sites);
	free(r->forecasts);
	return r->options->check && r->n_problems > 0 ? VERB_ERROR : VERB_DONE;
}

int
verb_status(const struct options *o)
{
	struct outbox_audit *audit;
	struct report *r;
	int rc;

	if (o->max_age >= 0 && !o->check)
		return verb_usage("status: --max-age is for --check");
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return VERB_ERROR;
	r->options = o;
	if (verb_open(o, &r->config, &audit) != 0) {
		free(r);
		return VERB_ERROR;
	}
	rc = report(r, audit);
	outbox_audit_close(audit);
	config_free(r->config);
	free(r);
	return rc;
}
