/* The daemon that runs on this database, by its control socket and its lock. Main thread. */
#ifndef CLIENT_PEER_H
#define CLIENT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "tls/context.h"

enum peer_state {
	PEER_UP,     /* answers */
	PEER_DOWN,   /* no process has the database open for writing */
	PEER_SILENT, /* a process has it open, but does not answer, or this user may not ask it: see
			`why` */
};

/* The certificate of a TLS listener, or of a site as a client, as the daemon describes it. */
struct peer_certificate {
	char listener[80];          /* "ingest", "site main" */
	struct tls_certificate use; /* in use */
	char fault[256];            /* why the files are not in use; "" when they are */
};

#define PEER_MAX_CERTIFICATES 64 /* further ones are not shown */

struct peer {
	enum peer_state state;
	bool is_denied; /* PEER_SILENT, because this user may not ask it */
	char why[320];
	long pid;           /* 0: unknown */
	char version[32];   /* the following fields: PEER_UP only */
	int64_t started_at; /* wall ms */
	char health[16];    /* "ok", "full", "failed" */
	char health_text[512];
	struct peer_certificate certificates[PEER_MAX_CERTIFICATES];
	size_t n_certificates;
};

struct cJSON;

/* Reads the certificates in the answer to a ping. */
void peer_read_certificates(const struct cJSON *answer, struct peer *p);

void peer_look(const struct config *c, struct peer *ret_peer);

#endif
