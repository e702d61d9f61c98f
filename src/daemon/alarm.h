/*
 * The operator's command that is run when something wants a person: alarm_command of the
 * configuration, with what happened in its environment:
 *
 *	BENTOSPOOL_EVENT   site_paused, site_resumed, storage_failed, storage_ok
 *	BENTOSPOOL_SITE    the site's name; empty for storage
 *	BENTOSPOOL_TEXT    a sentence for a person
 *
 * The command runs without a shell, one at a time and for at most ALARM_SECONDS, with nothing else
 * of our environment than PATH, HOME, LANG and TZ: no secrets. What it prints goes to the log.
 * While it runs up to ALARM_WAITING others wait; a newer one about the same site replaces it.
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

enum alarm_event { ALARM_SITE_PAUSED, ALARM_SITE_RESUMED, ALARM_STORAGE_FAILED, ALARM_STORAGE_OK };

struct alarm;
struct event_base;

/* command may be empty: then nothing is ever run. It is borrowed until alarm_set or alarm_free. */
int alarm_new(struct event_base *base, const struct config_list *command, struct alarm **ret_alarm,
    struct err *e);
/* From now on this command; one that runs ends by itself. */
void alarm_set(struct alarm *a, const struct config_list *command);
/* A command that runs goes on without us. NULL is fine. */
void alarm_free(struct alarm *a);
/* site: "" for none. Both are copied, and cut when they are long. */
void alarm_raise(struct alarm *a, enum alarm_event event, const char *site, const char *text);

#endif
