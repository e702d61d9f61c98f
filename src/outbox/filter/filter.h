/*
 * A selection of events, the same for every verb that selects.
 *
 * The command line fills it, the control socket carries it as JSON, and an operation's row keeps
 * it. Only filter.c turns it into SQL: fixed text with bound parameters, never a person's text. All
 * criteria must hold at once. A struct outbox_filter belongs to one thread at a time.
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
#define FILTER_MAX_JSON 262144 /* bytes of the whole as JSON */

enum filter_text {
	FILTER_MESSAGE_ID,
	FILTER_REASON,
	FILTER_NAME,  /* GLOB */
	FILTER_EMAIL, /* GLOB, upper and lower case alike */
	FILTER_ERROR, /* GLOB, of the last attempt */
	FILTER_SITE,
	FILTER_TEXTS
};

struct outbox_filter {
	int64_t *ids; /* owned; none: any */
	size_t n_ids;
	size_t cap_ids;
	char *text[FILTER_TEXTS]; /* owned; NULL: any */
	unsigned statuses;        /* 1u << enum event_status; 0: any */
	unsigned kinds;           /* 1u << enum event_kind; 0: any */
	int64_t since;            /* received at or after, wall ms; 0: any */
	int64_t until;            /* received before, wall ms; 0: any */
	int http_status;          /* of the last attempt; 0: any */
	int64_t limit;            /* at most so many events; 0: no limit. Not a criterion */
	bool all;                 /* a person said that all events are meant */
};

void outbox_filter_init(struct outbox_filter *f);
void outbox_filter_free(struct outbox_filter *f);
/* No criterion, and not `all`. Verbs that change something refuse such a filter. */
bool outbox_filter_is_empty(const struct outbox_filter *f);

/* An id that is given twice is kept once. ERR_INPUT below 1; ERR_LIMIT past FILTER_MAX_IDS. */
int outbox_filter_add_id(struct outbox_filter *f, int64_t id, struct err *e);
/* Copies the text. ERR_INPUT: empty, too long, or given twice with different texts. */
int outbox_filter_set_text(
    struct outbox_filter *f, enum filter_text which, const char *text, struct err *e);

/* Appends one line of JSON with what is set, named as on the command line. A full `to` latches. */
void outbox_filter_to_json(const struct outbox_filter *f, struct buf *to);
struct cJSON;
/*
 * Reads such an object into an initialized filter. ERR_INPUT: a name or value is not known; a
 * criterion that another version knows must not be dropped, because more would be selected.
 */
int outbox_filter_from_json(const struct cJSON *object, struct outbox_filter *f, struct err *e);

/* ---- for this room --------------------------------------------------------------------------- */

struct db_rows;

#define FILTER_SQL_MAX 4096 /* bytes of what filter_sql appends, and of what its caller adds */

/* Tables that the caller's own columns need, beside `delivery d`. */
#define FILTER_WANT_EVENT 1u   /* event e */
#define FILTER_WANT_SITE 2u    /* site s, may be NULL */
#define FILTER_WANT_ATTEMPT 4u /* attempt a: the last one, may be NULL */
/* The caller takes all rows in any order: pending events are found by their small index. */
#define FILTER_ANY_ORDER 8u
/* The caller's own condition is the time of settling: rows come by the index delivery_settled. */
#define FILTER_BY_SETTLED 16u

/*
 * Appends "FROM delivery d ... WHERE d.event_id > :after AND ...": the tables that the criteria or
 * the caller want. Rows come in any order; the caller applies `limit`.
 */
void filter_sql(const struct outbox_filter *f, unsigned want, struct buf *sql);
/* Binds the parameters of filter_sql. A failure comes with the next of the rows. */
void filter_bind(const struct outbox_filter *f, struct db_rows *rows, int64_t after, struct err *e);

/* The name of a bit of `statuses` and of `kinds`. Static. */
const char *filter_status_name(unsigned i);
const char *filter_kind_name(unsigned i);

#endif
