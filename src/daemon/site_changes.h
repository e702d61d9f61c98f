/*
 * Carries the states of the sites from the dispatcher's thread to the main thread, which raises
 * alarms: a site paused automatically, has been backing off for long, or delivers again.
 */
#ifndef DAEMON_SITE_CHANGES_H
#define DAEMON_SITE_CHANGES_H

#include "base/err.h"
#include "outbox/outbox.h"

struct alarm;
struct site_changes;

int site_changes_new(struct site_changes **ret_changes, struct err *e);
/* Call it after the dispatcher's thread has ended. NULL is allowed. */
void site_changes_free(struct site_changes *c);
/* dispatcher_options.on_site; arg is the struct site_changes. Called on the dispatcher's thread. */
void site_changes_post(void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
/*
 * Raises the alarms of the changes since the last call, and of sites that have been backing off for
 * alarm_after_ms. Call it once a second. mono_ms: now. Main thread.
 */
void site_changes_raise(
    struct site_changes *c, struct alarm *alarm, int64_t mono_ms, int64_t alarm_after_ms);

#endif
