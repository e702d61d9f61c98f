/*
 * What needs attention: one sentence for each fault, with the remedy. status --check and the
 * dashboard find the same. Pure, but for the archive's directory, which is looked at.
 */
#ifndef REPORT_NEEDS_H
#define REPORT_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "outbox/read/audit_walk.h"
#include "report/requests.h"
#include "tls/context.h"

#define NEEDS_MAX 64 /* further ones are left out */
#define NEED_TEXT 320
#define NEED_COMMAND 256
/* Failed and held events are counted up to this number. */
#define NEEDS_TROUBLED_MAX 100000

/* Screens of the dashboard that show more. */
#define SCREEN_ERRORS "#/errors"
#define SCREEN_EVENTS_HELD "#/events?status=held"
#define SCREEN_STORAGE "#/storage"

struct need {
	char text[NEED_TEXT];
	char command[NEED_COMMAND]; /* the remedy, or a verb that shows more; "" for none */
	const char *screen;         /* NULL: the screen that shows all needs */
	bool quotes;                /* the text may quote a person, or Bento */
};

struct needs {
	struct need need[NEEDS_MAX];
	size_t n;
};

/* Limits; up to and including each, nothing needs attention. */
struct needs_limits {
	int64_t now;             /* wall ms */
	int64_t max_age;         /* ms that an event may wait */
	int64_t max_backoff;     /* ms that a site may back off */
	int64_t failed_since;    /* wall ms: failed and held events count from then on */
	int64_t max_failed;      /* how many of these are allowed; less than NEEDS_TROUBLED_MAX */
	int max_refused;         /* percent of the last hour's requests */
	int64_t min_certificate; /* ms that a certificate must last, as in tls_dates_describe */
};

/* The default limits: those of the settings, and of the last day. */
struct needs_limits needs_limits_of(const struct config *c, int64_t now);

/* Returns the new need, without its command and screen; NULL when there is no room. */
struct need *needs_add(struct needs *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The daemon cannot commit; text: why. */
void needs_of_health(struct needs *n, const char *text);
/* Only causes that affect every user, because the daemon's user may have more rights than another.
 */
void needs_of_archive(struct needs *n, const struct config *c);
void needs_of_requests(
    struct needs *n, const struct requests_report *r, const struct needs_limits *limits);
void needs_of_troubled(
    struct needs *n, const struct audit_troubled *t, const struct needs_limits *limits);
/* unset_events: events that came while the clock was not set. */
void needs_of_clock(struct needs *n, int64_t unset_events, const struct needs_limits *limits);
/* fault: why newer files are not in use; "" when they are. */
void needs_of_certificate(struct needs *n, const char *listener, const struct tls_certificate *c,
    const char *fault, const struct needs_limits *limits);
void needs_of_site(
    struct needs *n, const struct audit_site *site, const struct needs_limits *limits);

struct audit_box;

/* The boxes that the database knows. Borrowed. */
struct boxes_seen {
	const struct config *config;
	const struct audit_site *sites;
	size_t n_sites;
	const struct audit_box *boxes;
	size_t n;
};

/* Of the boxes that the configuration lists; a box that was never seen may not be in use yet. */
void needs_of_boxes(
    struct needs *n, const struct boxes_seen *seen, const struct needs_limits *limits);

#endif
