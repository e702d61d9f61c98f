/* The messages of nth_outbox that say more than one thing, or come rarely. */
#ifndef FAULTS_NTH_MESSAGES_RIG_H
#define FAULTS_NTH_MESSAGES_RIG_H

#include <stddef.h>

#include "outbox/outbox.h"

/* A message, and what the database holds when it was applied as a whole. */
struct nth_message {
	const char *name;
	int (*send)(void);
	const char *applied; /* SQL: 1 when the whole is there */
	const char *absent;  /* SQL: 1 when nothing of it is there; NULL: it has several steps */
};

extern const struct nth_message nth_messages[];
extern const size_t nth_n_messages;

/* Sends it and waits. An error must have a code and a text. */
int nth_send(struct outbox_msg *msg, enum outbox_msg_type type);

#endif
