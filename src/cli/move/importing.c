#include "cli/move/importing.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <time.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "client/control_client.h"
#include "client/offline.h"
#include "control/control.h"

#define ANSWER_TIMEOUT_MS 60000
#define TRIES 60 /* a second apart */

int
importing_begin(struct importing *s, const struct config *c, const struct options *o,
    const char *verb, const char *unit, const char *from, struct err *e)
{
	*s = (struct importing){
		.c = c,
		.o = o,
		.verb = verb,
		.unit = unit,
		.from = from,
		.progress = { .what = "events" },
	};
	buf_init(&s->text, (size_t)1 << 30);
	offline_actor(s->actor, sizeof(s->actor));
	if (control_client_open(c->control, &s->client, e) == 0)
		return 0;
	s->client = NULL;
	return e->code == ERR_NOTFOUND ? offline_open(c, !o->dry_run, &s->offline, e) : -1;
}

void
importing_refuse(struct importing *s, int64_t number, const char *why)
{
	if (s->counts.bad++ < IMPORT_TOLD_MAX) {
		progress_end(&s->progress);
		fprintf(stderr, "bentospool: %s %lld: %s\n", s->unit, (long long)number, why);
	}
}

/* ---- some lines ----------------------------------------------------------------------------- */

static cJSON *
make_request(const struct importing *s)
{
	cJSON *request = cJSON_CreateObject(), *lines;

	cJSON_AddStringToObject(request, "do", "import");
	cJSON_AddStringToObject(request, "verb", s->verb);
	if (s->o->to_site != NULL)
		cJSON_AddStringToObject(request, "site", s->o->to_site);
	cJSON_AddStringToObject(request, "from", s->from);
	if (s->o->note != NULL)
		cJSON_AddStringToObject(request, "note", s->o->note);
	cJSON_AddBoolToObject(request, "dry_run", s->o->dry_run);
	cJSON_AddNumberToObject(request, "operation_id", (double)s->operation_id);
	lines = cJSON_AddArrayToObject(request, "lines");
	for (size_t i = 0; i < s->n; i++)
		cJSON_AddItemToArray(lines, cJSON_CreateStringReference(s->text.p + s->begins[i]));
	return request;
}

static void
read_answer(const cJSON *answer, struct outbox_import *ret)
{
	const cJSON *told = cJSON_GetObjectItemCaseSensitive(answer, "told"), *one, *why;

	ret->counts.stored = control_answer_number(answer, "stored");
	ret->counts.duplicates = control_answer_number(answer, "duplicates");
	ret->counts.delivered = control_answer_number(answer, "delivered");
	ret->counts.bodyless = control_answer_number(answer, "bodyless");
	ret->counts.bad = control_answer_number(answer, "bad");
	ret->counts.identities = control_answer_number(answer, "identities");
	ret->operation_id = control_answer_number(answer, "operation_id");
	cJSON_ArrayForEach(one, told)
	{
		struct import_bad *bad = &ret->told[ret->n_told];

		why = cJSON_GetObjectItemCaseSensitive(one, "why");
		if (ret->n_told == IMPORT_TOLD_MAX || !cJSON_IsString(why))
			break;
		bad->line = (size_t)control_answer_number(one, "line");
		snprintf(bad->why, sizeof(bad->why), "%s", why->valuestring);
		ret->n_told++;
	}
}

static int
send_to_daemon(struct importing *s, struct outbox_import *ret, struct err *e)
{
	cJSON *request = make_request(s), *answer;
	int rc = control_client_call(s->client, request, ANSWER_TIMEOUT_MS, &answer, e);

	cJSON_Delete(request);
	if (rc != 0)
		return -1;
	read_answer(answer, ret);
	cJSON_Delete(answer);
	return 0;
}

static int
send_to_writer(struct importing *s, struct outbox_import *ret, struct err *e)
{
	struct slice lines[IMPORTING_LINES];

	for (size_t i = 0; i < s->n; i++)
		lines[i] = (struct slice){ s->text.p + s->begins[i], s->lengths[i] };
	ret->msg.type = OUTBOX_IMPORT;
	ret->verb = s->verb;
	ret->actor = s->actor;
	ret->note = s->o->note;
	ret->from = s->from;
	ret->site = s->o->to_site;
	ret->dry_run = s->o->dry_run;
	ret->operation = s->operation_id;
	ret->lines = lines;
	ret->n_lines = s->n;
	if (offline_run(s->offline, &ret->msg, e) != 0)
		return -1;
	ret->lines = NULL;
	return 0;
}

/* An answer that came too late would be taken for the next one's. */
static int
open_again(struct importing *s, struct err *e)
{
	if (s->client == NULL)
		return 0;
	control_client_close(s->client);
	s->client = NULL;
	return control_client_open(s->c->control, &s->client, e);
}

/* A full disk and a busy writer pass by themselves; lines that were stored are only duplicates. */
static int
send_lines(struct importing *s, struct outbox_import *ret, struct err *e)
{
	const struct timespec second = { .tv_sec = 1 };
	struct err cause;

	for (int i = 1;; i++) {
		*ret = (struct outbox_import){ .verb = s->verb };
		if ((s->client != NULL ? send_to_daemon : send_to_writer)(s, ret, e) == 0)
			return 0;
		if ((e->code != ERR_FULL && e->code != ERR_BUSY) || i == TRIES)
			return -1;
		cause = *e;
		if (i == 1)
			fprintf(stderr, "bentospool: %s; trying again for a minute\n", cause.text);
		nanosleep(&second, NULL);
		if (open_again(s, e) != 0)
			return -1;
	}
}

