/*
 * How a message to the writer travels over the control socket: as a JSON request, and its results
 * as a JSON answer. Both ends of the socket use these descriptions, and so does --json.
 */
#ifndef CONTROL_EXCHANGE_H
#define CONTROL_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

struct cJSON;

/* An int64_t member of the message, which the writer sets. */
struct result_field {
	const char *name; /* in JSON */
	size_t offset;    /* in the message */
	bool is_id;       /* an id: 0 means that there is none */
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
	/* Adds the contents of the message to the request. Returns -1 without memory. */
	int (*write)(const struct outbox_msg *msg, struct cJSON *request);
	/*
	 * Called after a commit: returns whether the message must be sent again because work is
	 * left, and how much is done. NULL: one commit does everything.
	 */
	bool (*step)(const struct outbox_msg *msg, int64_t *ret_done);
	/* Writes results that are not int64_t; NULL: there are none. */
	void (*write_more)(const struct outbox_msg *msg, struct cJSON *answer);
	void (*read_more)(const struct cJSON *answer, struct outbox_msg *msg);
};

extern const struct exchange exchange_operate; /* requeue, hold, release, discard, expire */
extern const struct exchange exchange_undo;
extern const struct exchange exchange_site_control;
extern const struct exchange exchange_erase;
extern const struct exchange exchange_purge;
extern const struct exchange exchange_import; /* to send it, a NUL must follow each line */

/* Adds the fields to an object. without_ids: leaves out ids that are 0. */
void results_write(const struct result_field *fields, const struct outbox_msg *msg,
    bool without_ids, struct cJSON *to);
/* Reads the fields; a field that the object lacks becomes 0. */
void results_read(
    const struct result_field *fields, const struct cJSON *from, struct outbox_msg *msg);

/* Add to a request. Return 0, also when text is NULL; -1 without memory. */
int exchange_add_text(struct cJSON *request, const char *name, const char *text);
int exchange_add_number(struct cJSON *request, const char *name, int64_t number);
int exchange_add_flag(struct cJSON *request, const char *name, bool value);

#endif
