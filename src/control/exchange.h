/*
 * How a message to the writer travels over the control socket as JSON: as a request, and its
 * results back in the answer. Both ends of the socket use these descriptions, and so does --json.
 */
#ifndef CONTROL_EXCHANGE_H
#define CONTROL_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

struct cJSON;

/* An int64_t of a message that the writer sets. */
struct result_field {
	const char *name; /* in JSON */
	size_t offset;    /* in the message */
	bool is_id;       /* 0 means none */
};

#define RESULT(type, name, member)                                                                 \
	{                                                                                          \
		name, offsetof(type, member), false                                                \
	}
#define RESULT_ID(type, name, member)                                                              \
	{                                                                                          \
		name, offsetof(type, member), true                                                 \
	}
#define RESULTS_END                                                                                \
	{                                                                                          \
		NULL, 0, false                                                                     \
	}

struct exchange {
	const char *request; /* the "do" of the request */
	enum outbox_msg_type type;
	const struct result_field *results; /* ended by RESULTS_END */
	/* Adds what the message asks for to the request. -1: out of memory. */
	int (*write)(const struct outbox_msg *msg, struct cJSON *request);
	/*
	 * After a commit: whether there is more to do, so that the same message must be sent again,
	 * and how much is done. NULL: one commit does it all.
	 */
	bool (*step)(const struct outbox_msg *msg, int64_t *ret_done);
	/* Results that are not int64_t; NULL: there are none. */
	void (*write_more)(const struct outbox_msg *msg, struct cJSON *answer);
	void (*read_more)(const struct cJSON *answer, struct outbox_msg *msg);
};

extern const struct exchange exchange_operate; /* requeue, hold, release, discard, expire */
extern const struct exchange exchange_undo;
extern const struct exchange exchange_site_control;
extern const struct exchange exchange_erase;
extern const struct exchange exchange_purge;
extern const struct exchange exchange_import; /* to send: behind each line stands a NUL */

/* Adds the fields to an object. without_ids: leaves out the ids that are 0. */
void results_write(const struct result_field *fields, const struct outbox_msg *msg,
    bool without_ids, struct cJSON *to);
/* A field that the object lacks becomes 0. */
void results_read(
    const struct result_field *fields, const struct cJSON *from, struct outbox_msg *msg);

/* Add to a request. 0, also when text is NULL; -1: out of memory. */
int exchange_add_text(struct cJSON *request, const char *name, const char *text);
int exchange_add_number(struct cJSON *request, const char *name, int64_t number);
int exchange_add_flag(struct cJSON *request, const char *name, bool value);

#endif
