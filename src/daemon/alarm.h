/*
 * Runs the setting alarm_command when a person is needed, with the alarm in its environment:
 *
 *	BENTOSPOOL_EVENT   its name: event_names in alarm.c, listed in bentospool.conf(5)
 *	BENTOSPOOL_SITE    the site's name; empty when it does not concern a site
 *	BENTOSPOOL_TEXT    a sentence for a person
 *
 * The command runs without a shell, one at a time and for at most ALARM_SECONDS. Of the daemon's
 * environment it gets only PATH, HOME, LANG and TZ, and therefore no secrets. Its output goes to
 * the log. While it runs, up to ALARM_WAITING alarms wait; a newer alarm of the same site and
 *subject (its state, its events, storage, space, requests) replaces an older one.
 *
 * Main thread.
 */
#ifndef DAEMON_ALARM_H
#define DAEMON_ALARM_H

#include "base/err.h"
#include "config/config.h"

#define ALARM_SECONDS 60
#define ALARM_WAITING 32
#define ALARM_TEXT_SIZE 512

enum alarm_event {
	ALARM_SITE_PAUSED,
	ALARM_SITE_BACKING_OFF, /* for longer than alarm_after */
	ALARM_SITE_RESUMED,
	ALARM_EVENTS_FAILED, /* events of a site failed or are held; no message ends it */
	ALARM_STORAGE_FAILED,
	ALARM_STORAGE_OK,
	ALARM_SPACE_LOW,
	ALARM_SPACE_OK,
	ALARM_REQUESTS_REFUSED,
	ALARM_REQUESTS_OK,
	ALARM_CERTIFICATE_TROUBLE, /* it ends soon, or the new one cannot be used */
	ALARM_CERTIFICATE_OK,
	ALARM_BOX_SILENT, /* for longer than the site's box_silent_after */
	ALARM_BOX_BACK
};

struct alarm;
struct event_base;

/* command may be empty: nothing is run then. It is borrowed until alarm_set or alarm_free. */
int alarm_new(struct event_base *base, const struct config_list *command, struct alarm **ret_alarm,
    struct err *e);
/* Replaces the command. A running command continues. */
void alarm_set(struct alarm *a, const struct config_list *command);
/* A running command continues. NULL is allowed. */
void alarm_free(struct alarm *a);
/* site is "" when the alarm does not concern one. Both texts are copied, and cut when they are
 * long. */
void alarm_raise(struct alarm *a, enum alarm_event event, const char *site, const char *text);

#endif
