/*
 * The certificate of a listener, and its renewals: looks once a second whether one of the files has
 * changed, reads them again once they have stayed the same for a second, and hands the result to
 * the listener. Files that do not belong together, or cannot be used, change nothing: the listener
 * keeps what it has, and a fault says why. Main thread.
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
	const char *listener; /* "ingest"; static */
	const struct clock *clock;
	void (*use)(void *arg, struct tls_context *context); /* called for each later certificate */
	void *use_arg;
};

/* Reads the files for the first time, without calling `use`. */
int certificates_new(const struct certificates_options *o, const struct config_tls *tls,
    struct certificates **ret_certificates, struct err *e);
/* NULL is allowed. */
void certificates_free(struct certificates *c);
/* Borrowed: what the listener uses at present. NULL gives NULL. */
struct tls_context *certificates_context(const struct certificates *c);
/* tls: the files of the configuration in force. NULL is allowed for c. */
void certificates_tick(struct certificates *c, const struct config_tls *tls);
/*
 * For a reload: prepare reads the files of another configuration, whose result is used after
 * commit, or forgotten after cancel. These two cannot fail. NULL is allowed for all.
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

#endif
