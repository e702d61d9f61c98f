/*
 * A life of torture: a process of its own that stores events as the daemon does, until it is killed
 * or a limit stops it. It reports each batch that the outbox has acknowledged.
 */
#ifndef CLI_RUN_TORTURE_LIFE_H
#define CLI_RUN_TORTURE_LIFE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* What stops a life, unless it is killed. */
enum torture_limit {
	TORTURE_NO_LIMIT,
	TORTURE_FILE_SIZE,  /* the files may not grow, as on a full disk */
	TORTURE_DESCRIPTORS /* opening fails until it has enough descriptors */
};

enum torture_event {
	TORTURE_STORED,  /* events were acknowledged */
	TORTURE_REFUSED, /* the outbox refused, because of the limit */
	TORTURE_FAILED   /* the outbox cannot be opened or written, although there is no limit */
};

/* The events of a batch have consecutive ids and consecutive numbers. */
struct torture_batch {
	int64_t first_event_id;
	uint32_t life;
	uint32_t first_number;
	uint32_t n;
};

/* Written to the pipe as a whole. */
struct torture_report {
	enum torture_event event;
	struct torture_batch batch;
	char text[256]; /* why it failed */
};

struct torture_life {
	const char *path; /* of the database */
	uint32_t number;  /* different for each life: the messageIds have it */
	uint64_t chance;  /* seed */
	enum torture_limit limit;
};

/* The messageId of an event: "torture-LIFE-NUMBER". */
#define TORTURE_MESSAGE_ID "torture-%u-%u"

/* Starts a life. ret_reports: a pipe with struct torture_report. It ends when the caller ends. */
int torture_life_start(
    const struct torture_life *life, pid_t *ret_pid, int *ret_reports, struct err *e);

#endif