static void
add_counts(struct importing *s, const struct outbox_import *sent)
{
	for (size_t i = 0; i < sent->n_told; i++)
		if (sent->told[i].line < s->n)
			importing_refuse(s, s->numbers[sent->told[i].line], sent->told[i].why);
	s->counts.bad += sent->counts.bad - (int64_t)sent->n_told;
	s->counts.stored += sent->counts.stored;
	s->counts.duplicates += sent->counts.duplicates;
	s->counts.delivered += sent->counts.delivered;
	s->counts.bodyless += sent->counts.bodyless;
	s->counts.identities += sent->counts.identities;
	if (sent->operation_id != 0)
		s->operation_id = sent->operation_id;
}

static int64_t
sum(const struct import_counts *c)
{
	return c->stored + c->duplicates + c->delivered + c->bodyless + c->bad;
}

static int
flush(struct importing *s, struct err *e)
{
	struct outbox_import sent;
	int rc = 0;

	if (s->n == 0)
		return 0;
	rc = send_lines(s, &sent, e);
	if (rc == 0)
		add_counts(s, &sent);
	else if (e->code == ERR_LIMIT && s->n == 1) {
		importing_refuse(s, s->numbers[0],
		    "too long for a running daemon: stop it, and import this file once more");
		rc = 0;
	}
	if (rc == 0)
		s->last_number = s->numbers[s->n - 1];
	buf_clear(&s->text);
	s->n = 0;
	progress_tell(&s->progress, sum(&s->counts));
	return rc;
}

int
importing_add(struct importing *s, struct slice line, int64_t number, struct err *e)
{
	if ((s->n == IMPORTING_LINES || (s->n > 0 && s->text.n + line.n > IMPORTING_BYTES))
	    && flush(s, e) != 0)
		return -1;
	s->begins[s->n] = s->text.n;
	s->lengths[s->n] = line.n;
	s->numbers[s->n] = number;
	buf_append_slice(&s->text, line);
	buf_append_byte(&s->text, '\0');
	s->n++;
	return s->text.failed ? err_nomem(e) : 0;
}

int
importing_end(struct importing *s, int rc, struct err *e)
{
	if (rc == 0)
		rc = flush(s, e);
	if (s->client != NULL)
		control_client_close(s->client);
	if (s->offline != NULL && offline_close(s->offline, rc == 0 ? e : NULL) != 0)
		rc = -1;
	progress_end(&s->progress);
	buf_free(&s->text);
	if (rc == 0)
		return 0;
	return err_wrap(e,
	    "stopped behind %s %lld (%lld stored); run it again, nothing is stored twice", s->unit,
	    (long long)s->last_number, (long long)s->counts.stored);
}

/* ---- the result ----------------------------------------------------------------------------- */

static int
print_json(const struct importing *s, cJSON *more)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddNumberToObject(line, "stored", (double)s->counts.stored);
	cJSON_AddNumberToObject(line, "duplicates", (double)s->counts.duplicates);
	cJSON_AddNumberToObject(line, "delivered", (double)s->counts.delivered);
	cJSON_AddNumberToObject(line, "bodyless", (double)s->counts.bodyless);
	cJSON_AddNumberToObject(line, "bad", (double)s->counts.bad);
	cJSON_AddNumberToObject(line, "identities", (double)s->counts.identities);
	cJSON_AddBoolToObject(line, "dry_run", s->o->dry_run);
	if (s->operation_id != 0)
		cJSON_AddNumberToObject(line, "operation_id", (double)s->operation_id);
	if (more != NULL)
		cJSON_AddItemToObject(line, "stay", more);
	return verb_print_json(line);
}

static void
print_count(int64_t n, const char *what)
{
	if (n > 0)
		printf("  %lld %s\n", (long long)n, what);
}

int
importing_print(const struct importing *s, cJSON *more)
{
	const struct import_counts *c = &s->counts;

	if (sum(c) + c->identities == 0) {
		fprintf(stderr, "bentospool: there is nothing in %s to %s\n", s->from, s->verb);
		cJSON_Delete(more);
		return VERB_NOTHING;
	}
	if (s->o->json)
		return print_json(s, more) == 0 && c->bad == 0 ? VERB_DONE : VERB_ERROR;
	cJSON_Delete(more);
	printf("%lld event%s %s", (long long)c->stored, words_plural(c->stored),
	    s->o->dry_run ? "would be stored" : "stored");
	if (s->operation_id != 0)
		printf(" (operation %lld)", (long long)s->operation_id);
	putchar('\n');
	print_count(c->identities,
	    s->o->dry_run ? "ids of persons would be known" : "ids of persons are known now");
	print_count(c->duplicates, "are here already");
	print_count(c->delivered, "left out: delivered");
	print_count(c->bodyless, "left out: settled, and without a body");
	print_count(c->bad, "cannot be stored: see above");
	return c->bad == 0 ? VERB_DONE : VERB_ERROR;
}
