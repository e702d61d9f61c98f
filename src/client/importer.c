/*
 * Stores many lines. Lines collect until a batch is full; a batch is one message and one
 * transaction of the writer. While the disk is full or the writer is busy the batch is sent again
 * for a minute: lines that were already stored count as duplicates. A line that is too long for the
 * daemon's socket is refused alone; every other error ends the import.
 */
#include "client/importer.h"

#include <time.h>

#include "client/client.h"

#define TRIES 60 /* tries, one second apart */
#define TEXT_MAX ((size_t)1 << 30)

int
importer_open(struct importer *im, const struct importer_options *options, struct err *e)
{
	*im = (struct importer){ .options = *options };
	if (client_open(options->config, !options->dry_run, &im->client, e) != 0)
		return -1;
	buf_init(&im->text, TEXT_MAX);
	return 0;
}

void
importer_refuse(struct importer *im, int64_t number, const char *why)
{
	if (im->results.counts.bad++ < IMPORT_TOLD_MAX)
		im->options.on_refused(im->options.arg, number, why);
}

int64_t
importer_lines(const struct importer *im)
{
	const struct import_counts *c = &im->results.counts;

	return c->stored + c->duplicates + c->delivered + c->bodyless + c->bad;
}

static int
send_once(struct importer *im, struct outbox_import *ret, struct err *e)
{
	struct act act = { .exchange = &exchange_import, .msg = &ret->msg };
	struct slice lines[IMPORTER_LINES];
	int rc;

	for (size_t i = 0; i < im->n; i++)
		lines[i] = (struct slice){ im->text.p + im->begins[i], im->lengths[i] };
	*ret = (struct outbox_import){
		.verb = im->options.verb,
		.actor = client_actor(),
		.from = im->options.from,
		.note = im->options.note,
		.site = im->options.site,
		.dry_run = im->options.dry_run,
		.operation = im->results.operation_id,
		.lines = lines,
		.n_lines = im->n,
	};
	rc = client_send(im->client, &act, e);
	ret->lines = NULL;
	return rc;
}

static int
send_patiently(struct importer *im, struct outbox_import *ret, struct err *e)
{
	const struct timespec second = { .tv_sec = 1 };

	for (int i = 1;; i++) {
		if (send_once(im, ret, e) == 0)
			return 0;
		if ((e->code != ERR_FULL && e->code != ERR_BUSY) || i == TRIES)
			return -1;
		if (i == 1)
			im->options.on_wait(im->options.arg, e);
		nanosleep(&second, NULL);
	}
}

static void
add_results(struct importer *im, const struct outbox_import *sent)
{
	struct import_counts *sum = &im->results.counts;

	for (size_t i = 0; i < sent->n_told; i++)
		if (sent->told[i].line < im->n)
			importer_refuse(im, im->numbers[sent->told[i].line], sent->told[i].why);
	sum->bad += sent->counts.bad - (int64_t)sent->n_told;
	sum->stored += sent->counts.stored;
	sum->duplicates += sent->counts.duplicates;
	sum->delivered += sent->counts.delivered;
	sum->bodyless += sent->counts.bodyless;
	sum->identities += sent->counts.identities;
	if (sent->operation_id != 0)
		im->results.operation_id = sent->operation_id;
}

int
importer_flush(struct importer *im, struct err *e)
{
	struct outbox_import sent;
	int rc;

	if (im->n == 0)
		return 0;
	rc = send_patiently(im, &sent, e);
	if (rc == 0)
		add_results(im, &sent);
	else if (e->code == ERR_LIMIT && im->n == 1) {
		importer_refuse(im, im->numbers[0],
		    "too long for a running daemon: stop it, and import this file again");
		rc = 0;
	}
	if (rc == 0)
		im->last_number = im->numbers[im->n - 1];
	buf_clear(&im->text);
	im->n = 0;
	im->options.on_progress(im->options.arg, importer_lines(im));
	return rc;
}

static bool
is_full(const struct importer *im, struct slice line)
{
	return im->n == IMPORTER_LINES || (im->n > 0 && im->text.n + line.n > IMPORTER_BYTES);
}

int
importer_add(struct importer *im, struct slice line, int64_t number, struct err *e)
{
	if (is_full(im, line) && importer_flush(im, e) != 0)
		return -1;
	im->begins[im->n] = im->text.n;
	im->lengths[im->n] = line.n;
	im->numbers[im->n] = number;
	buf_append_slice(&im->text, line);
	buf_append_byte(&im->text, '\0');
	im->n++;
	return im->text.failed ? err_nomem(e) : 0;
}

int
importer_close(struct importer *im, int rc, struct err *e)
{
	if (rc == 0)
		rc = importer_flush(im, e);
	if (client_close(im->client, rc == 0 ? e : NULL) != 0)
		rc = -1;
	buf_free(&im->text);
	return rc;
}
