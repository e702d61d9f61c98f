/*
 * What the dispatcher's thread tells the main thread about its sites: who paused by itself, and who
 * delivers again.
 */
#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "base/err.h"
#include "outbox/outbox.h"

struct alarm;
struct news;

int news_new(struct news **ret_news, struct err *e);
/* Nobody posts any more. NULL is fine. */
void news_free(struct news *n);
/* dispatcher_options.on_site; arg is the struct news. Dispatcher's thread. */
void news_post(void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
/* Raises an alarm for what has come since. Main thread. */
void news_read(struct news *n, struct alarm *alarm);

#endif
