/*
 * The admin listener: what operators and their programs read over HTTP. It has a server (http/) and
 * a thread of its own, with a read-only connection to the database, so that no reader ever delays
 * an application: a disk that hangs makes only the admin listener wait.
 *
 * routes.h has the paths and who may use them (permission.h). Where other machines can connect,
 * clients must prove themselves, over TLS.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/meter/word_counts.h"
#include "outbox/outbox.h"

#define ADMIN_MAX_CONNECTIONS 256 /* half of what the kernel lets wait: see http/server.h */

struct admin;
struct config;
struct inherited;
struct tls_context;
struct tls_meter;

/* The strings are copied; what is pointed to otherwise must outlive the admin. */
struct admin_options {
	const char *const *listen; /* "127.0.0.1:7390", "[::1]:0", "tls:[::1]:0", "unix:/path" */
	size_t n_listen;
	struct inherited *inherited; /* sockets that systemd holds; NULL: none. admin_new only */
	struct config *config;       /* held */
	const char *database;
	const char *control; /* the path of the daemon's control socket */
	uint64_t min_free_bytes;
	const struct clock *clock;
	struct outbox *outbox;
	/* requests to ingest by outcome: "accepted", or why they were refused */
	const struct word_counts *requests;
	struct tls_context *tls;                     /* held; NULL without "tls:" addresses */
	const char *read_token, *act_token;          /* "": none */
	const struct tls_meter *const *certificates; /* to measure; each may be NULL; copied */
	size_t n_certificates;
};

/*
 * Binds and listens; the error names the address and what to do. ERR_INPUT: other machines could
 * reach an address. Main thread, as all functions below.
 */
int admin_new(const struct admin_options *o, struct admin **ret_admin, struct err *e);
/* Returns "http://127.0.0.1:7390" with the real port, or "unix:/path", for listener i; NULL past
 * the last one. */
const char *admin_address(const struct admin *a, size_t i);
/* Starts the thread. */
int admin_start(struct admin *a, struct err *e);
/* Replaces what TLS addresses show to their next connections, and holds it. NULL is allowed for a.
 */
void admin_use_tls(struct admin *a, struct tls_context *tls);
/*
 * For a reload: prepare keeps other tokens, which are used after commit, or forgotten after cancel.
 * These two cannot fail. If a token is another than before, all sessions end. NULL is allowed for
 * a.
 */
int admin_prepare_tokens(
    struct admin *a, const char *read_token, const char *act_token, struct err *e);
void admin_commit_tokens(struct admin *a);
void admin_cancel_tokens(struct admin *a);
/* Replaces the configuration, and holds it. NULL is allowed for a. */
void admin_use_config(struct admin *a, struct config *config);
/* Remembers whether the last reload of the configuration was done. NULL is allowed. */
void admin_note_reload(struct admin *a, bool done);
/* From now on /readyz says that the daemon stops. NULL is allowed. */
void admin_note_stopping(struct admin *a);
/* Ends all connections and the thread. NULL is allowed. */
void admin_free(struct admin *a);

#endif
