/*
 * The certificate of a listener, or the one that a site shows as a client, and its renewals: looks
 * once a second whether one of the files has changed, reads them again once they have stayed the
 * same for a second, and hands the result to the listener or site. Files that do not belong
 * together, or cannot be used, change nothing: what was in use stays, and a fault says why. A site
 * may have no files. Main thread.
 */
#ifndef DAEMON_CERTIFICATES_H
#define DAEMON_CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "tls/context.h"

/* Files that could not be used are read again after this time, even if they look the same. */
#define CERTIFICATES_RETRY_MS INT64_C(60000)

struct cJSON;
struct certificates;
struct tls_meter;

struct certificates_options {
	const char *listener; /* "ingest"; "site NAME" with is_client; copied */
	bool is_client;
	const struct clock *clock;
	/* Called for each later certificate; listener: that of these options. */
	void (*use)(void *arg, const char *listener, struct tls_context *context);
	void *use_arg;
};

/* Reads the files for the first time, without calling `use`. */
int certificates_new(const struct certificates_options *o, const struct config_tls *tls,
    struct certificates **ret_certificates, struct err *e);
/* NULL is allowed. */
void certificates_free(struct certificates *c);
/* Borrowed: what is in use at present. NULL gives NULL. */
struct tls_context *certificates_context(const struct certificates *c);
/* Borrowed: what will be in use after certificates_commit. */
struct tls_context *certificates_prepared(const struct certificates *c);
const char *certificates_listener(const struct certificates *c);
/* tls: the files of the configuration in force. NULL is allowed for c. */
void certificates_tick(struct certificates *c, const struct config_tls *tls);
/*
 * For a reload: prepare reads the files of another configuration, whose result is used after
 * commit, or forgotten after cancel. These two cannot fail. commit calls `use` for a listener only:
 * a site gets what is prepared with its other settings. NULL is allowed for all.
 */
int certificates_prepare(struct certificates *c, const struct config_tls *tls, struct err *e);
void certificates_commit(struct certificates *c);
void certificates_cancel(struct certificates *c);
/* Whether the certificate in use has ended or ends within soon_ms, as in tls/dates.h. Prints so. */
bool certificates_end(
    const struct certificates *c, int64_t now, int64_t soon_ms, char *ret_text, size_t size);
/* Returns why the present files are not in use, which was logged; "" when they are. */
const char *certificates_fault(const struct certificates *c);
/* For metrics; valid as long as c. NULL gives NULL. */
const struct tls_meter *certificates_meter(const struct certificates *c);
/* Appends an object that describes the certificate in use. NULL appends nothing. */
void certificates_describe(const struct certificates *c, struct cJSON *list);

/*
 * The certificates of all listeners, and those that sites show as clients. The sites of a reloaded
 * configuration are found by their names, because their order may change.
 */
struct certificate_set {
	/* First the listeners, in the order of tls_files_section: NULL for one without TLS
	 * addresses. Then the sites. */
	struct certificates **item;
	size_t n;
};

/* used: the `use` of the options of each. */
int certificate_set_open(struct certificate_set *s, const struct config *c,
    void (*used)(void *arg, const char *listener, struct tls_context *context), void *arg,
    struct err *e);
/* A zeroed set is allowed. */
void certificate_set_close(struct certificate_set *s);
/* What a site of the configuration in force shows, or prepared shows after the commit; NULL:
 * nothing. Borrowed. */
struct tls_context *certificate_set_of_site(const struct certificate_set *s, const char *site);
struct tls_context *certificate_set_prepared(const struct certificate_set *s, const char *site);
/* Returns the site whose certificate that is; NULL: it is a listener's. */
const char *certificate_set_site(const char *listener);
/* See certificates_tick and certificates_prepare. */
void certificate_set_tick(struct certificate_set *s, const struct config *c);
int certificate_set_prepare(struct certificate_set *s, const struct config *c, struct err *e);
void certificate_set_commit(struct certificate_set *s);
void certificate_set_cancel(struct certificate_set *s);

#endif
