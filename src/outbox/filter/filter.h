/*
 * A selection of events, in the form that all verbs share.
 *
 * The command line fills it, the control socket carries it as JSON, and the row of an operation
 * stores it. Only filter.c turns it into SQL: fixed text with bound parameters, never a person's
 * text. An event must meet all criteria. A struct outbox_filter belongs to one thread at a time.
 */
#ifndef OUTBOX_FILTER_FILTER_H
#define OUTBOX_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "event/kind.h"

#define FILTER_MAX_IDS 10000
#define FILTER_MAX_TEXT 1024   /* bytes of one text */
#define FILTER_MAX_JSON 262144 /* bytes of the whole filter as JSON */

enum filter_text {
	FILTER_MESSAGE_ID,
	FILTER_REASON,
	FILTER_NAME,  /* GLOB */
	FILTER_EMAIL, /* GLOB, without regard to case */
	FILTER_ERROR, /* GLOB, for the error of the last attempt */
	FILTER_SITE,
	FILTER_VIA, /* the box that forwarded the event */
	FILTER_TEXTS
};

struct outbox_filter {
	int64_t *ids; /* owned; no ids: any event matches */
	size_t n_ids;
	size_t cap_ids;
	char *text[FILTER_TEXTS]; /* owned; NULL: any value matches */
	unsigned statuses;        /* set of 1u << enum event_status; 0: any status */
	unsigned kinds;           /* set of 1u << enum event_kind; 0: any kind */
	int64_t since;            /* received at or after this time, wall ms; 0: any time */
	int64_t until;            /* received before this time, wall ms; 0: any time */
	int http_status;          /* of the last attempt; 0: any status */
	int64_t limit; /* select at most this many events; 0: no limit. Not a criterion */
	bool all;      /* the person chose all events */
};

void outbox_filter_init(struct outbox_filter *f);
void outbox_filter_free(struct outbox_filter *f);
/* True without any criterion and without `all`. Verbs that change something refuse such a
 * filter. */
bool outbox_filter_is_empty(const struct outbox_filter *f);

/* Adds an id; an id that occurs twice is kept once. ERR_INPUT below 1; ERR_LIMIT past
 * FILTER_MAX_IDS. */
int outbox_filter_add_id(struct outbox_filter *f, int64_t id, struct err *e);
/* Copies the text. ERR_INPUT: empty, too long, or set twice to different texts. */
int outbox_filter_set_text(
    struct outbox_filter *f, enum filter_text which, const char *text, struct err *e);

/*
 * Appends the criteria as one line of JSON, named as on the command line. When `to` is full it
 * records the failure.
 */
void outbox_filter_to_json(const struct outbox_filter *f, struct buf *to);
struct cJSON;
/*
 * Reads such an object into an initialized filter. ERR_INPUT for an unknown name or value: dropping
 * a criterion of another version would select more events.
 */
int outbox_filter_from_json(const struct cJSON *object, struct outbox_filter *f, struct err *e);

/* ---- for this room --------------------------------------------------------------------------- */

struct db_rows;

#define FILTER_SQL_MAX 4096 /* bytes that filter_sql appends, and bytes that its caller adds */

/*
 * Appends "FROM state d WHERE d.event_id >= :low AND ...". The order of the
 * rows is not defined; the caller applies `limit`. filter/walk.h reads fewer events.
 */
void filter_sql(const struct outbox_filter *f, struct buf *sql);
/* Binds the parameters of filter_sql. db_next reports a failure. */
void filter_bind(const struct outbox_filter *f, struct db_rows *rows, int64_t low, struct err *e);
/* Binds any number of ids as one JSON array. */
void filter_bind_ids(
    struct db_rows *rows, const char *name, const int64_t *ids, size_t n, struct err *e);

/* Return the name of bit i of `statuses` and of `kinds`; the name is static. */
const char *filter_status_name(unsigned i);
const char *filter_kind_name(unsigned i);

#endif
