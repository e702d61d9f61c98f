/* Shared by audit.c (sites) and audit_event.c (events). */
#ifndef OUTBOX_AUDIT_PRIV_H
#define OUTBOX_AUDIT_PRIV_H

#include "outbox/db.h"

struct outbox_audit {
	struct db db;
};

#endif
