/* The daemon that runs on this database, by its control socket and its lock. Main thread. */
#ifndef CLIENT_PEER_H
#define CLIENT_PEER_H

#include <stdint.h>

#include "config/config.h"

enum peer_state {
	PEER_UP,     /* answers */
	PEER_DOWN,   /* no process has the database open for writing */
	PEER_SILENT, /* a process has it open, but does not answer, or this user may not ask it: see
			`why` */
};

struct peer {
	enum peer_state state;
	char why[256];
	long pid;           /* 0: unknown */
	char version[32];   /* the following fields: PEER_UP only */
	int64_t started_at; /* wall ms */
	char health[16];    /* "ok", "full", "failed" */
	char health_text[512];
};

void peer_look(const struct config *c, struct peer *ret_peer);

#endif
