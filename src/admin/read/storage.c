/* Sizes of files, and the free space of the disk. Runs no SQL. */
#include "admin/read/storage.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/body_json.h"
#include "admin/read/disk.h"
#include "admin/read/reading.h"
#include "admin/state.h"
#include "report/event_json.h"

#define HOST_SIZE 256
#define UNKNOWN INT64_C(-1)

static int64_t
size_of(const struct admin *a, const char *ending)
{
	struct stat st = { 0 };
	struct buf path;

	buf_init(&path, 8192);
	buf_printf(&path, "%s%s", a->database, ending);
	/* Without the file there are no bytes. */
	if (path.failed || stat(path.p, &st) != 0)
		st.st_size = 0;
	buf_free(&path);
	return st.st_size;
}

/* UNKNOWN when the file system does not say. */
static int64_t
free_bytes(const struct admin *a)
{
	uint64_t n = outbox_audit_free(a->database);

	return n > INT64_MAX ? UNKNOWN : (int64_t)n;
}

static void
add_or_null(cJSON *to, const char *name, bool there, double value)
{
	if (there)
		cJSON_AddNumberToObject(to, name, value);
	else
		cJSON_AddNullToObject(to, name);
}

void
storage_sample(struct admin *a)
{
	int64_t n = free_bytes(a);

	if (n != UNKNOWN)
		disk_note(&a->disk, clock_mono(a->o.clock), n);
}

/* ---- the overview ---------------------------------------------------------------------------- */

static void
add_forecast(cJSON *to, const struct admin *a)
{
	int64_t n = free_bytes(a), min_free = (int64_t)a->o.min_free_bytes;
	double per_hour = 0, hours = -1;
	bool known = n != UNKNOWN && disk_growth(&a->disk, clock_mono(a->o.clock), n, &per_hour);

	if (known)
		hours = disk_hours(n, min_free, per_hour);
	add_or_null(to, "free_bytes", n != UNKNOWN, (double)n);
	cJSON_AddNumberToObject(to, "min_free_bytes", (double)min_free);
	add_or_null(to, "growth_per_hour", known, per_hour);
	add_or_null(to, "hours", hours >= 0, hours);
}

static void
add_sizes(cJSON *to, const struct admin *a)
{
	char text[512];

	outbox_health_text(a->o.outbox, text, sizeof(text));
	cJSON_AddBoolToObject(to, "ok", outbox_health(a->o.outbox) == OUTBOX_OK);
	cJSON_AddStringToObject(to, "trouble", text);
	cJSON_AddNumberToObject(to, "database_bytes", (double)size_of(a, ""));
	cJSON_AddNumberToObject(to, "wal_bytes", (double)size_of(a, "-wal"));
}

void
storage_add(cJSON *to, const struct admin *a)
{
	cJSON *o = cJSON_AddObjectToObject(to, "storage");
	int64_t n = free_bytes(a);

	add_sizes(o, a);
	add_or_null(o, "free_bytes", n != UNKNOWN, (double)n);
	cJSON_AddNumberToObject(o, "min_free_bytes", (double)a->o.min_free_bytes);
	add_forecast(cJSON_AddObjectToObject(to, "disk"), a);
}

/* ---- the screen ------------------------------------------------------------------------------ */

static void
add_retention(cJSON *to, const struct config_retention *c)
{
	cJSON *o = cJSON_AddObjectToObject(to, "retention");
	const struct {
		const char *name;
		int64_t days;
	} rows[] = {
		{ "delivered_payload", c->delivered_payload },
		{ "delivered_rows", c->delivered_rows },
		{ "discarded_payload", c->discarded_payload },
		{ "discarded_rows", c->discarded_rows },
		{ "unsupported_payload", c->unsupported_payload },
		{ "unsupported_rows", c->unsupported_rows },
		{ "invalid_payload", c->invalid_payload },
		{ "invalid_rows", c->invalid_rows },
		{ "failed_payload", c->failed_payload },
		{ "failed_rows", c->failed_rows },
		{ "held_payload", c->held_payload },
		{ "held_rows", c->held_rows },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cJSON_AddNumberToObject(o, rows[i].name, (double)rows[i].days);
	json_add_slice(o, "archive", c->archive[0] != '\0' ? slice_from(c->archive) : SLICE_NONE);
}

/* A program that reads without an end keeps the write-ahead log from being cut. */
static void
add_reader(void *arg, int pid, const char *name)
{
	cJSON *o, *item;

	cJSON_ArrayForEach(item, (cJSON *)arg)
	{
		if (cJSON_GetObjectItemCaseSensitive(item, "pid")->valueint == pid)
			return;
	}
	o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, "pid", pid);
	cJSON_AddStringToObject(o, "name", name);
	cJSON_AddItemToArray(arg, o);
}

void
storage_get(const struct admin_request *r, struct admin_reply *reply)
{
	static const char *const known[] = { NULL };
	const struct config *c = admin_config(r->admin);
	struct params p;
	char host[HOST_SIZE];
	cJSON *o;

	if (reading_params(r, reply, known, &p) != 0)
		return;
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "database", r->admin->database);
	add_sizes(o, r->admin);
	cJSON_AddNumberToObject(o, "max_wal_bytes", (double)c->max_wal);
	outbox_find_readers(r->admin->o.outbox, add_reader, cJSON_AddArrayToObject(o, "readers"));
	add_forecast(o, r->admin);
	json_add_slice(
	    o, "host", gethostname(host, sizeof(host)) == 0 ? slice_from(host) : SLICE_NONE);
	add_retention(o, &c->retention);
	body_json_print(reply, o);
}
